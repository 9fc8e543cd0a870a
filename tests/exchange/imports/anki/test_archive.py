"""Archives that are broken, or made to harm: each is refused with its reason, in little memory, and leaves nothing."""

import io
import json
import sqlite3
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from app.cards.file.pictures import LARGEST_PICTURE
from app.exchange.exports.anki_package import write_anki
from app.exchange.exports.cards import ExportedCard, ExportedDeck
from app.exchange.imports.anki import archive
from app.exchange.imports.draft import NoPictureError, RefusedError
from app.exchange.imports.import_cards import import_cards
from app.settings import ROOT

MEGABYTE = bytes(1_000_000)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that can be imported."""
    path = tmp_path_factory.mktemp("honest") / "honest.apkg"
    card = ExportedCard(
        deck="d",
        topic="t",
        id="why",
        question="Why?",
        answer="Because.",
        question_html="Why?",
        short_html="<p>Because.</p>",
        answer_html="",
        tags=(),
        level=None,
        sources=(),
        demos=(),
        address="http://127.0.0.1:8000/cards/d/why",
    )
    write_anki(path, [ExportedDeck("d", "D", (card,))], datetime(2025, 6, 1, tzinfo=UTC))
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_database(honest: Path, change: str | Callable[[sqlite3.Connection], None]) -> bytes:
    """The honest package, its database changed by SQL."""
    files = members(honest)
    with sqlite3.connect(":memory:") as connection:
        connection.deserialize(files["collection.anki2"])
        if isinstance(change, str):
            connection.executescript(change)
        else:
            change(connection)
        connection.commit()
        files["collection.anki2"] = connection.serialize()
    connection.close()
    return packed(files)


def zeros(path: Path, size: int, name: str = "collection.anki2") -> None:
    """An archive with one member of so many zeros, made without holding them."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(size // len(MEGABYTE)):
            member.write(MEGABYTE)


def zeros_in_zstd(start: bytes, size: int) -> bytes:
    """A modern package whose database is `start` and so many zeros."""
    squeezer = zstandard.ZstdCompressor(level=1).compressobj()
    data = squeezer.compress(start) + b"".join(squeezer.compress(MEGABYTE) for _ in range(size // len(MEGABYTE)))
    return packed({"collection.anki21b": data + squeezer.flush()})


def modern(honest: Path, media: bytes) -> bytes:
    squeeze = zstandard.ZstdCompressor().compress
    return packed({"collection.anki21b": squeeze(members(honest)["collection.anki2"]), "media": squeeze(media)})


def lying(data: bytes, size: int) -> bytes:
    """The archive, its first member's stated size replaced in both places."""
    central = data.index(b"PK\1\2")
    stated = struct.pack("<L", size)
    return data[:22] + stated + data[26 : central + 24] + stated + data[central + 28 :]


def long_directory(honest: Path) -> bytes:
    data = honest.read_bytes()
    end = data.rindex(b"PK\5\6")
    return data[:end] + data[end : end + 12] + struct.pack("<L", 2**31) + data[end + 16 :]


def views(connection: sqlite3.Connection) -> None:
    connection.executescript(
        "ALTER TABLE notes RENAME TO hidden; CREATE VIEW notes AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id"
        " + 1 FROM n) SELECT id, 1 AS mid, '' AS tags, 'x' AS flds FROM n;"
    )


def endless_join(connection: sqlite3.Connection) -> None:
    # Cards without an index, so many that each note would look through all of them.
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql > ''")]
    for name in names:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("ALTER TABLE cards RENAME TO old")
    connection.execute("CREATE TABLE cards (nid, ord)")
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
        " INSERT INTO cards SELECT (SELECT min(id) FROM notes), i FROM n"
    )


def endless_join_of_many(connection: sqlite3.Connection) -> None:
    endless_join(connection)
    connection.execute("CREATE TABLE more AS SELECT * FROM notes")
    (columns,) = [", ".join(row[1] for row in connection.execute("PRAGMA table_info(notes)") if row[1] != "id")]
    connection.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
        f" INSERT INTO notes (id, {columns}) SELECT i, {columns} FROM n, more"
    )


