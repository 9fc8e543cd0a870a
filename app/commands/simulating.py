"""The command that measures the plan on synthetic learners: simulate."""

from typing import Annotated

import typer

from app.commands.console import refuse

app = typer.Typer()
BOUNDS = {"--cards": (1, 2_000), "--days": (1, 120), "--minutes": (1, 600)}


@app.command()
def simulate(
    cards: Annotated[str, typer.Option(help="Numbers of cards, separated by commas.")] = "79,400",
    days: Annotated[str, typer.Option(help="Numbers of days until the date.")] = "3,7,14,30",
    minutes: Annotated[str, typer.Option(help="Numbers of minutes a day.")] = "10,20,40",
    learners: Annotated[int, typer.Option(min=2, max=1_000, help="How many learners study each.")] = 100,
    halfway: Annotated[
        int, typer.Option(min=0, max=1_000, help="For how many of them the forecast is made halfway too.")
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same learners and answers.")] = 1,
) -> None:
    """Let synthetic learners study with and without a plan, and print what each brings and how often the forecast held.

    It needs no database. docs/plan.md says what is simulated, and has the table.
    """
    from app.study.plan.simulate import HEADING, cases, measure, summary

    wanted = cases(_numbers("--cards", cards), _numbers("--days", days), _numbers("--minutes", minutes))
    for line in HEADING:
        typer.echo(line)
    measured = []
    for case in wanted:
        measured.append(measure(case, learners, halfway, seed))
        typer.echo(measured[-1].row)
    for line in summary(measured):
        typer.echo(line)


def _numbers(option: str, text: str) -> list[int]:
    least, most = BOUNDS[option]
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdecimal() and least <= int(part) <= most):
            refuse(
                f"{option} {text!r}: {part!r} is not a whole number from {least} to {most:,}. Example: {option} 10,20"
            )
    return list(dict.fromkeys(int(part) for part in parts))
