"""Files that cannot be read, and topics where none is read, are named with what to do."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cards.check.check import check_content
from app.cards.check.format import format_content
from app.cards.check.report import excerpts
from app.cards.load.load import load
from app.database import Database

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("loose.md", "loose.md:1: topics must be directly in a deck's folder: move the file there"),
        ("d/part/inner.md", "d/part/inner.md:1: a folder within a deck is not read: move the file to d/inner.md"),
        ("d/old.markdown", "d/old.markdown:1: the name of a topic's file must end in .md: rename it old.md"),
        ("d/LOUD.MD", "d/LOUD.MD:1: the name of a topic's file must end in .md: rename it LOUD.md"),
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


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("d/README.md", "# About\n\n## How to write\n\nLike this.\n"),
        ("d/readme.md", "\ufeff# About\n\n## How to write\n"),
        ("d/README.md", "---\nlayout: page\n---\n# About\n"),
        ("d/CONTRIBUTING.md", "## Style\n\nPlain.\n"),
        ("d/LICENSE.md", "MIT\n"),
        ("d/notes.md", "To do: more cards.\r\n"),
        ("d/a_LOCAL_4711.md", "---\ntitle: T\n---\n"),
    ],
)
def test_a_text_without_cards_is_nobodys_mistake(
    content: Path, write: Write, topic: Callable[..., str], database: Database, path: str, text: str
) -> None:
    write("d/a.md", topic("## Q? {#q}\nA."))
    write(path, text)
    assert check_content(content).mistakes == []
    assert load(database, content, datetime.now(UTC)).files == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "## Q?\nA.\n",
        "title: T\norder: 1\n---\n",
        "--\ntitle: T\n--\n",
        "A\0B",
        "# About\n\n## Q {#q}\nA.\n",
    ],
)
def test_what_may_be_a_topic_is_named(content: Path, write: Write, text: str) -> None:
    """A topic that lost its first lines, or is half saved, keeps its cards."""
    write("d/a.md", text)
    assert check_content(content).mistakes[0].path == "d/a.md"


def test_a_readme_with_a_card_is_named(content: Path, write: Write, topic: Callable[..., str]) -> None:
    write("d/README.md", topic("## Q? {#q}\nA."))
    assert "the file's name 'README'" in str(check_content(content).mistakes[0])


def test_a_link_to_the_folder_that_it_is_in_gives_nothing_twice(
    content: Path, write: Write, topic: Callable[..., str]
) -> None:
    write("d/a.md", topic("## Q? {#q}\n$"))
    once = check_content(content).mistakes
    assert len(once) == 1
    (content / "d" / "self").symlink_to(".")
    (content / "d" / "up").symlink_to("..")
    (content / "again").symlink_to(".")
    (content / "above").symlink_to("..")
    assert check_content(content).mistakes == once


def test_links_to_nowhere_and_to_themselves_stop_nothing(content: Path, tmp_path: Path) -> None:
    (content / "d" / "nowhere.markdown").symlink_to(tmp_path / "nowhere")
    for name in ("around", "round.md"):
        (content / "d" / name).symlink_to(content / "d" / name)
    assert check_content(content).mistakes == []


UNREADABLE = [
    (b"", 1, "must begin with front matter"),
    (b"---\ntitle: T\n---\n\nA\0B", 5, "byte 19 is NUL"),
    (b"---\ntitle: T\n---\n\nl\xe4sst", 5, "byte 19 (0xe4) is not UTF-8: save the file as UTF-8"),
    (b"\xef\xbb\xbf---\r\ntitle: l\xe4sst\r\n---\r\n", 2, "byte 16 (0xe4) is not UTF-8"),
    ("---\ntitle: T\n---\n".encode("utf-16"), 1, "the file is UTF-16 (or UTF-32): save it as UTF-8"),
    ("---\ntitle: T\n---\n".encode("utf-16-le"), 1, "byte 1 is NUL"),
    ("---\ntitle: T\n---\n".encode("utf-16-be"), 1, "byte 0 is NUL"),
    ("---\ntitle: T\n---\n".encode("utf-32"), 1, "UTF-16"),
    ("---\ntitle: T\n---\n\nÜberläufe, größer\n".encode("latin-1"), 5, "byte 18 (0xdc) is not UTF-8"),
    ("---\ntitle: T\n---\n“A”\n".encode("cp1252"), 4, "byte 17 (0x93) is not UTF-8"),
    ("---\rtitle: T\r---\r“A”\r".encode("cp1252"), 4, "byte 17 (0x93) is not UTF-8"),
    ("---\ntitle: T\n---\n\n\nx²".encode()[:-1], 6, "is not UTF-8"),
    (b"---\ntitle: T\n---\n\xc0\xaf", 4, "byte 17 (0xc0) is not UTF-8"),
    (b"---\ntitle: T\n---\n\xed\xa0\x80", 4, "byte 17 (0xed) is not UTF-8"),
    (b"\0" * 10_000_000, 1, "larger than 2 MB"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 3, "NUL"),
    (b"---\ntitle: T\n---\n" + b"word " * 2_000_000, 1, "larger than 2 MB"),
    (b"---\ntitle: " + b"[" * 50_000 + b"\n---\n", 2, "not valid YAML"),
    (b"---\ntitle: \x01\n---\n", 2, "not valid YAML"),
    (b'---\ntitle: "\\0"\n---\n', 2, "a title is needed"),
    (b'---\ntitle: "\\ud800"\n---\n', 2, "a title is needed"),
    (b"---\ntitle: T\n? [a]\n: b\n---\n", 3, "a name must be a word"),
    (b"---\ntitle: !!python/object:os.system T\n---\n", 2, "not valid YAML"),
]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    UNREADABLE,
    ids=lambda value: None if isinstance(value, bytes) else str(value),
)
def test_a_file_that_cannot_be_read_gets_a_message(data, line, words, content, write, find_demo):
    write("d/case.md", data)
    (mistake,) = check_content(content, find_demo).mistakes
    assert (mistake.path, mistake.line) == ("d/case.md", line)
    assert words in mistake.message


def test_names_that_become_addresses_are_checked(content, write, topic, find_demo):
    write("d/Bad Name.md", topic())
    write("Dä/good.md", topic())
    write("d/.hidden.md", "nothing")
    write("d/notes.txt", "nothing")
    found = check_content(content, find_demo).mistakes
    assert [mistake.path for mistake in found] == ["Dä/good.md", "d/Bad Name.md"]


SECRET = "SECRET_KEY=outside"


@pytest.mark.parametrize("path", ["d/leak.md", "leaks/deep.md", "d/deck.yaml", "sources.yaml"])
def test_a_link_out_of_the_content_folder_is_named_and_not_read(
    content: Path, write: Write, topic: Callable[..., str], tmp_path: Path, database: Database, path: str
) -> None:
    """git carries links, and a page would show what they lead to."""
    write("d/here.md", topic("## Q? {#q}\nA."))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "deep.md").write_text(SECRET)
    link = content / path
    link.unlink(missing_ok=True)
    if path == "leaks/deep.md":
        link.parent.symlink_to(outside)
    else:
        link.symlink_to(outside / "deep.md")
    wanted = f"{path}:1: a link leads out of the content folder: put the file itself here"
    mistakes = check_content(content).mistakes
    assert str(mistakes[0]) == wanted
    assert [excerpts(content)(mistake) for mistake in mistakes] == [""]
    assert [str(one) for one in load(database, content, datetime.now(UTC)).mistakes] == [wanted]
    format_content(content)
    assert (outside / "deep.md").read_text() == SECRET


def test_a_link_within_the_content_folder_is_followed(content: Path, write: Write, topic: Callable[..., str]) -> None:
    write("d/.kept/here.md", topic("## Q? {#q}\nA."))
    (content / "d" / "here.md").symlink_to(Path(".kept") / "here.md")
    checked = check_content(content)
    assert checked.mistakes == []
    assert [file.found.path for file in checked.files] == ["d/here.md"]


def test_a_content_folder_may_be_a_link_itself(
    content: Path, write: Write, topic: Callable[..., str], tmp_path: Path
) -> None:
    write("d/here.md", topic("## Q? {#q}\nA."))
    (tmp_path / "by-another-name").symlink_to(content)
    assert check_content(tmp_path / "by-another-name").mistakes == []


def test_a_pipe_is_not_waited_for(content: Path) -> None:
    os.mkfifo(content / "d" / "pipe.md")
    assert check_content(content).mistakes == []