REFUSED: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "nothing in it": (lambda honest: b"", "not a zip archive"),
    "no archive": (lambda honest: b"\x89PNG\r\n" + bytes(500), "not a zip archive"),
    "half an archive": (lambda honest: honest.read_bytes()[: honest.stat().st_size // 2], "not a zip archive"),
    "its end alone": (lambda honest: b"PK\5\6" + bytes(18), "no Anki collection"),
    "a byte changed": (
        lambda honest: honest.read_bytes()[:2000] + b"changed" + honest.read_bytes()[2007:],
        "the archive is damaged",
    ),
    "an archive in an archive": (
        lambda honest: packed({"inner.apkg": honest.read_bytes()}),
        "no Anki collection in this",
    ),
    "an archive as the database": (
        lambda honest: packed({"collection.anki2": honest.read_bytes()}),
        "no SQLite database",
    ),
    "a path upwards": (lambda honest: packed({**members(honest), "../../evil": b"x"}), "no folders"),
    "a path from the root": (lambda honest: packed({**members(honest), "/etc/evil": b"x"}), "no folders"),
    "a path of Windows": (lambda honest: packed({**members(honest), "..\\evil": b"x"}), "no folders"),
    "a long table of contents": (long_directory, "table of contents takes 2,147,483,648 bytes"),
    "an empty database": (lambda honest: packed({"collection.anki2": b""}), "is empty"),
    "half a database": (
        lambda honest: packed({"collection.anki2": members(honest)["collection.anki2"][:9_000]}),
        "its database is damaged",
    ),
    "a database of zeros": (
        lambda honest: packed({"collection.anki2": members(honest)["collection.anki2"][:100] + bytes(99_996)}),
        "its database is damaged",
    ),
    "a database of others": (lambda honest: with_database(honest, "DROP TABLE notes"), "no table of notes"),
    "notes that are computed": (lambda honest: with_database(honest, views), "no table of notes"),
    "decks that are computed": (
        lambda honest: with_database(honest, "CREATE TABLE decks (id, name AS (hex(zeroblob(9000000))))"),
        "a table that is computed",
    ),
    "notes without fields": (
        lambda honest: with_database(honest, "ALTER TABLE notes RENAME COLUMN flds TO x"),
        "lacks flds",
    ),
    "work without end": (lambda honest: with_database(honest, endless_join_of_many), "far more work"),
    "note types that are no JSON": (lambda honest: with_database(honest, "UPDATE col SET models = '{'"), "note types"),
    "note types nested": (
        lambda honest: with_database(honest, f"UPDATE col SET models = '{'[' * 100_000}'"),
        "note types are damaged",
    ),
    "no note types": (lambda honest: with_database(honest, "DELETE FROM col"), "note types are missing"),
    "a huge text": (
        lambda honest: with_database(honest, "UPDATE col SET models = hex(zeroblob(15000000))"),
        "its database is damaged, or not Anki's: string or blob too big",
    ),
    "media that are no list": (lambda honest: packed({**members(honest), "media": b"[1]"}), "the list of media"),
    "media nested": (lambda honest: packed({**members(honest), "media": b"[" * 200_000}), "the list of media"),
    "media of garbage": (lambda honest: modern(honest, b"\x0a\xff\xff\xff\xff\xff\xff"), "the list of media"),
    "media in media": (lambda honest: modern(honest, b"\x0a\x04\x0a\x7f\x0a\x02"), "the list of media"),
    "media without end": (lambda honest: modern(honest, b"\xff" * 100_000), "the list of media"),
    "a broken stream": (
        lambda honest: packed({"collection.anki21b": b"\x28\xb5\x2f\xfd" + bytes(50)}),
        "damaged|is empty",
    ),
    "a size that is a lie": (
        lambda honest: lying(packed({"collection.anki2": bytes(9_000_000)}), 100),
        "no SQLite|damaged",
    ),
    "zeros in zstd": (lambda honest: zeros_in_zstd(b"", 10_000_000), "no SQLite database"),
}


def refusal(path: Path, content: Path) -> str:
    """Why it is refused; after it the content folder is as it was."""
    content.mkdir(exist_ok=True)
    before = sorted(content.rglob("*"))
    with pytest.raises(RefusedError) as refused:
        import_cards(path, content, "d")
    assert sorted(content.rglob("*")) == before
    return str(refused.value)


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_package_is_refused_with_its_reason(honest, tmp_path, name):
    made, reason = REFUSED[name]
    (tmp_path / "x.apkg").write_bytes(made(honest))
    said = refusal(tmp_path / "x.apkg", tmp_path / "content")
    assert any(part in said for part in reason.split("|")), said


def test_the_honest_package_is_taken(honest, tmp_path):
    _kind, done = import_cards(honest, tmp_path, "d")
    assert done.cards == 1


def test_a_note_that_is_too_long_is_skipped_and_the_others_are_taken(honest, tmp_path):
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO notes SELECT id + 1, 'g', mid, mod, usn, tags, hex(zeroblob(200000)), sfld, csum, flags, data"
            " FROM notes"
        )

    (tmp_path / "x.apkg").write_bytes(with_database(honest, change))
    _kind, done = import_cards(tmp_path / "x.apkg", tmp_path, "d")
    assert done.cards == 1
    assert done.told[0][1] == "its fields are too long, or no text"


