"""The parts of an answer: what begins one, what does not, and that nothing of the answer is lost."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.cards.file.blocks import read
from app.cards.render.parts import AnswerPart, parts
from app.cards.render.render import Surroundings, render
from tests.examples import examples


def labels(text: str) -> list[str]:
    return [part.label or ("demos" if part.demos else "-") for part in of(text)]


def of(text: str) -> tuple[AnswerPart, ...]:
    document = read(text)
    return parts(render(document.blocks, Surroundings(document.references, "d")).html)


def test_an_answer_of_the_course_falls_into_its_parts() -> None:
    text = (
        "More first.\n\n**Why:** Because $x$.\n\n$$x^2$$\n\nso it is.\n\n**Example:** Two.\n\n"
        "**A common mistake** is to say three.\n\n**They may ask next:** [What?](card:q)\n\n"
        "[One](demo:a?x=1#y=2) ·\n[Two](demo:b)\n\nLast words[^1].\n"
    )
    assert labels(text) == ["-", "Why", "Example", "Common mistake", "Follow-up", "demos", "-"]
    found = of(text)
    assert found[1].html.startswith('<p>Because <span class="glued"><math')
    assert "so it is." in found[1].html
    assert found[3].html == "<p>A common mistake is to say three.</p>\n"
    assert [re.sub("<[^>]*>", "", link) for link in found[5].demos] == ["One", "Two"]


def test_other_decks_have_labels_of_their_own() -> None:
    assert labels("**Proof**: By induction.\n\n**例：** 二つ。\n\n**لماذا:** لأن.\n") == ["Proof", "例", "لماذا"]
    assert labels("### Idea\nOne.\n\n#### Detail\nTwo.\n\n### Use\nThree.\n") == ["Idea", "Use"]
    assert labels("**Steps:**\n\n1. one\n2. two\n\n**Cost:** none\n") == ["Steps", "Cost"]
    assert of("**Steps:**\n\n1. one\n")[0].html.startswith("<ol>")
    assert of("**من:** نص\n")[0].html.startswith('<p dir="rtl">')


def test_an_answer_without_labels_is_one_part() -> None:
    for text in (
        "Plain words.\n\nMore of them.\n",
        "**Precision** is one thing.\n\n**Recall** is another.\n",  # bold words alone are no label
        "> **Why:** in a quotation\n\n- **Example:** in a list\n",
        "**" + "A sentence that is bold from its beginning to its end, as some write theirs:" + "**\n\nMore.\n",
        "| a |\n|---|\n| **Why:** |\n",
        "See [a demo](demo:a) for more, and [a card](card:b).\n",
        "Words that end with **a colon:** and go on.\n",
    ):
        assert labels(text) == ["-"], text
    assert labels("") == []


BLOCKS = [
    "words", "**Why:** a", "**Why**: b", "**A label:**", "**The term** is c", "### Head", "#### Below", "- **x:** d",
    "[l](demo:a)", "[l](demo:a) · [m](demo:b?c=d)", "> **q:** e", "$$x$$", "|a|\n|---|\n|b|", "note[^1]",
    "**a **b** c:**", "נכון **למה:** כי", "`**Why:**`", "**`code`:** f", "**[l](demo:a)**",
]  # fmt: skip


@examples(60)
@given(st.lists(st.sampled_from(BLOCKS), max_size=8))
def test_no_word_is_lost_or_told_twice(blocks: list[str]) -> None:
    document = read("\n\n".join(blocks) + "\n")
    html = render(document.blocks, Surroundings(document.references, "d")).html

    def words(text: str) -> Counter[str]:
        return Counter(re.findall(r"[\w$`*]+", re.sub("<[^>]*>", " ", text).casefold()))

    shown: Counter[str] = Counter()
    for part in parts(html):
        shown += words(part.html) if part.demos else words(f"{part.label} {part.html}")
    assert not words(html) - shown
    assert (shown - words(html)).keys() <= {"term"}, "a label that begins a sentence is in it, too"
