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
        write(f"d{number:03d}/case.md", text)
    found = check_content(content, find_demo).mistakes
    assert found == sorted(found)
    alone = [(f"d{number:03d}/case.md", line) for number, case in enumerate(CASES) for line, _ in read_case(case)[1]]
    assert [(mistake.path, mistake.line) for mistake in found] == alone


def test_an_id_taken_in_another_file_names_both_places(content, write, topic, find_demo):
    write("d/a.md", topic("## One {#one}\nA."))
    write("d/b.md", topic("## Another {#one}\nB.", title="B"))
    write("e/c.md", topic("## In another deck {#one}\nC.", title="C"))
    assert check_content(content, find_demo).mistakes == [
        Mistake("d/b.md", 7, "the id 'one' is already taken at d/a.md:7: choose another")
    ]


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
