"""The commands of those who write cards: check, format, new, sources."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated

import typer

from app.cards.check.check import Checked, check_content, coverage_table
from app.cards.check.check_cache import CheckCache, found_once, place_for
from app.cards.check.format import format_content
from app.cards.check.judge import Holder, Others
from app.cards.check.report import Format, as_github, as_json, excerpts
from app.cards.check.skeleton import NewError, Written, new_card, new_topic
from app.cards.file.mistake import Mistake
from app.commands.console import counted, say_mistakes, settings, shown_in

app = typer.Typer()
new = typer.Typer(help="Write the skeleton of a topic or a card, as a draft.", no_args_is_help=True)
app.add_typer(new, name="new")
ContentFolder = Annotated[
    Path | None, typer.Argument(help="The content folder (default: RECUR_CONTENT_DIR).", show_default=False)
]
DeckName = Annotated[str | None, typer.Option(help="The deck, if there are several.", show_default=False)]


@app.command()
def check(
    content: ContentFolder = None,
    form: Annotated[Format, typer.Option("--format", help="Format: for people, programs, or GitHub workflows.")] = (
        Format.text
    ),
    remember: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Remember the result for a file until the file changes.")
    ] = True,
) -> None:
    """Name every mistake in the content and the demos' words by file and line, and source items that no card covers."""
    folder = content or settings().content_dir
    place = place_for(folder) if remember else None
    checked = check_content(folder, cache=CheckCache(place, _AskedLast(folder)))
    checked.mistakes += found_once(place and place.parent, _demo_words_mistakes)
    printed = sorted([*checked.mistakes, *checked.warnings])
    if form is Format.json:
        typer.echo(as_json(printed, shown_in(folder), excerpts(folder)))
    elif form is Format.github:
        for line in as_github(printed, shown_in(folder)):
            typer.echo(line)
    else:
        say_mistakes(folder, printed)
        _say_coverage(checked)
    raise typer.Exit(1 if checked.mistakes else 0)


def _demo_words_mistakes() -> list[Mistake]:
    from app.cards.check.demo_words import demo_words_mistakes  # slow to import

    return demo_words_mistakes()


class _AskedLast(Others):
    """Asks the database of this content folder, if there is one, and only if it must be asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holders(self, deck: str, names: Collection[str]) -> Mapping[str, Holder]:
        """The live card that has each of these names."""
        from app.cards.load.holders import StoredHolders
        from app.database import Database

        chosen = settings()
        if chosen.content_dir.resolve() != self._folder.resolve():
            return {}
        database = Database(chosen.database_url)
        if database.file is not None and not database.file.exists():
            return {}
        return StoredHolders(database.read).holders(deck, names)


def _say_coverage(checked: Checked) -> None:
    if checked.sources and (items := checked.sources.items):
        typer.echo(f"{len(items) - len(checked.uncovered)} of {len(items)} items covered.")
        for item in checked.uncovered:
            typer.echo(f"  not covered: {item} ({items[item]})")
    drafts = f", {counted(checked.drafts, 'draft')}" if checked.drafts else ""
    warnings = f", {counted(len(checked.warnings), 'warning')}" if checked.warnings else ""
    typer.echo(f"{counted(checked.cards, 'card')}{drafts}, {counted(len(checked.mistakes), 'mistake')}{warnings}.")


@app.command(name="format")
def format_(content: ContentFolder = None) -> None:
    """Write the missing {#id}s into the content files. Files with mistakes are left alone, and named."""
    folder = content or settings().content_dir
    done = format_content(folder)
    say_mistakes(folder, done.mistakes)
    for path, line, name in done.written:
        typer.echo(f"{shown_in(folder)(path)}:{line}: {{#{name}}}")
    typer.echo(f"{counted(len(done.written), 'id')} written.")
    raise typer.Exit(1 if done.mistakes else 0)


@app.command()
def sources(content: ContentFolder = None) -> None:
    """Print every item of the source documents with the cards and topics that cover it."""
    folder = content or settings().content_dir
    checked = check_content(folder, cache=CheckCache(place_for(folder)))
    if checked.sources is None:
        say_mistakes(folder, checked.mistakes)
        raise typer.Exit(1)
    for line in coverage_table(checked):
        typer.echo(line)
    items = checked.sources.items
    typer.echo(f"{len(items) - len(checked.uncovered)} of {len(items)} items covered.")


@new.command(name="topic")
def new_topic_(
    title: Annotated[str, typer.Argument(help="The topic's title; the file name is derived from it.")],
    deck: DeckName = None,
) -> None:
    """Write a new topic's file with one draft card."""
    folder = settings().content_dir
    _write(folder, lambda: new_topic(folder, title, deck))


@new.command(name="card")
def new_card_(
    question: Annotated[str, typer.Argument(help="The question, as an interviewer asks it.")],
    topic: Annotated[str, typer.Option(help="The name of the topic's file.", show_default=False)],
    deck: DeckName = None,
) -> None:
    """Write a new draft card at the end of a topic's file."""
    folder = settings().content_dir
    _write(folder, lambda: new_card(folder, question, topic, deck))


def _write(folder: Path, write: Callable[[], Written]) -> None:
    try:
        written = write()
    except NewError as error:
        say_mistakes(folder, error.mistakes)
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{shown_in(folder)(written.path)}:{written.line}: {{#{written.name}}}")
    typer.echo("This is a draft, shown on /content. Remove the line Draft: yes to publish it.")
