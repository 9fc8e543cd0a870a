"""Mistakes for people, for programs and for GitHub."""

import json

import pytest

from app.cards.check.check import check_content
from app.cards.check.report import WIDEST, as_github, as_json, as_text, excerpts
from app.cards.file.mistake import Mistake


def plain(path: str) -> str:
    return path


def test_the_line_stands_under_all_its_mistakes(content, write):
    write("d/a.md", "---\ntitle: T\n---\nA [c](card:x) and [d](card:y).\n\ncost $5\n")
    lines = as_text(check_content(content).mistakes, plain, excerpts(content))
    assert lines[0].startswith("d/a.md:4: there is no card 'x' in d.")
    assert lines[1].startswith("d/a.md:4: there is no card 'y' in d.")
    assert lines[2] == "     4 | A [c](card:x) and [d](card:y)."
    assert lines[3].startswith("d/a.md:6: this $")
    assert lines[4] == "     6 | cost $5"


def test_json_holds_the_same(content, write):
    write("d/a.md", "---\ntitle: T\n---\nüber $5\n")
    (mistake,) = check_content(content).mistakes
    (said,) = json.loads(as_json([mistake], lambda path: f"content/{path}", excerpts(content)))
    assert said == {
        "level": "mistake",
        "path": "content/d/a.md",
        "line": 4,
        "message": mistake.message,
        "text": "über $5",
    }
    assert json.loads(as_json([], plain, excerpts(content))) == []


def test_github_reads_its_own_escapes():
    (line,) = as_github([Mistake("a,b:c%.md", 7, "50 % of\nthis: a, b")], plain)
    assert line == "::error file=a%2Cb%3Ac%25.md,line=7,title=recur check::50 %25 of%0Athis: a, b"


@pytest.mark.parametrize(
    ("data", "line", "text"),
    [
        (b"a\x1b[31m\tb\x07\x9b  \n", 1, None),
        ("a\x1b[31m\tb\x07\x85  \n".encode(), 1, "a�[31m  b�"),
        (b"one\r\ntwo\rthree", 3, "three"),
        (b"\xef\xbb\xbfone\n", 1, "one"),
        (b"one", 2, None),
        (b"x" * 10_000, 1, "x" * (WIDEST - 1) + "…"),
        (b"a\0b", 1, None),
    ],
)
def test_a_line_is_shown_as_far_as_it_can_be(data, line, text, content, write):
    write("d/a.md", data)
    assert excerpts(content)(Mistake("d/a.md", line, "?")) == (text or "")


def test_what_a_message_quotes_cannot_steer_a_terminal(content, write):
    write("d/a.md", "---\ntitle: T\n---\nA [x](card:\x1b[2J).\n")
    for line in as_text(check_content(content).mistakes, plain, excerpts(content)):
        assert line.isprintable()
