"""docs/authors.md and the README say what the program does."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from app.ask.questions.registry import all_questions
from app.cards.check.check import check_content
from app.cards.check.report import as_text, excerpts
from app.cli import app
from app.settings import ROOT

GUIDE = (ROOT / "docs" / "authors.md").read_text()
# Code blocks are indented by four spaces; an empty line in one is followed by another line of it.
BLOCKS = [block.group().rstrip() for block in re.finditer(r"(?:^ {4}.*\n(?:\n(?= {4}))*)+", GUIDE, re.MULTILINE)]
BLOCKS = [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in BLOCKS]
# A long line of a program's output ends in a backslash, and goes on in the next.
BLOCKS = [re.sub(r" \\\n +", " ", block) for block in BLOCKS]
COMMANDS = {
    f"{name} {part}".strip()
    for name, command in get_command(app).commands.items()  # type: ignore[attr-defined]
    for part in getattr(command, "commands", {"": None})
}


def test_the_walk_through_says_what_the_program_prints(tmp_path: Path) -> None:
    at = next(index for index, block in enumerate(BLOCKS) if "title: Forgetting" in block)
    text, first, second = BLOCKS[at : at + 3]
    shutil.copytree(ROOT / "content", tmp_path / "content")
    file = tmp_path / "content" / "rnn" / "forgetting.md"

    def printed() -> list[str]:
        mistakes = check_content(tmp_path / "content").mistakes
        return as_text(mistakes, lambda path: f"content/{path}", excerpts(tmp_path / "content"))

    file.write_text(text + "\n")
    assert printed() == first.splitlines()
    for wrong, right in (
        ("{30", "{30}"),
        ("-wy", "-why"),
        ("gian", "gain"),
        ("mediun", "medium"),
        ("Sources", "Source"),
    ):
        text = text.replace(wrong, right)
    file.write_text(text + "\n")
    assert printed() == second.splitlines()
    file.write_text(text.replace("0.22", "0.21") + "\n")
    assert printed() == []


_COMMAND = r"([a-z]+(?: (?:topic|card|add|list|role|reset|disable|enable)\b)?)"


@pytest.mark.parametrize("name", ["README.md", "docs/authors.md"])
def test_every_recur_command_that_is_written_exists(name: str) -> None:
    said = set(re.findall(rf"(?:`|^ {{4}}|run: )recur {_COMMAND}", (ROOT / name).read_text(), re.MULTILINE))
    assert said - {"new"} <= COMMANDS


def test_the_readme_lists_every_command() -> None:
    listed = set(re.findall(rf"`recur {_COMMAND}", (ROOT / "README.md").read_text()))
    assert listed >= COMMANDS


def test_the_hooks_run_commands_that_exist() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["entry"].removeprefix("recur ") for hook in hooks} <= COMMANDS
    assert {hook["id"] for hook in hooks} >= set(re.findall(r"- id: (\S+)", GUIDE))


def test_every_metadata_line_is_in_the_guide() -> None:
    from app.cards.file.metadata import LEVELS, OF_A_CARD

    for name in OF_A_CARD:
        assert f"| `{name}:" in GUIDE
    for level in LEVELS:
        assert level in GUIDE


def test_every_question_is_in_the_guide_with_what_it_can_fix() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$", GUIDE, re.MULTILINE)
    assert rows == [
        (name, question.title, ", ".join(f"`{one}`" for one in question.choices) or "–")
        for name, question in sorted(all_questions().items())
    ]
