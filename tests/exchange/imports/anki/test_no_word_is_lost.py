"""Words of random notes in = words of cards out + words named, by a count of its own, for Anki's own note types."""

import json
import re
import sqlite3
import zipfile
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from anki.collection import Collection, ExportAnkiPackageOptions
from anki.decks import DeckId
from hypothesis import given
from hypothesis import strategies as st

from app.cards.check.check import check_content
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.write import NothingFoundError
from tests.cards.file.test_pictures import png
from tests.examples import examples

KINDS = ("Basic", "Basic (and reversed card)", "Basic (optional reversed card)", "Cloze")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A collection with Anki's note types and without notes, and the numbers of the types."""
    folder = tmp_path_factory.mktemp("anki")
    collection = Collection(str(folder / "collection.anki2"))
    types = {}
    for name in KINDS:
        kind = collection.models.by_name(name)
        assert kind
        types[name] = kind["id"]
        note = collection.new_note(kind)
        note.fields[0] = "{{c1::a}}"
        collection.add_note(note, DeckId(1))
    options = ExportAnkiPackageOptions(with_scheduling=False, with_deck_configs=False, with_media=False, legacy=True)
    collection.export_anki_package(out_path=str(folder / "a.apkg"), options=options, limit=None)
    collection.close()
    with zipfile.ZipFile(folder / "a.apkg") as package:
        name = "collection.anki21" if "collection.anki21" in package.namelist() else "collection.anki2"
        return Path(package.extract(name, folder)), types


MARKS = [
    *("{}", " {} ", "<b>{}</b>", "<i>{}</i> ", "<div>{}</div>", "<p>{}", "{}<br>", "<ul><li>{}</li></ul>", "&nbsp;{}"),
    *("<pre>{}</pre>", "<code>{}</code>", "<table><tr><td>{}</td><td>x</td></tr></table>", "<h1>{}</h1>", "<a>{}</a>"),
    *(
        '<a href="https://a.org">{}</a>',
        '<a href="notes/x.html">{}</a>',
        "<sup>{}</sup>",
        "x<sub>{}</sub>",
        "<u>{}</u>",
    ),
    *(r"\({}\)", r"\[\text{{{}}}\]", "[latex]${}$[/latex]", "[latex]{}[/latex]", "[$]{}[/$]", r"\(\nonsuch{{{}}}\)"),
    *(
        '<img src="{}.png">',
        '<img src="cell.png" alt="{}">',
        '<img src="cell.png" title="{}" alt="x">',
        "[sound:{}.mp3]",
    ),
    *('<pre>a<img src="{}.jpg">b</pre>', '<a href="https://a.org"><img src="cell.png" alt="{}"></a>', "<font>{}"),
    *("=={}==", "[x] {}", "- {}", "# {}", "Source: {}", "Reversed: {}", "```{}", "$ {} $", "[[{}]]"),
    "&lt;sub&gt;{}",
    *(
        "{{{{c1::{}}}}}",
        "{{{{c2::{}::hint}}}}",
        "{{{{c1::<b>{}</b>}}}}",
        "{{{{c3::\\({}\\)}}}}",
        "{{{{{}}}}}",
        "{{{{c9::{}",
    ),
    *(
        "|{}|",
        "a]({})",
        "![{}](x)",
        "<!-- x -->{}",
        "<hr>{}",
        "<blockquote>{}</blockquote>",
        "\\{}",
        "&amp;{};",
        "~~{}~~",
    ),
]
FIELD = st.lists(st.sampled_from(MARKS), max_size=4).map(" ".join)
NOTE = st.tuples(st.sampled_from(KINDS), FIELD, FIELD, st.sampled_from(["", "y"]))


def package(path: Path, empty: tuple[Path, dict[str, int]], notes: list[tuple[str, str, str, str]]) -> None:
    """Write a package with these notes, and with the cards that Anki makes of them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(empty[0].read_bytes())
        for table in ("notes", "cards"):
            connection.execute(f"DELETE FROM {table}")
        number = 1
        for at, (kind, front, back, both) in enumerate(notes, 1):
            fields = [front, back, *([both] if "optional" in kind else [])]
            connection.execute(
                "INSERT INTO notes VALUES (?, ?, ?, 1, -1, '', ?, '', 0, 0, '')",
                (at, f"guid{at}", empty[1][kind], "\x1f".join(fields)),
            )
            asked = {int(one) - 1 for one in re.findall(r"\{\{c(\d)::", front)}
            ords = asked or {0} if kind == "Cloze" else {0, 1} if "and" in kind or ("opt" in kind and both) else {0}
            for ord_ in ords:
                columns = (number, at, 1, ord_, 1, -1, 0, 0, number, 0, 0, 0, 0, 0, 0, 0, 0, "")
                connection.execute(f"INSERT INTO cards VALUES ({', '.join('?' * 18)})", columns)
                number += 1
        connection.commit()
        data = connection.serialize()
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("collection.anki2", data)
        made.writestr("media", json.dumps({"0": "cell.png"}))
        made.writestr("0", png(4, 3))


@examples(60)
@given(st.lists(NOTE, min_size=1, max_size=6))
def test_no_word_of_a_note_is_lost(empty, notes):
    words = map("q{:03}".format, count())
    letters = str.maketrans("0123456789", "abcdefghij")
    notes = [
        (kind, *(re.sub(r"q\d+", lambda found: found[0].translate(letters), field) for field in filled), both)
        for kind, *fields, both in notes
        for filled in [[field.format(*islice(words, field.count("{}"))) for field in fields]]
    ]
    with TemporaryDirectory() as folder:
        package(Path(folder) / "a.apkg", empty, notes)
        try:
            _kind, done = import_cards(Path(folder) / "a.apkg", Path(folder), "d")
        except NothingFoundError as error:
            written = "\n".join(says for _where, says in error.done.told)
        else:
            assert [str(one) for one in check_content(Path(folder)).mistakes] == []
            assert done.written <= done.read["words"]
            written = "\n".join(path.read_text() for path in done.files) + "\n".join(says for _where, says in done.told)
    read = set(re.findall("q[a-j]{3}", re.sub(r"<!--.*?-->", "", str(notes))))
    assert not read - set(re.findall("q[a-j]{3}", written.lower()))
