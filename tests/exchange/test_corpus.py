"""Decks of other programs, in corpus/: each is known for what it is, and every word comes out or is named.

`texts.yaml` says what to expect of each file, `anki.yaml` of the packages, which Anki itself writes here.
"""

import html
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from anki.collection import Collection, ExportAnkiPackageOptions

from app.cards.check.check import check_content
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.kinds import KINDS
from tests.cards.file.test_pictures import png

CORPUS = Path(__file__).with_name("corpus")
TEXTS, PACKAGES = (yaml.safe_load((CORPUS / name).read_text()) for name in ("texts.yaml", "anki.yaml"))
DAY = timedelta(days=1)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W\d_]+|\d+", text.casefold()))


def imported(path: Path, said: str, expected: Mapping[str, Any]) -> str:
    """Import a file, check what is expected of it, and return the text of the files that were written.

    `said` is what the file says, without the marks of its format.
    """
    content = path.parent / "content"
    content.mkdir()
    kind, done = import_cards(path, content, "d")
    checked = check_content(content)
    counts = {"cards": done.cards, "drafts": done.drafts}
    assert {"kind": kind.name, **counts} == {
        "kind": expected.get("kind", "anki"),
        "cards": expected.get("cards", 0),
        "drafts": expected.get("drafts", 0),
    }
    assert {"cards": checked.cards - expected.get("sides", 0), "drafts": checked.drafts} == counts
    assert [str(one) for one in checked.mistakes] == []
    assert not done.is_draft
    told = [re.sub(r"^note \d+", "note", f"{where}: {says}") for where, says in done.told]
    for sentence, begins in zip(told, expected.get("told", ()), strict=True):
        assert sentence.startswith(begins)
    written = "\n".join(file.read_text() for file in done.files)
    named = "\n".join(says for _where, says in done.told)
    whole_lines = [said.splitlines()[number - 1] for number in expected.get("lines", ())]
    marks = words("\n".join((*expected.get("marks", ()), *whole_lines)))
    assert not marks - words(said), "marks that the file does not have"
    out = words(re.sub(r"\{#.*?\}", "", f"{written}\n{named}"))
    lost = words(said) - out - marks
    assert not lost, sorted(lost.elements())
    assert done.pictures == expected.get("pictures", 0)
    if "files" in expected:
        assert [file.stem for file in done.files] == expected["files"]
    return written


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_of_another_program(tmp_path: Path, name: str) -> None:
    expected = TEXTS[name]
    path = tmp_path / name
    shutil.copyfile(CORPUS / name, path)
    said = path.read_bytes().decode(expected.get("encoding", "utf-8"))
    if path.suffix == ".json":
        path = path.with_suffix(".mochi")
        with zipfile.ZipFile(path, "w") as package:
            package.writestr("data.json", said)
        said = said.replace("\\n", "\n")
    written = imported(path, said, expected)
    for part in expected["holds"]:
        assert part in written


@pytest.fixture
def package(tmp_path: Path) -> Callable[[str], Path]:
    def write(name: str) -> Path:
        expected = PACKAGES[name]
        for file, data in {"cell.png": png(40, 30), "name.mp3": b"ID3\4" + bytes(200)}.items():
            (tmp_path / file).write_bytes(data)
        collection = Collection(str(tmp_path / "collection.anki2"))
        for note in expected["notes"]:
            add(collection, tmp_path, note)
        is_old = expected["package"] != "collection.anki21b"
        path = tmp_path / f"{name}.{'colpkg' if expected.get('whole') else 'apkg'}"
        if expected.get("whole"):
            collection.export_collection_package(str(path), True, is_old)
        else:
            options = ExportAnkiPackageOptions(
                with_scheduling=True, with_deck_configs=False, with_media=True, legacy=is_old
            )
            collection.export_anki_package(out_path=str(path), options=options, limit=None)
            collection.close()
        if expected["package"] == "collection.anki2":
            rename_collection(path)
        with zipfile.ZipFile(path) as made:
            names = made.namelist()
        assert max(name for name in names if name.startswith("collection.")) == expected["package"]
        return path

    return write


def rename_collection(path: Path) -> None:
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name) for name in package.namelist()}
    files["collection.anki2"] = files.pop("collection.anki21")
    with zipfile.ZipFile(path, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)


def add(collection: Collection, folder: Path, note: Mapping[str, Any]) -> None:
    """Add a note of the table, with its files, reviews and marks."""
    kind, deck = collection.models.by_name(note["type"]), collection.decks.id(note.get("deck", "Default"))
    assert kind
    assert deck
    made = collection.new_note(kind)
    made.fields[:] = note["fields"]
    made.tags = note.get("tags", "").split()
    for file in re.findall(r'src="(.*?)"|\[sound:(.*?)\]', "".join(note["fields"])):
        collection.media.add_file(str(folder / "".join(file)))
    collection.add_note(made, deck)
    cards, db = made.card_ids(), collection.db
    assert db
    for days, button in note.get("reviews", ()):
        at = int((datetime.now(UTC) - days * DAY).timestamp() * 1000)
        db.execute("INSERT INTO revlog VALUES (?, ?, -1, ?, 5, 1, 2500, 7000, 1)", at, cards[0], button)
    if note.get("reviews"):
        due = collection.sched.today + 4
        db.execute("UPDATE cards SET type = 2, queue = 2, ivl = 9, due = ? WHERE id = ?", due, cards[0])
    if note.get("suspended"):
        collection.sched.suspend_cards(cards)
    collection.set_user_flag_for_cards(note.get("flag", 0), cards)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_of_anki(package: Callable[[str], Path], name: str) -> None:
    notes = PACKAGES[name]["notes"]
    said = [*(field for note in notes for field in note["fields"]), *(note.get("tags", "") for note in notes)]
    text = html.unescape(re.sub(r"<(?!img)[^>]*>|<img src=|>", " ", "\n".join(said)))
    imported(package(name), text, PACKAGES[name])


@pytest.mark.parametrize("name", [name for name in PACKAGES if "history" in PACKAGES[name]])
def test_a_history_of_anki(package, settings, run_recur, name):
    settings.content_dir.mkdir()
    ended = run_recur("import", package(name), "--into", "d")
    assert (ended.code, ended.err) == (0, "")
    assert f"From Anki: {PACKAGES[name]['history']}." in ended.out


def test_the_corpus_is_large_and_its_table_whole() -> None:
    assert sorted(TEXTS) == sorted(path.name for path in CORPUS.iterdir() if path.suffix != ".yaml")
    assert len(TEXTS) >= 30
    assert len(PACKAGES) >= 15
    assert {expected["kind"] for expected in TEXTS.values()} == {kind.name for kind in KINDS} - {
        "anki",
        "json",
    }  # our own, which test_own_json.py has
