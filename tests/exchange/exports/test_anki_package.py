r"""The Anki package, judged by Anki's own importer."""

import html
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anki.collection import Collection, ExportAnkiPackageOptions, ImportAnkiPackageOptions, ImportAnkiPackageRequest

from app.cards.check.check import check_content
from app.exchange.export import collect, export_cards
from app.exchange.exports.anki_package import NOTE_TYPE, deck_id, guid, mathjax
from app.exchange.imports.import_cards import import_cards
from app.settings import ROOT
from tests.cards.file.test_pictures import png

BASE = "http://127.0.0.1:8000"
THEN = datetime(2025, 6, 1, tzinfo=UTC)
TOPIC = """\
---
title: A topic
order: 10
---

## What is $a < b$? {#less}
It says that $a$ is less than $b$, with $5 and a `code < span`.

$$\\begin{align*} a &< b \\\\ c &> d \\end{align*}$$

```python
if a < b: print("&")
```

[Watch](demo:unrolled-rnn?units=1&step=2) or read [on](https://example.org/?a=1&b=2).

Level: hard
Tags: order relations, numbers
Source: book-1, book-2

## And the second? {#second}
Short.
"""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    (tmp_path / "content/d").mkdir(parents=True)
    (tmp_path / "content/d/t.md").write_text(TOPIC.replace("$5", "\\$5"))
    (tmp_path / "content/d/deck.yaml").write_text("title: A deck\n")
    return tmp_path / "content"


@pytest.fixture
def anki(tmp_path: Path) -> Iterator[Collection]:
    collection = Collection(str(tmp_path / "collection.anki2"))
    yield collection
    collection.close()


def import_package(anki: Collection, path: Path) -> Any:
    options = ImportAnkiPackageOptions()
    return anki.import_anki_package(ImportAnkiPackageRequest(package_path=str(path), options=options)).log


def export(path: Path, content: Path, now: datetime = THEN) -> int:
    return export_cards(path, collect(content, BASE), now, force=True)


def note(anki: Collection, name: str) -> Any:
    (found,) = anki.find_notes(f"Id:{name}")
    return anki.get_note(found)


def test_anki_takes_every_field_and_tag(tmp_path: Path, content: Path, anki: Collection) -> None:
    assert export(tmp_path / "d.apkg", content) == 2
    log = import_package(anki, tmp_path / "d.apkg")
    assert (len(log.new), len(log.updated), len(log.conflicting)) == (2, 0, 0)
    assert (anki.note_count(), anki.card_count()) == (2, 2)
    less, second = note(anki, "d/less"), note(anki, "d/second")
    assert less["Question"] == r"What is \(a &lt; b\)?"
    assert less["Answer"] == (
        r"<p>It says that \(a\) is less than \(b\), with $5 and a <code>code &lt; span</code>.</p>"
    )
    assert r"\[\begin{aligned} a &amp;&lt; b \\ c &amp;&gt; d \end{aligned}\]" in less["More"]
    assert f'href="{BASE}/demos/unrolled-rnn?units=1&amp;step=2"' in less["More"]
    assert 'href="https://example.org/?a=1&amp;b=2"' in less["More"]
    assert (
        re.sub("<[^>]*>", "", less["More"]).count("if a &lt; b: print(&quot;&amp;&quot;)".replace("&quot;", '"')) == 1
    )
    assert (less["Level"], less["Sources"]) == ("hard", "book-1, book-2")
    assert (less["Page"], less["Id"]) == (f"{BASE}/cards/d/less", "d/less")
    assert set(less.tags) == {"order-relations", "numbers", "level::hard", "topic::t"}
    assert (second["More"], second["Level"], second.tags) == ("", "", ["topic::t"])
    assert {anki.decks.name(card.did) for card in less.cards()} == {"A deck"}
    assert [anki.get_card(card).nid for card in anki.find_cards("", order="c.due")] == [less.id, second.id]


