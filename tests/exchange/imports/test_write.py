"""Whatever an author's text holds, it becomes a content file without a mistake."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from app.cards.check.check import check_content
from app.exchange.imports.draft import Draft, Reading
from app.exchange.imports.target_file import target_file
from app.exchange.imports.write import write
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
        return [str(mistake) for mistake in checked.mistakes]


@examples(150)
@given(st.lists(st.tuples(MARKDOWN, MARKDOWN), min_size=1, max_size=3), MARKDOWN, MARKDOWN)
def test_any_text_passes_the_check(cards, explanation, key_points):
    drafts = [Draft(f"line {at}", f"Question {question}", answer) for at, (question, answer) in enumerate(cards)]
    assert mistakes_of(*drafts, explanation=explanation, key_points=key_points) == []


def test_a_line_that_is_read_wrongly_gives_way_alone():
    draft = Draft("line 1", "Why?", "Good *text*.\n\nA [link](card:nowhere) here.\n\nMore $x$.")
    with TemporaryDirectory() as folder:
        target = target_file(Path(folder), "d/new", Path("x"))
        done = write(Reading("T", iter([draft])), target, None)
        text = done.files[0].read_text()
    assert "Good *text*." in text
    assert "More $x$." in text
    assert r"A \[link\]\(card\:nowhere\) here\." in text
    assert any("there is no card 'nowhere'" in sentence for _where, sentence in done.told)
