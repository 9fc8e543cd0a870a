"""recur check names every mistake by file and line, in one run."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cards.check.check import check_content
from app.cards.file.mistake import Mistake
from app.settings import ROOT

CASES = re.split(r"^=== ", (Path(__file__).parent / "mistakes.md").read_text(), flags=re.MULTILINE)[1:]


def read_case(case: str) -> tuple[str, list[tuple[int, str]]]:
    text, expected = case.split("\n", 1)[1].split("\n.\n")
    found = [re.fullmatch(r"(\d+): (.*)", line) for line in expected.splitlines()]
    return text + "\n", [(int(one[1]), one[2]) for one in found if one]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.split("\n", 1)[0])
def test_each_mistake_is_named_on_its_line(case, newline, content, write, find_demo):
    text, expected = read_case(case)
    write("d/case.md", text.replace("\n", newline))
    found = check_content(content, find_demo).mistakes
    assert [mistake.line for mistake in found] == [line for line, _ in expected], found
    for mistake, (_line, words) in zip(found, expected, strict=True):
        assert mistake.path == "d/case.md"
        assert words in mistake.message


def test_all_mistakes_of_all_files_come_in_one_run_in_order(content, write, find_demo):
    bad = {number: read_case(case)[0] for number, case in enumerate(CASES)}
    for number, text in bad.items():
        write(f"d{number:02d}/case.md", text)
    found = check_content(content, find_demo).mistakes
    assert found == sorted(found)
    alone = [(f"d{number:02d}/case.md", line) for number, case in enumerate(CASES) for line, _ in read_case(case)[1]]
    assert [(mistake.path, mistake.line) for mistake in found] == alone


def test_an_id_taken_in_another_file_names_both_places(content, write, topic, find_demo):
    write("d/a.md", topic("## One {#one}\nA."))
    write("d/b.md", topic("## Another {#one}\nB.", title="B"))
    write("e/c.md", topic("## In another deck {#one}\nC.", title="C"))
    assert check_content(content, find_demo).mistakes == [
        Mistake("d/b.md", 7, "the id 'one' is already taken at d/a.md:7: choose another")
    ]


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
    (b'---\ntitle: "\\0"\n---\n', 2, "title must be there"),
    (b'---\ntitle: "\\ud800"\n---\n', 2, "title must be there"),
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


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("documents: 3\n", 1, "documents must be a list"),
        ("documents:\n  - key: a\n", 2, "document 1: must have exactly key, title, what, items"),
        ("\ndocuments: []\nmore: 1\n", 3, "unknown key 'more'"),
        ("documents: [\n", 2, "not valid YAML"),
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
    write("sources.yaml", listed + listed.split("\n", 1)[1].replace("key: book", "key: copy"))
    (mistake,) = check_content(content).mistakes
    assert mistake.message == "document 2: item 'book-1' stands here a second time"
    assert mistake.line == len(listed.splitlines()) + 1


def test_deck_yaml_is_checked(content, write, topic):
    write("d/a.md", topic())
    write("d/deck.yaml", "titel: D\n")
    assert [(m.path, m.line) for m in check_content(content).mistakes] == [("d/deck.yaml", 1), ("d/deck.yaml", 1)]
    write("d/deck.yaml", "title: D\n")
    assert check_content(content).mistakes == []


def test_a_missing_folder_is_a_mistake(tmp_path: Path):
    (mistake,) = check_content(tmp_path / "nowhere").mistakes
    assert "cannot be read: No such file or directory" in mistake.message


def test_uncovered_items_are_counted_and_are_no_mistake(content, write, topic: Callable[..., str]):
    write("d/a.md", topic("## Q {#q}\nA.\n\nSource: book-2"))
    checked = check_content(content)
    assert checked.mistakes == []
    assert checked.uncovered == ["book-1"]
    write("d/a.md", topic("## Q {#q}\nA.\n\nSource: book-2", before="Why.\n\nSource: book-1"))
    assert check_content(content).uncovered == []


def test_the_five_documents_have_their_98_items():
    sources = check_content(ROOT / "content").sources
    assert sources is not None
    counts = {document.key: len(document.items) for document in sources.documents}
    assert counts == {"theory": 18, "dsi": 17, "study": 19, "lecture10": 20, "top25": 24}
    assert len(sources.items) == 98


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "with a byte-order mark"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_our_own_content_has_no_mistake(newline, mark, tmp_path: Path):
    shutil.copytree(ROOT / "content", tmp_path / "content")
    for file in (tmp_path / "content").rglob("*.md"):
        file.write_bytes(mark + file.read_bytes().replace(b"\n", newline))
    assert check_content(tmp_path / "content").mistakes == []


def test_the_corpus_is_large_and_no_case_has_the_name_of_another():
    broken = [read_case(case)[1] for case in CASES]
    assert sum(bool(expected) for expected in broken) >= 80
    assert len({case.split("\n", 1)[0] for case in CASES}) == len(CASES)
