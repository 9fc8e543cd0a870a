"""A topic that lies where none is read is named, with the place where it belongs."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cards.check.check import check_content
from app.cards.load.load import load
from app.database import Database

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("loose.md", "loose.md:1: a topic is read from a deck's folder alone: move the file into one"),
        ("d/part/inner.md", "d/part/inner.md:1: a folder within a deck is not read: move the file to d/inner.md"),
        ("d/old.markdown", "d/old.markdown:1: a topic's file is read when its name ends in .md: rename it old.md"),
        ("d/LOUD.MD", "d/LOUD.MD:1: a topic's file is read when its name ends in .md: rename it LOUD.md"),
    ],
)
def test_a_topic_in_the_wrong_place_is_named(
    content: Path, write: Write, topic: Callable[..., str], database: Database, path: str, wanted: str
) -> None:
    write("d/here.md", topic("## Q? {#q}\nA."))
    write(path, "\ufeff" + topic("## Another? {#another}\nA."))
    assert [str(mistake) for mistake in check_content(content).mistakes] == [wanted]
    now = datetime.now(UTC)
    for _again in range(2):
        assert [str(mistake) for mistake in load(database, content, now).mistakes] == [wanted]
    (content / path).unlink()
    assert load(database, content, now).mistakes == ()


@pytest.mark.parametrize("path", ["README.md", "d/notes/README.md", "d/.old/x.md", "d/picture.png", "d/x.markdown"])
def test_what_does_not_look_like_a_topic_is_nobodys_mistake(content: Path, write: Write, path: str) -> None:
    write(path, "---\n" if path == "d/.old/x.md" else "# About these cards\n")
    assert check_content(content).mistakes == []


def test_links_to_nowhere_and_to_themselves_stop_nothing(content: Path, tmp_path: Path) -> None:
    (content / "d" / "nowhere.markdown").symlink_to(tmp_path / "nowhere")
    for name in ("around", "round.md"):
        (content / "d" / name).symlink_to(content / "d" / name)
    assert check_content(content).mistakes == []
