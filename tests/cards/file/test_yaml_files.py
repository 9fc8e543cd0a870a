"""sources.yaml, deck.yaml and front matter: their values, and each mistake on its line."""

import pytest

from app.cards.check.check import check_content
from app.cards.file.yaml_files import LAST, Front, YamlError, by_document, documents, read_front, read_mapping
from app.settings import ROOT


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("documents: 3\n", 1, "documents must be a list"),
        ("documents:\n  - key: a\n", 2, "document 1: must have exactly key, title, what, items"),
        ("\ndocuments: []\nmore: 1\n", 3, "unknown key 'more'"),
        ("documents: [\n", 2, "not valid YAML"),
        ("documents: []\npapers: 3\n", 2, "papers must be lines of the form key:"),
        ("documents: []\npapers:\n  a: 3\n", 3, "paper a: must have exactly authors, year, title, venue"),
        ("documents: []\npapers:\n  A b: {authors: A, year: 1990, title: T, venue: V}\n", 3, "key must be lower-case"),
        ("documents: []\npapers:\n  a: {authors: A, year: 90, title: T, venue: V}\n", 3, "year must be a number"),
        ("documents: []\npapers:\n  a: {authors: A, year: 1990, title: , venue: V}\n", 3, "must have exactly"),
        ("documents: []\npapers:\n  a: 1\n  a: 2\n", 4, "'a' appears twice"),
    ],
)
def test_a_broken_list_of_sources_is_named_and_its_items_are_not_missed(text, line, words, content, write, topic):
    write("sources.yaml", text)
    write("d/a.md", topic("## Q {#q}\nA.\n\nSource: book-1"))
    (mistake,) = check_content(content).mistakes
    assert (mistake.path, mistake.line) == ("sources.yaml", line)
    assert words in mistake.message


def test_an_item_of_two_documents_is_a_mistake(content, write):
    listed = (content / "sources.yaml").read_text()
    write("sources.yaml", listed + listed.split("documents:\n")[1].replace("key: book", "key: copy"))
    (mistake,) = check_content(content).mistakes
    assert mistake.message == "document 2: item 'book-1' appears twice"
    assert mistake.line == len(listed.splitlines()) + 1


def test_deck_yaml_is_checked(content, write, topic):
    write("d/a.md", topic())
    write("d/deck.yaml", "titel: D\n")
    assert [(m.path, m.line) for m in check_content(content).mistakes] == [("d/deck.yaml", 1), ("d/deck.yaml", 1)]
    write("d/deck.yaml", "title: D\n")
    assert check_content(content).mistakes == []


def test_the_five_documents_have_their_98_items():
    sources = check_content(ROOT / "content").sources
    assert sources is not None
    counts = {document.key: len(document.items) for document in sources.documents}
    assert counts == {"theory": 18, "dsi": 17, "study": 19, "lecture10": 20, "top25": 24}
    assert len(sources.items) == 98


def test_a_mapping_has_the_lines_of_its_keys_and_items():
    entries = read_mapping("a: 1\n\nb:\n  - x\n  - y\nc:\n  d: 1\n", first_line=5)
    assert {key: (entry.value, entry.line, entry.item_lines) for key, entry in entries.items()} == {
        "a": (1, 5, ()),
        "b": (["x", "y"], 7, (8, 9)),
        "c": ({"d": 1}, 10, (11,)),
    }
    assert read_mapping("") == {}


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\na: 2", 2), ("- a", 1), ("a: 1\n1: b", 2), ("a: 1\nb: [\n", 3), ("[" * 9_999, 1)]
)
def test_what_is_no_mapping_has_a_line(text, line):
    with pytest.raises(YamlError) as raised:
        read_mapping(text)
    assert raised.value.line == line


LEVELS = "".join(f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (f"a: &a0 x\n{LEVELS}", 2, "is an alias: write the value itself"),
        ("a: &x 1\nb:\n  - *x", 3, "is an alias"),
        ("a: &x {k: 1}\nb:\n  <<: *x", 3, "is an alias"),
        ("a: &x k\n? *x\n: 1", 2, "is an alias"),
        ("a: 1" + ":1" * 1_000_000, 1, "a number has at most 40 characters"),
        ("a:\n  - 0x" + "f" * 1_000_000, 2, "a number has at most 40 characters"),
        ("a: 1\nb: [" + "1," * 1_000_000 + "]", 2, "more than 20,000 values"),
        ("a: 1\nb: {<<: [" + "{c: 1}," * 100_000 + "]}", 2, "more than 20,000 values"),
        ("? 1" + ":1" * 1_000_000 + "\n: 1", 1, "a number has at most 40 characters"),
    ],
)
def test_a_few_lines_do_not_stand_for_much_memory_or_time(text, line, says):
    with pytest.raises(YamlError, match=says) as raised:
        read_mapping(text)
    assert raised.value.line == line


@pytest.mark.parametrize(
    ("text", "front", "lines"),
    [
        ("---\ntitle: A\norder: 3\n---\nrest", Front("A", 3), 4),
        ("---\ntitle:  A   b \n---", Front("A b", LAST), 3),
        ("---\ntitle: A\norder: yes\n---", None, 4),
        ("---\ntitle: A\n", None, 3),
        ("rest", None, 0),
    ],
)
def test_front_matter(text, front, lines):
    found, length, mistakes = read_front("d/a.md", text.split("\n"))
    assert (found, length, bool(mistakes)) == (front, lines, front is None)


def test_items_are_grouped_by_document(content):
    assert [document.key for document in documents(content)] == ["book"]
    assert by_document(content, ["book-2", "own", "book-1"]) == [("A book", ["book-2", "book-1"]), ("own", ["own"])]
