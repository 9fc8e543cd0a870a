"""Whatever an author's text holds, it becomes a content file without a mistake."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from app.cards.check.check import check_content
from app.exchange.imports.draft import Draft, Reading
from app.exchange.imports.target_file import target_file
from app.exchange.imports.write import Imported, write
from tests.examples import examples

PIECES = [
    *("# ", "## ", "### ", "\n", "\n\n", "    ", "\t", "- ", "1. ", "> ", "---", "===", "```", "~~~", "```python", "`"),
    *(
        "$",
        "$$",
        "$x$",
        "$\\frac{1}$",
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        "\\",
        "[",
        "](",
        ")",
        "![",
        "](x.png)",
        "<",
        ">",
        "|",
    ),
    *(
        "==",
        "==a==",
        "{{c1::b}}",
        "{{c2::",
        "}}",
        "Reversed: yes",
        "Was: d/x",
        "Corrected: 2026-01-02 x",
        "[^1]",
        "- [x] ",
    ),
    *(
        "<sub>",
        "</sub>",
        "~~",
        "{.x}",
        "{% a %}",
        "[[w]]",
        "%%",
        ":::",
        "> [!note]",
        "==$x$==",
        "a^2^",
        "[!",
        "<b>",
        "\n\n",
    ),
    *("##x", "###### x", "<!--", "-->", "<!-- a -->"),
    *("Source: ", "Level: easy", "Tags: ", "tags:", "Draft: yes", "{#id}", "{#", "*", "_", "~~", "&amp;", "[a]: b"),
    *(
        "[a](demo:nothing)",
        "[a](card:no)",
        "[a](mailto:x)",
        "<http://a.b>",
        "<mailto:a@b>",
        "word",
        "5",
        "é",
        "Key points",
    ),
    *("\x00", "\x85", "\u2028", "\ud800", "\ufeff", "| a | b |\n|---|---|\n| $|x|$ | c |", "a\n-", "a\n="),
]

MARKDOWN = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def mistakes_of(*drafts: Draft, explanation: str = "", key_points: str = "") -> list[str]:
    with TemporaryDirectory() as folder:
        content = Path(folder)
        done = write(
            Reading("T", iter(drafts), explanation, key_points), target_file(content, "d/new", Path("x")), None
        )
        checked = check_content(content)
        cards = {card.line for file in checked.files for card in (*file.cards, *file.drafts)}
        assert len(cards) == done.cards + done.drafts
        every = [card for file in checked.files for card in (*file.cards, *file.drafts)]
        assert not any(card.side_of or card.corrected or card.was for card in every)
        return [str(mistake) for mistake in checked.mistakes]


@examples(150)
@example([("", "\\==a==")], "", "")
@example([("===a==", "====a== and =====b=====")], "", "")
@given(st.lists(st.tuples(MARKDOWN, MARKDOWN), min_size=1, max_size=3), MARKDOWN, MARKDOWN)
def test_any_text_passes_the_check(cards, explanation, key_points):
    drafts = [Draft(f"line {at}", f"Question {question}", answer) for at, (question, answer) in enumerate(cards)]
    assert mistakes_of(*drafts, explanation=explanation, key_points=key_points) == []


def test_text_that_looks_like_marks_of_ours_is_text():
    drafts = [
        Draft("1", "Is a ==b== c?", "One ==two== three, ==$x$== and =====."),
        Draft("2", "Is {{c1::it}}?", "{{c1::Hidden}} or {{c2::not::hint}}."),
        Draft("6", "In a formula?", "$a {{c1::b}}$ and ==$y$=="),
        Draft("7", "After a backslash?", "\\==a== and \\{{c1::b}}"),
        Draft("3", "Two ways?", "No.\n\nReversed: yes"),
        Draft("4", "Was it?", "No.\n\nWas: d/other"),
        Draft("5", "Corrected?", "No.\n\nCorrected: 2026-01-02 a number"),
    ]
    with TemporaryDirectory() as folder:
        done = write(Reading("", iter(drafts)), target_file(Path(folder), "d/new", Path("x")), None)
        checked = check_content(Path(folder))
    cards = [card for file in checked.files for card in file.cards]
    assert [str(one) for one in checked.mistakes] == []
    assert (len(cards), done.cards, done.drafts) == (7, 7, 0)
    assert {(where, says.split()[0]) for where, says in done.told} == {
        *(("1", "==b=="), ("1", "==two=="), ("1", "==$x$=="), ("6", "==$y$==")),
        *(("2", "{{c1::it}}"), ("2", "{{c1::Hidden}}"), ("2", "{{c2::not::hint}}")),
    }
    assert [card.question for card in cards[:2]] == ["Is a ==b== c?", "Is {{c1::it}}?"]


def test_a_line_that_is_read_wrongly_gives_way_alone():
    draft = Draft("line 1", "Why?", "Good *text*.\n\nA [link](card:nowhere) here.\n\nMore $x$.")
    with TemporaryDirectory() as folder:
        target = target_file(Path(folder), "d/new", Path("x"))
        done = write(Reading("T", iter([draft])), target, None)
        text = done.files[0].read_text()
    assert "Good *text*." in text
    assert "More $x$." in text
    assert r"A &#91;link&#93;(card\:nowhere) here\." in text
    assert any("there is no card 'nowhere'" in sentence for _where, sentence in done.told)


def imported(*drafts: Draft) -> tuple[Imported, str]:
    with TemporaryDirectory() as folder:
        done = write(Reading("T", iter(drafts)), target_file(Path(folder), "d/new", Path("x")), None)
        assert [str(one) for one in check_content(Path(folder)).mistakes] == []
        return done, done.files[0].read_text()


WHOLE = [Draft(f"line {at}", f"What is {at}?", "A number.") for at in range(10)]
MORE = [Draft(f"line {at}", f"And {at}?", "A number.") for at in range(10)]
LOSSY = [Draft(f"line {at}", f"Which {at}?", "![a cell](cell.png)") for at in range(3)]


def test_what_came_over_whole_is_live_and_the_reason_stands_beside_a_draft():
    done, text = imported(*WHOLE, LOSSY[0], Draft("line 9", "Open?"))
    assert (done.cards, done.drafts, done.lossy, done.is_draft) == (10, 2, 1, False)
    assert "a cell\n\nDraft: yes, the picture cell.png is left out: it did not come with the file\n" in text
    assert "Draft: yes, there is no answer\n" in text
    assert text.count("Draft:") == 2


def test_an_import_with_many_losses_is_one_draft_by_one_line():
    done, text = imported(*WHOLE, *LOSSY)
    assert (done.lossy, done.is_draft) == (3, True)
    assert text.startswith('---\ntitle: "T"\ndraft: yes\n---\n')
    assert text.count("draft: yes") == 1
    assert not imported(*WHOLE, *LOSSY[:2])[0].is_draft
    assert not imported(*WHOLE, *MORE, *LOSSY)[0].is_draft


def test_a_link_to_a_draft_keeps_its_words():
    first = Draft("line 1", "One?", "See [the second](card:two).", name="one")
    second = Draft("line 2", "Two?", "See [the first](card:one).", name="two", left_out=("a picture is left out",))
    done, text = imported(first, second)
    assert (done.cards, done.drafts) == (1, 1)
    assert "See the second.\n" in text
    assert "See [the first](card:one).\n" in text
    assert done.told[0] == ("line 1", "the link to card:two is left out, its words kept: that card is a draft")


def test_a_word_that_a_card_does_not_hold_is_named():
    done, text = imported(Draft("line 1", "Why?", "So.", text="Why? So, unless not."))
    assert done.told == [("line 1", "left out: unless, not")]
    assert (done.read["words"], done.written) == (4, 2)
    assert "Draft: yes, left out: unless, not\n" in text
