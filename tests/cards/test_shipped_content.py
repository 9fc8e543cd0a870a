"""What comes with Recur: how long a short answer is, what follows it in which order, its points, and what is cited."""

import re
from itertools import combinations

import pytest

from app.cards.file.blocks import plain
from app.cards.file.parse import ParsedCard, parse
from app.cards.file.yaml_files import read_sources
from app.demos.registry import all_demos, find
from app.settings import ROOT

CONTENT = ROOT / "content" / "rnn"
MOST_WORDS = 45
SECTIONS = ("**Why:**", "**Example:**", "**A common mistake** is to", "**They may ask next:**")
_FORMULA = re.compile(r"\$[^$]+\$")
_TERM = re.compile(r"\w{4,}")


TOPICS = {path.stem: parse(path.name, path.read_text()).cards for path in sorted(CONTENT.glob("*.md"))}
WRITTEN = [card for cards in TOPICS.values() for card in cards if card.answer]
CARDS = pytest.mark.parametrize("card", WRITTEN, ids=lambda card: card.name)


@CARDS
def test_the_short_answer_can_be_said_in_a_breath_or_two(card: ParsedCard) -> None:
    words = _FORMULA.sub("x", plain(card.short[0].tokens)).split()
    assert len(words) <= MOST_WORDS, " ".join(words)


@CARDS
def test_what_follows_is_why_an_example_a_mistake_and_a_follow_up(card: ParsedCard) -> None:
    places = [card.answer.find(f"\n\n{label}") for label in SECTIONS]
    assert -1 not in places, dict(zip(SECTIONS, places, strict=True))
    assert places == sorted(places)
    assert card.answer.find(SECTIONS[0]) == len(card.answer.split("\n\n")[0]) + 2, "Why follows the short answer"


@CARDS
def test_a_medium_or_hard_card_cites_a_paper(card: ParsedCard) -> None:
    assert card.metadata.level == "easy" or "](paper:" in card.answer


@CARDS
def test_a_card_has_three_to_five_points_and_each_says_something_else(card: ParsedCard) -> None:
    points = [_FORMULA.sub("x", point) for point, _line in card.metadata.points]
    assert 3 <= len(points) <= 5
    assert [point for point in points if not 6 <= len(point.split()) <= 16] == []
    terms = {point: set(_TERM.findall(point.casefold())) for point in points}
    for one, other in combinations(points, 2):
        assert 2 * len(terms[one] & terms[other]) <= min(len(terms[one]), len(terms[other])), (one, other)
    for one in points:
        rest = set().union(*(terms[other] for other in points if other != one))
        assert len(terms[one] - rest) >= 2, f"too few words of its own: {one}"


def test_every_topic_asks_computed_questions_and_the_deck_sixty() -> None:
    asks = {topic: [card.metadata.ask[0] for card in cards if card.metadata.ask] for topic, cards in TOPICS.items()}
    assert all(asks.values()), asks
    every = [ask for of_topic in asks.values() for ask in of_topic]
    assert len(every) >= 60
    assert len(set(every)) == len(every), "no question is asked by two cards"


WITHOUT_A_PAPER = ("Keras, ", "PyTorch, ", "FSRS-6, ", "The same")
"""How a demo's source begins that is documentation, or another place in the paper above it."""


@pytest.mark.parametrize("name", sorted(all_demos()))
def test_a_demo_names_its_papers_as_the_list_of_sources_does(name: str) -> None:
    sources, _ = read_sources(ROOT / "content")
    assert sources
    known = tuple(f"{paper.authors}, {paper.title}, {paper.year}" for paper in sources.papers.values())
    named = [source.paper for source in find(name).sources]
    assert [
        one
        for one in named
        if not re.match(rf"({'|'.join(map(re.escape, known))})(\W|$)", one) and not one.startswith(WITHOUT_A_PAPER)
    ] == []