def test_a_database_that_grows_past_the_limit_is_refused(honest, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_DATABASE", 3_000_000)
    start = members(honest)["collection.anki2"][:4096]
    (tmp_path / "x.apkg").write_bytes(zeros_in_zstd(start, 5_000_000))
    assert "more than 3,000,000 bytes when it is decompressed" in refusal(tmp_path / "x.apkg", tmp_path / "content")
    zeros(tmp_path / "y.apkg", 5_000_000)
    assert "would take 5,000,000 bytes" in refusal(tmp_path / "y.apkg", tmp_path / "content")


def test_a_picture_is_read_no_further_than_tells_that_it_is_too_large(honest, tmp_path):
    path = tmp_path / "x.apkg"
    listed = {"0": "zeros.png", "1": "broken.png", "2": "gone.png", "3": "zeros.png"}
    path.write_bytes(packed({**members(honest), "media": json.dumps(listed).encode()}))
    with zipfile.ZipFile(path, "a") as package:
        with package.open("0", "w") as member:
            for _ in range(100):
                member.write(MEGABYTE)
        package.writestr("1", b"as it was " * 100)
    path.write_bytes(path.read_bytes().replace(b"as it was ", b"as it is, "))
    with closing(archive.Package(path)) as package:
        media = package.media
        assert sorted(media) == ["broken.png", "gone.png", "zeros.png"]
        assert LARGEST_PICTURE < len(media["zeros.png"]()) < 2 * LARGEST_PICTURE
        with pytest.raises(NoPictureError, match="lists it, and does not hold it"):
            media["gone.png"]()
        with pytest.raises(NoPictureError, match="the archive is damaged"):
            media["broken.png"]()


def test_a_list_of_media_names_no_more_than_a_package_can_hold(honest, tmp_path):
    (tmp_path / "x.apkg").write_bytes(modern(honest, b"\x0a\x03\x0a\x01a" + b"\x0a\x03\x0a\x01b" * 200_000))
    with closing(archive.Package(tmp_path / "x.apkg")) as package, zipfile.ZipFile(tmp_path / "x.apkg") as opened:
        assert sorted(package.media) == ["a", "b"]
        assert len(archive._media(opened, "collection.anki21b")) < 200_000


MEASURE = """
import resource, sys
from pathlib import Path
from app.exchange.imports.draft import RefusedError
from app.exchange.imports.import_cards import import_cards

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

content, *paths = map(Path, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
before = peak()
for path in paths:
    try:
        import_cards(path, content, "d")
    except RefusedError as error:
        print(path.stem, error)
print("grown", peak() - before)
"""


@pytest.mark.slow
def test_a_gigabyte_of_zeros_takes_little_memory(honest, tmp_path):
    zeros(tmp_path / "zip.apkg", 1_000_000_000)
    (tmp_path / "zstd.apkg").write_bytes(zeros_in_zstd(members(honest)["collection.anki2"][:4096], 1_000_000_000))
    with (tmp_path / "text.csv").open("wb") as file:
        file.truncate(1 << 30)
    with (tmp_path / "apkg.apkg").open("wb") as file:
        file.truncate(1 << 30)
    (tmp_path / "content").mkdir()
    names = ["zip.apkg", "zstd.apkg", "text.csv", "apkg.apkg"]
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "content"), *(str(tmp_path / name) for name in names)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    *said, grown = done.stdout.splitlines()
    assert [line.split()[0] for line in said] == ["zip", "zstd", "text", "apkg"]
    assert "would take 1,000,000,000 bytes" in said[0]
    assert "more than 512,000,000 bytes" in said[1]
    assert "larger than 64 MB" in said[2]
    assert "not a zip archive" in said[3]
    assert int(grown.split()[1]) < 200, grown  # MB
    assert list((tmp_path / "content").iterdir()) == []


def test_bytes_that_are_no_text_are_refused_by_line(tmp_path):
    (tmp_path / "a.md").write_bytes(b"# A\n\x81\xff\n")
    assert "line 2: byte 4 (0x81) is not UTF-8" in refusal(tmp_path / "a.md", tmp_path / "content")
    (tmp_path / "b.md").write_bytes(b"# A\n\0\n")
    assert "line 2: byte 4 is NUL" in refusal(tmp_path / "b.md", tmp_path / "content")
    (tmp_path / "c.json").write_bytes(b'{"format":"recur-cards","version":' + b"9" * 5000 + b"}")
    assert "this is no JSON" in refusal(tmp_path / "c.json", tmp_path / "content")
    card = b'{"decks":[{"name":"d","cards":[{"id":"\\ud800","content":"q\\n---\\na"}]}]}'
    (tmp_path / "d.mochi").write_bytes(packed({"data.json": card}))
    assert import_cards(tmp_path / "d.mochi", tmp_path / "content", "d")[1].cards == 1
