"""Packages that Anki itself and genanki write, old and new."""

from pathlib import Path

import pytest
from anki.collection import Collection, ExportAnkiPackageOptions

from app.cards.check.check import check_content
from app.exchange.imports.anki.read_package import read_anki
from app.exchange.imports.draft import Draft, Skipped
from app.exchange.imports.import_cards import import_cards
from tests.cards.file.test_pictures import png


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One collection in each of the four formats that Anki writes."""
    folder = tmp_path_factory.mktemp("anki")
    (folder / "cell.png").write_bytes(png(40, 30))
    collection = Collection(str(folder / "collection.anki2"))
    collection.media.add_file(str(folder / "cell.png"))
    deck = collection.decks.id("Networks::Recurrent")
    assert deck

    def add(kind: str, fields: dict[str, str], tags: str = "") -> None:
        note_type = collection.models.by_name(kind)
        assert note_type
        note = collection.new_note(note_type)
        for name, value in fields.items():
            note[name] = value
        note.tags = tags.split()
        collection.add_note(note, deck)

    add("Basic", {"Front": r"What is \(h_t\)?", "Back": r"<b>A state</b>, \[h_t = \tanh(z_t)\]"}, "Deep::RNN seen")
    add("Basic (and reversed card)", {"Front": "LSTM", "Back": "1997"})
    add("Basic (optional reversed card)", {"Front": "GRU", "Back": "2014", "Add Reverse": ""})
    add("Basic (type in the answer)", {"Front": "Gates of a GRU?", "Back": "two"})
    add("Cloze", {"Text": "An {{c1::LSTM}} has {{c2::three::how many}} gates", "Back Extra": "since 2000"})
    add("Basic", {"Front": '<img src="cell.png">', "Back": "A cell"})
    add("Basic", {"Front": "What does it look like?", "Back": 'Like <img src="cell.png" alt="a cell">this'})
    add("Basic", {"Front": "Costs?", "Back": "$5<br>Source: me<h2>So</h2>"})
    for is_old, ending in ((True, "old"), (False, "new")):
        options = ExportAnkiPackageOptions(
            with_scheduling=False, with_deck_configs=False, with_media=True, legacy=is_old
        )
        collection.export_anki_package(out_path=str(folder / f"{ending}.apkg"), options=options, limit=None)
        collection.export_collection_package(str(folder / f"{ending}.colpkg"), True, is_old)
        collection.reopen()
    collection.close()
    return folder


FORMATS = ["old.apkg", "new.apkg", "old.colpkg", "new.colpkg"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_anki_holds_the_same_cards(packages, tmp_path, name):
    reading = read_anki(packages / name, tmp_path)
    assert {name: data() for name, data in reading.media.items()} == {"cell.png": png(40, 30)}
    items = list(reading.items)
    drafts = [item for item in items if isinstance(item, Draft)]
    assert [(draft.question, draft.answer) for draft in drafts] == [
        (r"What is \(h_t\)?", r"**A state**, \[h_t = \tanh(z_t)\]"),
        ("LSTM", "1997"),
        ("1997", "LSTM"),
        ("GRU", "2014"),
        ("Gates of a GRU?", "two"),
        ("An […] has three gates", "An **LSTM** has three gates\\\nsince 2000"),
        ("An LSTM has [how many] gates", "An LSTM has **three** gates\\\nsince 2000"),
        ("![](<cell.png>)", "A cell"),
        ("What does it look like?", "Like ![a cell](<cell.png>)this"),
        ("Costs?", "\\$5\\\nSource: me\n\n### So"),
    ]
    assert drafts[0].tags == ("Deep::RNN", "seen")
    assert not any(draft.left_out for draft in drafts)
    assert {draft.topic for draft in drafts} == {"Networks::Recurrent"}
    assert not any(isinstance(item, Skipped) for item in items)


@pytest.mark.parametrize("name", FORMATS)
def test_a_package_becomes_content_without_a_mistake(packages, tmp_path, name):
    kind, done = import_cards(packages / name, tmp_path, "d/imported")
    checked = check_content(tmp_path)
    assert (kind.name, done.cards, done.drafts, done.skipped, done.is_draft) == ("anki", 9, 1, 0, False)
    assert checked.mistakes == []
    text = (tmp_path / "d" / "imported.md").read_text()
    assert (tmp_path / "d" / "img" / "cell.png").read_bytes() == png(40, 30)
    assert "Like ![a cell](img/cell.png)this\n\n## " in text
    assert (
        "## ![cell](img/cell.png) {#cell}\nA cell\n\n"
        "Draft: yes, say what the picture img/cell.png shows, for those who cannot see it\n"
    ) in text
    assert "## What is $h_t$? {#what-is-h-t}\n**A state**, $$h_t = \\tanh(z_t)$$\n\nTags: deep-rnn, seen\n" in text
    assert "\\$5\\\n(Source: me)\n\n### So\n" in text


def test_a_package_of_genanki(tmp_path):
    """`genanki.apkg` holds a note of its basic type, one of the reversed and one of the cloze type, and a sound."""
    reading = read_anki(Path(__file__).with_name("genanki.apkg"), tmp_path)
    assert {name: data() for name, data in reading.media.items()} == {"x.mp3": b""}
    items = list(reading.items)
    assert [item.question for item in items if isinstance(item, Draft)] == [
        *("Why?", "up", "down", "[…] and two", "one and […]"),
    ]


def test_what_cards_cannot_show_is_a_draft_with_the_reason_or_named(tmp_path):
    """Hints, a field that no card shows, and a card of image occlusion."""
    collection = Collection(str(tmp_path / "collection.anki2"))

    def add(name: str, fields: dict[str, str], front: str = "") -> None:
        kind = collection.models.by_name(name)
        assert kind
        if front:
            kind = collection.models.copy(kind, add=False)
            kind["tmpls"][0]["qfmt"] = front
            collection.models.add_field(kind, collection.models.new_field("Extra"))
            collection.models.add_field(kind, collection.models.new_field("Unseen"))
            collection.models.add_dict(kind)
            kind = collection.models.by_name(kind["name"])
            assert kind
        note = collection.new_note(kind)
        for field, value in fields.items():
            note[field] = value
        deck = collection.decks.id("D")
        assert deck
        collection.add_note(note, deck)

    add(
        "Basic",
        {"Front": "Exploding?", "Back": "It grows.", "Extra": "clip it", "Unseen": "a secret"},
        "{{Front}} {{hint:Extra}}",
    )
    add(
        "Image Occlusion",
        {"Occlusion": "{{c1::image-occlusion:rect:left=.1}}", "Image": '<img src="lstm.png">', "Header": "Gates"},
    )
    options = ExportAnkiPackageOptions(with_scheduling=False, with_deck_configs=False, with_media=False, legacy=False)
    collection.export_anki_package(out_path=str(tmp_path / "a.apkg"), options=options, limit=None)
    collection.close()
    (tmp_path / "content").mkdir()
    _kind, done = import_cards(tmp_path / "a.apkg", tmp_path / "content", "d")
    text = done.files[0].read_text()
    assert "## Exploding? {#exploding}\nIt grows.\n\nHint: clip it\n\n## " in text
    assert [says for _where, says in done.told if says.startswith("fields")] == ["fields that no card shows: a, secret"]
    assert (
        "Draft: yes, it asks for a part of a picture, which cards do not hide; the picture lstm.png is left out: it did"
        " not come with the file; there is no answer\n" in text
    )
    assert (done.cards, done.drafts, done.read["notes"]) == (1, 1, 2)
