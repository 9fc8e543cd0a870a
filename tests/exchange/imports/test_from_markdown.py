"""Markdown and MyST pages, a question a heading."""

import re
from collections import Counter
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from app.cards.check.check import check_content
from app.exchange.imports.draft import Draft, Notice, Skipped
from app.exchange.imports.from_markdown import read_markdown
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.kinds import HowToRead
from tests.examples import examples
from tests.exchange.imports.pages import OWN, PAGE, parts


def test_a_myst_page_by_heading():
    cards, skipped, reading = parts(PAGE, read_markdown)
    assert reading.title == "Trees"
    assert "> **Warning**\n>\n> Unfinished." in reading.explanation
    assert "See the forest and $x_1$." in reading.explanation
    assert "A tree with *two* leaves" in reading.explanation
    assert [(card.where, card.question) for card in cards] == [
        ("line 22", "Kinds of tree"),
        ("line 30", "Training:"),
        ("line 34", "Training: How to stop"),
        ("line 43", "Pruning"),
    ]
    assert "> **Mind**\n>\n> the depth" in cards[0].answer
    assert "```python\n# no heading\nstop = True\n```" in cards[2].answer
    assert "[the book](https://books.example.org/trees)" in cards[2].answer
    assert cards[3].answer == ""
    assert skipped == [Skipped("line 15", "the picture ../tree.PNG is left out, its caption kept")]


def test_footnotes_stand_below_the_cards_that_refer_to_them():
    page = (
        "## A?\n\nOne[^1], two[^x].\n\n## B?\n\nThree[^1].\n\n[^1]: First[^x].\n[^x]: Deep\n    down.\n[^no]: Unused.\n"
    )
    cards, skipped, _reading = parts(page, read_markdown)
    assert [card.answer for card in cards] == [
        "One[^1], two[^x].\n\n[^1]: First[^x].\n[^x]: Deep\n    down.",
        "Three[^1-2].\n\n[^1-2]: First[^x-2].\n[^x-2]: Deep\n    down.",
    ]
    assert skipped == [Skipped("line 12", "no answer refers to this footnote: [^no]: Unused.")]


def test_front_matter_may_be_toml():
    cards, _skipped, reading = parts('+++\ntitle = "T"\ntags = ["x"]\n+++\n\n## Q?\n\nA\n', read_markdown)
    assert (reading.title, [card.question for card in cards]) == ("T", ["Q?"])
    assert [item.where for item in reading.items if isinstance(item, Notice)] == ["line 3"]


def test_a_page_of_recurs_own_keeps_its_cards_whole():
    cards, skipped, reading = parts(OWN, read_markdown)
    assert (reading.title, reading.explanation, reading.key_points) == ("Trees", "An explanation.", "- Trees split.")
    assert cards == [
        Draft(
            "line 10",
            "What is a leaf?",
            "A node without children.\n\n### In more words\nIt ends a path.",
            ("trees", "nodes"),
            "easy",
            ("book-1",),
            "leaf",
        )
    ]
    assert skipped == []


def test_front_matter_that_is_not_yaml_is_told():
    _cards, skipped, _reading = parts("---\n[: x\n---\n# A\na\n# B\nb\n", read_markdown)
    assert len(skipped) == 1
    assert skipped[0].why.startswith("the front matter: not valid YAML")


def test_front_matter_gives_a_line_of_text_or_no_title():
    front = "---\ntitle: {}\n---\n\n# Other\n\n## Q?\nA.\n"
    titles = {"Words": "Words", "2024": "2024", '"two\\nlines"': "two lines", "[a, b]": "Other", "{a: b}": "Other"}
    assert {given: read_markdown(front.format(given)).title for given in titles} == titles


def test_front_matter_with_aliases_is_named_and_left_out():
    levels = "".join(f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    reading = read_markdown(f"---\na: &a0 x\n{levels}title: *a8\n---\n\n## Q?\nA.\n")
    assert reading.title == ""
    assert any("is an alias" in one.why for one in reading.items if isinstance(one, Skipped))


WORD = st.from_regex(r"[a-z]{3,7}", fullmatch=True)
LINE = st.tuples(
    st.sampled_from(
        [
            "",
            "# ",
            "## ",
            "### ",
            "- ",
            "> ",
            "1. ",
            "    ",
            "```",
            "%",
            "Level: ",
            "Tags: ",
            ":::{note} ",
            "[x]: ",
            "(",
            "+++ ",
        ]
    ),
    st.lists(WORD, min_size=1, max_size=4).map(" ".join),
    st.sampled_from(
        [
            "",
            "?",
            " {#an-id}",
            "==word==",
            "{{c1::word}}",
            "```",
            "$x",
            " <!-- hidden -->",
            " ![alt](pic.png)",
            " [word][x]",
            "{ref}`a <b>`",
            ")=",
        ]
    ),
).map("".join)


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall("[a-z]{3,}", text.lower()))


@examples(80)
@given(st.lists(LINE, min_size=1, max_size=12))
@example(["## the same card {#an-id}", "## the same card", "## another"])
def test_no_word_of_a_page_is_lost(lines):
    text = "## Begin\n\n" + "\n\n".join(lines)
    with TemporaryDirectory() as folder:
        (Path(folder) / "a.md").write_text(text)
        _kind, done = import_cards(Path(folder) / "a.md", Path(folder), "d", HowToRead(kind="markdown"))
        written = "\n".join(file.read_text() for file in done.files) + "\n".join(says for _where, says in done.told)
        assert [str(one) for one in check_content(Path(folder)).mistakes] == []
    words = words_of(text) - words_of(written)
    for where, says in done.told:
        if says.startswith("the same card as at line"):  # its words are written there
            told, *rest = text.split("\n")[int(where.removeprefix("line ")) - 1 :]
            words -= words_of("\n".join([told, *takewhile(lambda line: not line.startswith("## "), rest)]))
    layout = Counter({word: text.count(word) for word in ("note", "ref")})
    assert not words - layout


def test_a_file_of_our_own_keeps_what_its_marks_mean(tmp_path):
    text = (
        "## Why? {#why}\nIt ==hides== a ==word==.\n\n## LSTM? {#lstm}\nLong.\n\nTags: a\nReversed: yes\n\n"
        "## Next? {#next}\nYes.\n\nWas: d/before\nDraft: yes, to be checked\n"
    )
    (tmp_path / "a.md").write_text(f"---\ntitle: A\n---\n\n{text}")
    _kind, done = import_cards(tmp_path / "a.md", tmp_path, "d")
    assert done.files[0].read_text().partition("\n---\n")[2] == text
    assert (done.cards, done.drafts, done.lossy, done.written) == (2, 1, 0, done.read["words"] - 3)
