"""Every line that git leaves in an unmerged file is named, in each style, made by git itself."""

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from app.cards.check.check import check_content
from app.cards.file.conflicts import conflicts
from app.cards.load.load import load
from app.database import Database
from app.models import Card, Deck

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
Write = Callable[[str, str | bytes], Path]


def merged(folder: Path, style: str, base: str, mine: str, theirs: str) -> str:
    """What git makes of two versions."""
    for name, text in (("base", base), ("mine", mine), ("theirs", theirs)):
        (folder / name).write_bytes(text.encode())
    command = ["git", "merge-file", "-p", *([f"--{style}"] if style != "merge" else []), "mine", "base", "theirs"]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, check=False)
    return done.stdout.decode()


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("base", "mine", "theirs"),
    [
        ("B.", "Mine.", "Theirs."),
        ("B.", "", "Theirs."),
        ("B.", "Mine.", ""),
        ("```\nx = 1\n```", "```\nx = 2\n```", "```\nx = 3\n```"),
        ("B.\n\n## R {#r}\nA.", "B.\n\n## Mine {#r}\nA.", "B.\n\n## Theirs {#r}\nA."),
        ("B.\n\n- a\n- b", "B.\n\n- a\n- c", "B.\n\n- a\n- $x$"),
    ],
)
def test_each_mark_is_named_and_the_last_good_version_stays(
    content: Path, write: Write, topic: Callable[..., str], database: Database, tmp_path: Path,
    style: str, newline: str, base: str, mine: str, theirs: str,
) -> None:  # fmt: skip
    texts = [topic(f"## Q {{#q}}\nThe same.\n\n{one}").replace("\n", newline) for one in (base, mine, theirs)]
    write("d/a.md", topic("## Q {#q}\nGood."))
    assert not load(database, content, NOW).mistakes
    unmerged = merged(tmp_path, style, *texts)
    write("d/a.md", unmerged)
    lines = unmerged.replace("\r\n", "\n").split("\n")
    marks = [n for n, line in enumerate(lines, 1) if line[:7] in ("<<<<<<<", "|||||||", "=======", ">>>>>>>")]
    assert len(marks) >= 3
    assert [mistake.line for mistake in check_content(content).mistakes] == marks
    assert [mistake.line for mistake in load(database, content, NOW).mistakes] == marks
    with database.read() as session:
        assert session.exec(select(Card.short_html)).all() == ["<p>Good.</p>"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\n=======\nb", []),
        ("a\n=======\nb\n>>>>>>> theirs", [2, 4]),
        ("<<<<<<< mine\na", [1]),
        ("<<<<<<< mine\na\n||||||| 1234567\nb\n=======\nc\n>>>>>>> theirs\n=======\nd", [1, 3, 5, 7]),
        ("<<<<<<<<< mine\na\n<<<<<<< x\n=======\n>>>>>>> y\n=========\nb\n>>>>>>>>> theirs", [1, 3, 4, 5, 6, 8]),
        (" <<<<<<< meant\n <<<<<<<\n<<<<<<\n>>> x\n| a | b |\n<<<<<<<x", []),
    ],
)
def test_what_is_a_mark(text: str, lines: list[int]) -> None:
    assert [line for line, _message in conflicts(text.split("\n"))] == lines


def test_files_of_yaml_are_not_merged_either(
    content: Path, write: Write, topic: Callable[..., str], database: Database
) -> None:
    write("d/a.md", topic("## Q {#q}\nA."))
    write("d/deck.yaml", "title: Good\n")
    assert not load(database, content, NOW).mistakes
    write("d/deck.yaml", "<<<<<<< HEAD\ntitle: One\n=======\ntitle: Two\n>>>>>>> two\n")
    (mistake,) = load(database, content, NOW).mistakes
    assert (mistake.path, mistake.line) == ("d/deck.yaml", 1)
    assert "git could not merge" in mistake.message
    with database.read() as session:
        assert session.exec(select(Deck.title)).all() == ["Good"]


@pytest.mark.parametrize("path", ["d/b.md", "new-deck/a.md"])
def test_a_file_that_is_renamed_and_unmerged_keeps_its_cards_live(
    content: Path, write: Write, topic: Callable[..., str], database: Database, path: str
) -> None:
    old = write("d/a.md", topic("## Q {#q}\nGood.", "## R {#r}\nGone."))
    load(database, content, NOW)
    old.unlink()
    write(path, topic("## Q {#q}\n<<<<<<< HEAD\nOne.\n=======\nTwo.\n>>>>>>> two"))
    for _again in range(2):
        assert load(database, content, NOW).retired == 0
    write(path, topic("## Q {#q}\nGood."))
    report = load(database, content, NOW)
    assert (report.added, report.moved, report.retired) == (0, 1, 1)
    assert load(database, content, NOW).read == 0