def test_anki_shows_both_sides(tmp_path: Path, content: Path, anki: Collection) -> None:
    export(tmp_path / "d.apkg", content)
    import_package(anki, tmp_path / "d.apkg")
    (card,) = note(anki, "d/less").cards()
    assert r"What is \(a &lt; b\)?" in card.question()
    assert "It says" not in card.question()
    answer = card.answer()
    for part in (r"\(a\)", "hard · book-1, book-2", f'<a href="{BASE}/cards/d/less">Open in Recur</a>'):
        assert part in answer
    assert "{{" not in answer


def test_a_second_import_updates_and_keeps_the_scheduling(tmp_path: Path, content: Path, anki: Collection) -> None:
    export(tmp_path / "d.apkg", content)
    import_package(anki, tmp_path / "d.apkg")
    (card,) = note(anki, "d/less").cards()
    card.type, card.queue, card.ivl, card.due, card.factor, card.reps, card.lapses = 2, 2, 37, 90, 2_350, 6, 1
    anki.update_card(card)

    file = content / "d/t.md"
    file.write_text(file.read_text().replace("## And the second?", "## And the second, reworded?"))
    (content / "d/a.md").write_text("---\ntitle: Before\norder: 1\n---\n\n## A new one? {#new}\nYes.\n")
    # Reworded, and moved to a file that comes first: still the same note.
    moved = file.read_text().replace("What is", "What, then, is")
    file.unlink()
    (content / "d/first.md").write_text(moved)
    assert export(tmp_path / "d.apkg", content, THEN + timedelta(days=1)) == 3
    log = import_package(anki, tmp_path / "d.apkg")
    assert (len(log.new), anki.note_count(), anki.card_count()) == (1, 3, 3)
    assert note(anki, "d/less")["Question"].startswith("What, then, is")
    assert note(anki, "d/second")["Question"] == "And the second, reworded?"
    (again,) = note(anki, "d/less").cards()
    kept = ("id", "type", "queue", "ivl", "due", "factor", "reps", "lapses")
    assert [getattr(again, name) for name in kept] == [getattr(card, name) for name in kept]
    assert len(anki.models.all_names_and_ids()) == len({one.name for one in anki.models.all_names_and_ids()})
    assert "Recur" in {one.name for one in anki.models.all_names_and_ids()}
    assert len([one for one in anki.models.all_names_and_ids() if one.name.startswith("Recur")]) == 1


def test_an_import_updates_what_an_earlier_version_exported(tmp_path: Path, content: Path, anki: Collection) -> None:
    """`exported_by_genanki.apkg` holds the same content as it was written until genanki was replaced."""
    import_package(anki, Path(__file__).with_name("exported_by_genanki.apkg"))
    before = {name: note(anki, name) for name in ("d/less", "d/second")}
    decks, types = anki.decks.all_names_and_ids(), anki.models.all_names_and_ids()
    export(tmp_path / "same.apkg", content)
    log = import_package(anki, tmp_path / "same.apkg")
    assert (len(log.new), len(log.updated), len(log.duplicate), len(log.conflicting)) == (0, 0, 2, 0)
    file = content / "d/t.md"
    file.write_text(file.read_text().replace("Short.", "Shorter."))
    export(tmp_path / "later.apkg", content, THEN + timedelta(days=1))
    log = import_package(anki, tmp_path / "later.apkg")
    assert (len(log.new), len(log.updated), len(log.conflicting)) == (0, 2, 0)
    assert note(anki, "d/second")["Answer"] == "<p>Shorter.</p>"
    for name, old in before.items():
        now = note(anki, name)
        assert (now.id, now.mid, now.guid, now.tags) == (old.id, old.mid, old.guid, old.tags)
        assert [card.did for card in now.cards()] == [card.did for card in old.cards()]
    assert note(anki, "d/less").fields == before["d/less"].fields
    assert anki.decks.all_names_and_ids() == decks
    assert anki.models.all_names_and_ids() == types


