"""The points of a card; what is wrong with them is in tests/cards/check/mistakes.md."""

import pytest

from app.cards.file.parse import parse
from app.cards.file.sides import sides

POINTS = "Points:\n- One $x$.\n* Two.\n+ *Three*.\n".replace("*", "-", 1).replace("+", "-")


def parsed(below: str, above: str = "A.") -> tuple[list[str], str, list[tuple[int, str]]]:
    """The points of a card, its answer, and the mistakes."""
    found = parse("d/a.md", f"---\ntitle: T\n---\n## Q {{#q}}\n{above}\n\n{below}")
    (card,) = found.cards
    return [text for text, _line in card.metadata.points], card.answer, [(m.line, m.message) for m in found.mistakes]


@pytest.mark.parametrize(
    "below",
    [
        POINTS,
        f"{POINTS}\nLevel: easy\n",
        f"Level: easy\n\n{POINTS}",
        f"Level: easy\n{POINTS}",
        f"Level: easy\n\n{POINTS}\nTags: a\n",
        POINTS.replace("\n", "\n\n"),
    ],
)
def test_points_stand_among_the_last_lines_and_are_not_the_answer(below: str) -> None:
    assert parsed(below) == (["One $x$.", "Two.", "*Three*."], "A.", [])


def test_a_list_of_the_answer_is_no_points() -> None:
    assert parsed("Level: easy", above="Points are:\n\n- One.") == ([], "Points are:\n\n- One.", [])


def test_the_question_as_written_has_them_and_no_other_side() -> None:
    text = f"---\ntitle: T\n---\n## Q {{#q}}\nA.\n\n{POINTS}\nReversed: yes\nAsk: layer-shapes\n"
    found = parse("d/a.md", text)
    has = {one.name: len(one.metadata.points) for one in sides(found.cards[0], found.references).cards}
    assert (has, found.mistakes) == ({"q": 3, "q~reversed": 0, "q~computed": 0}, [])
