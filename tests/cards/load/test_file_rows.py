"""Which files a load opens, which it reads again, and the rows of files, decks and topics."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from app.cards.file.files import OpenedFile, TopicFile
from app.cards.file.mistake import Mistake
from app.cards.load.file_rows import FileRow, compare, unsettled
from app.cards.load.load import load
from app.models import Card, Deck

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
NANOSECONDS = int(NOW.timestamp()) * 10**9


@pytest.fixture
def reload(database, content, find_demo):
    return lambda now=NOW: load(database, content, now, find_demo)


def test_only_what_changed_is_read(database, reload, write, topic):
    long_ago = NOW - timedelta(days=1)
    for name in "abc":
        full = write(f"d/{name}.md", topic(f"## Q{name} {{#{name}}}\nA."))
        os.utime(full, (long_ago.timestamp(), long_ago.timestamp()))
    assert reload().read == 3
    assert reload().read == 0
    os.utime(full, (long_ago.timestamp(), long_ago.timestamp() + 60))
    report = reload()
    assert (report.read, report.changed) == (0, 0)
    write("d/b.md", topic("## Qb {#b}\nReworded."))
    report = reload()
    assert (report.read, report.changed, report.moved) == (1, 1, 0)


def test_a_save_of_the_same_size_within_the_same_tick_is_seen(database, reload, write, topic):
    full = write("d/a.md", topic("## Q {#q}\nAA."))
    at = NOW.timestamp()
    os.utime(full, (at, at))
    reload(NOW + timedelta(milliseconds=10))
    write("d/a.md", topic("## Q {#q}\nBB."))
    os.utime(full, (at, at))
    reload(NOW + timedelta(milliseconds=20))
    with database.read() as session:
        assert session.exec(select(Card.short_html)).one() == "<p>BB.</p>"


def test_decks_are_the_folders_with_cards(database, reload, write, topic, content):
    write("d/a.md", topic("## Q {#q}\nA."))
    write("e/a.md", topic("## Q {#q}\nA."))
    write("empty/notes.txt", "nothing")
    write("broken/a.md", "nothing")
    reload()
    with database.read() as session:
        assert {deck.name: deck.title for deck in session.exec(select(Deck)).all()} == {"d": "d", "e": "e"}
    write("e/deck.yaml", "title: E\n")
    reload()
    (content / "e" / "a.md").unlink()
    reload()
    with database.read() as session:
        assert session.exec(select(Deck.title).where(Deck.name == "e")).one() == "E"


def row(seconds_later: float, **changes: object) -> FileRow:
    """The row of a file that was last saved at NOW."""
    values = {"digest": "x", "size": 9, "mtime_ns": NANOSECONDS, "looked_at": NOW + timedelta(seconds=seconds_later)}
    return FileRow(**values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mtime", "seconds_later", "changes", "is_opened"),
    [
        (NANOSECONDS, 2.1, {}, False),
        (NANOSECONDS, 1.9, {}, True),  # on a system that counts whole seconds, it may have been saved again
        (NANOSECONDS + 1, 0.2, {"mtime_ns": NANOSECONDS + 1}, False),
        (NANOSECONDS + 1, 0.05, {"mtime_ns": NANOSECONDS + 1}, True),
        (NANOSECONDS, 9, {"size": 8}, True),
        (NANOSECONDS + 1, 9, {}, True),
        (NANOSECONDS, 9, {"mistakes": (Mistake("d/a.md", 1, "wrong"),)}, True),
    ],
)
def test_a_file_is_opened_unless_it_is_good_old_and_unchanged(mtime, seconds_later, changes, is_opened):
    file = TopicFile("d/a.md", "", 9, mtime)
    assert bool(unsettled([file], {"d/a.md": row(seconds_later, **changes)})) == is_opened
    assert unsettled([file], {}) == [file]


@pytest.mark.parametrize(
    ("digest", "before", "now", "is_changed", "is_touched"),
    [
        ("y", row(1), 9, True, False),
        ("x", row(1, mistakes=(Mistake("d/a.md", 1, "wrong"),)), 9, True, False),
        ("x", None, 9, True, False),
        ("x", row(1), 9, False, True),  # from now on it need not be opened
        ("x", row(1), 1.5, False, False),  # looking at it again is no news
        ("x", row(1, mtime_ns=5), 1.5, False, True),
    ],
)
def test_a_file_is_read_again_if_its_bytes_changed_or_it_had_a_mistake(digest, before, now, is_changed, is_touched):
    opened = OpenedFile(TopicFile("d/a.md", "", 9, NANOSECONDS), b"", digest)
    rows = {"d/a.md": before} if before else {}
    changed, touched = compare([opened], rows, NOW + timedelta(seconds=now))
    assert (bool(changed), bool(touched)) == (is_changed, is_touched)