def test_anki_finds_no_fault_in_a_collection_with_our_cards(tmp_path: Path, content: Path, anki: Collection) -> None:
    export(tmp_path / "d.apkg", content)
    import_package(anki, tmp_path / "d.apkg")
    report, is_sound = anki.fix_integrity()
    assert is_sound, report


def test_what_was_edited_in_anki_after_the_export_stays(tmp_path: Path, content: Path, anki: Collection) -> None:
    export(tmp_path / "d.apkg", content)
    import_package(anki, tmp_path / "d.apkg")
    mine = note(anki, "d/second")
    mine["Answer"] = "My own words."
    anki.update_note(mine)
    import_package(anki, tmp_path / "d.apkg")
    assert note(anki, "d/second")["Answer"] == "My own words."


def test_every_formula_and_link_of_our_own_content_arrives(tmp_path: Path, anki: Collection) -> None:
    """Formulas are counted in the files themselves, without the parser, those beside each other one by one.

    Those of computed questions are in no file.
    """
    number = export(tmp_path / "deck.apkg", ROOT / "content")
    import_package(anki, tmp_path / "deck.apkg")
    assert anki.note_count() == number
    notes = [anki.get_note(one) for one in anki.find_notes("")]
    text = "\n".join(field for one in notes for field in one.fields)
    assert "<math" not in text
    assert "<annotation" not in text
    assert not re.search(r'href="(?!https?://)', text)
    files = [file.read_text() for file in sorted((ROOT / "content").glob("*/*.md"))]
    computed = {one for file in files for one in re.findall(r"^## .*\{#(.+)\}\nAsk: ", file, re.MULTILINE)}
    from_files = [
        one for one in notes if not {one["Id"].split("/")[1], *one["Id"].split("~")[1:]} & {*computed, "computed"}
    ]
    of_files = "\n".join(field for one in from_files for field in one.fields)
    shown = [
        html.unescape(one)
        for one in re.findall(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", of_files, re.DOTALL)
        for one in one
        if one
    ]
    written = []
    for file in files:
        cards = re.split(r"^## (?!Key points)", file, flags=re.MULTILINE)[1:]
        prose = re.sub(r"^```.*?^```|`[^`\n]*`|\\\$", "", "\n".join(cards), flags=re.DOTALL | re.MULTILINE)
        written += [one for pair in re.findall(r"\$\$(.+?)\$\$|\$([^$]+)\$", prose, re.DOTALL) for one in pair if one]

    def normal(formulas: list[str]) -> list[str]:
        apart = [" ".join(latex.split()) for one in formulas for latex in one.split(r"\qquad")]
        return sorted(re.sub(r"\{align(ed|\*)?\}", "{align}", latex) for latex in apart)

    assert normal(shown) == normal(written)
    assert len(written) > 300


def test_names_alone_make_the_guid_and_the_deck() -> None:
    """Golden: another value would double every note in the collections of those who imported before."""
    assert (deck_id("rnn"), NOTE_TYPE) == (2048392040, 1_700_330_471)
    assert guid("rnn", "vanishing-why") == "e5e4be4c36e4a795"
    assert len({guid("a", "b"), guid("a", "c"), guid("b", "b"), guid("a/b", "")}) == 4


def test_text_without_formulas_is_left_alone() -> None:
    assert mathjax("<p>a</p>") == "<p>a</p>"


def test_the_package_is_small_and_has_no_strays(tmp_path: Path, content: Path) -> None:
    export(tmp_path / "d.apkg", content)
    with zipfile.ZipFile(tmp_path / "d.apkg") as package:
        assert package.namelist() == ["collection.anki2", "media"]
        assert package.testzip() is None


def test_our_own_package_comes_back_with_its_ids(tmp_path: Path, content: Path) -> None:
    export(tmp_path / "d.apkg", content)
    items = "documents: [{key: k, title: T, what: w, items: {book-1: a, book-2: b}}]\n"
    (content / "sources.yaml").write_text(items)
    _kind, done = import_cards(tmp_path / "d.apkg", content, "d")
    assert (len(done.update.new), done.update.unchanged, done.files) == (0, 2, [])
    (tmp_path / "empty").mkdir()
    _kind, done = import_cards(tmp_path / "d.apkg", tmp_path / "empty", "d")
    text = done.files[0].read_text()
    assert "## What is $a < b$? {#less}\nIt says that $a$ is less than $b$, with \\$5" in text
    assert "## And the second? {#second}\nShort.\n" in text
    assert "[Watch](demo:unrolled-rnn?units=1&step=2)" in text
    assert "Level: hard\nTags: order-relations, numbers\n" in text
    assert "Open in Recur" not in text
    assert (done.cards, done.drafts, done.skipped) == (2, 0, 0)


def test_pictures_and_sounds_go_along(tmp_path: Path, content: Path, anki: Collection) -> None:
    deck = next(path for path in content.iterdir() if path.is_dir())
    (deck / "img").mkdir()
    (deck / "img" / "a net.png").write_bytes(png(40, 30))
    (deck / "img" / "unused.png").write_bytes(png(41, 30))
    (deck / "tone.mp3").write_bytes(b"ID3" + bytes(200))
    text = "## What is ![a network](<img/a net.png>)? {#shown}\nA network.\n\n![A tone](tone.mp3)\n"
    (deck / "pictures.md").write_text(f"---\ntitle: Pictures\n---\n{text}")
    export(tmp_path / "out.apkg", content)
    import_package(anki, tmp_path / "out.apkg")
    shown = note(anki, f"{deck.name}/shown")
    [picture] = re.findall(r'<img src="([^"]+)" alt="a network" width="40" height="30"', shown["Question"])
    [sound] = re.findall(r'<span aria-label="A tone">\[sound:([^\]]+)\]</span>', shown["More"])
    media = Path(anki.media.dir())
    assert {path.name: path.read_bytes() for path in media.iterdir()} == {
        picture: png(40, 30),
        sound: b"ID3" + bytes(200),
    }


def test_pictures_and_sounds_come_back_out_of_anki_with_their_names_and_words(
    tmp_path: Path, content: Path, anki: Collection
) -> None:
    (content / "d" / "img").mkdir()
    (content / "d" / "img" / "a net.png").write_bytes(png(40, 30))
    (content / "d" / "tone.mp3").write_bytes(b"ID3" + bytes(200))
    text = "## What is ![a *big* network](<img/a net.png>)? {#shown}\nA network.\n\n![A tone](tone.mp3)\n"
    (content / "d" / "pictures.md").write_text(f"---\ntitle: Pictures\n---\n{text}")
    export(tmp_path / "out.apkg", content)
    import_package(anki, tmp_path / "out.apkg")
    options = ExportAnkiPackageOptions(with_scheduling=False, with_deck_configs=False, with_media=True, legacy=False)
    anki.export_anki_package(out_path=str(tmp_path / "back.apkg"), options=options, limit=None)
    items = "documents: [{key: k, title: T, what: w, items: {book-1: a, book-2: b}}]\n"
    (content / "sources.yaml").write_text(items)
    (tmp_path / "empty").mkdir()
    for name in ("out", "back"):
        _kind, done = import_cards(tmp_path / f"{name}.apkg", tmp_path / "empty", name)
        assert (done.cards, done.drafts, done.skipped, done.pictures) == (3, 0, 0, 2)
        back = done.files[0].read_text()
        assert "## What is ![a big network](img/a-net.png)? {#shown}\nA network.\n\n![A tone](img/tone.mp3)\n" in back
        files = {path.name: path.read_bytes() for path in (tmp_path / "empty" / name / "img").iterdir()}
        assert files == {"a-net.png": png(40, 30), "tone.mp3": b"ID3" + bytes(200)}
    assert check_content(tmp_path / "empty").mistakes == []
    _kind, done = import_cards(tmp_path / "back.apkg", content, "d")
    assert (done.update.unchanged, len(done.update.new), done.pictures, done.files) == (3, 0, 0, [])
