"""What a quiz asks: a draw, the weakest by hand, an interview's order."""

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.study.quiz.choose import COMPUTED_IN, INTERVIEW, Candidate, Risk, chosen, interview, weakest

LEVELS = ("easy", "medium", "hard", None)


@st.composite
def decks(draw: st.DrawFn) -> list[Candidate]:
    """Cards in learning order, given in any order: topics one after another, the first card of each where it may be."""
    number = draw(st.integers(0, 40))
    cards, topic = [], draw(st.integers(1, 90))
    for place in range(number):
        topic = (topic * 7 + 1) % 97 if draw(st.booleans()) else topic
        recall = draw(st.none() | st.floats(0, 1))
        difficulty = None if recall is None else draw(st.floats(1, 10))
        level, computed = draw(st.sampled_from(LEVELS)), draw(st.booleans())
        cards.append(Candidate(100 + place, topic, f"{place:04}", level, recall, difficulty, computed))
    return draw(st.permutations(cards))


SEEDS = st.integers(0, 2**32).map(random.Random)


@given(decks(), st.integers(1, 50), SEEDS)
def test_a_chosen_quiz_has_as_many_cards_as_there_are_up_to_the_number_and_none_twice(
    deck: list[Candidate], number: int, rng: random.Random
) -> None:
    asked = chosen(deck, number, rng)
    by_id = {card.card_id: card for card in deck}
    assert len({question.card_id for question in asked}) == len(asked) == min(number, len(deck))
    assert all(question.expected == by_id[question.card_id].recall for question in asked)
    assert not any(question.is_follow_up for question in asked)


def test_chance_comes_in_as_an_argument_and_moves_the_choice() -> None:
    deck = [Candidate(n, 1, f"{n:02}") for n in range(40)]
    first = chosen(deck, 5, random.Random(1))
    assert chosen(deck, 5, random.Random(1)) == first
    assert chosen(deck, 5, random.Random(2)) != first


def test_the_weakest_are_the_least_likely_then_the_hardest_then_the_first() -> None:
    deck = [
        Candidate(1, 1, "a", recall=0.5, difficulty=3),
        Candidate(2, 1, "b", recall=0.2, difficulty=1),
        Candidate(3, 1, "c"),
        Candidate(4, 1, "d", recall=0.5, difficulty=8),
        Candidate(5, 1, "e", recall=0.5, difficulty=8),
        Candidate(6, 1, "f", recall=0.9, difficulty=10),
        Candidate(7, 1, "g", recall=0.0, difficulty=1),
    ]
    assert [question.card_id for question in weakest(deck, 5)] == [7, 2, 4, 5, 1]
    assert [question.card_id for question in weakest(deck)] == [7, 2, 4, 5, 1, 6]
    assert weakest([Candidate(3, 1, "c")]) == []


def ease(level: str | None) -> int:
    return ["easy", "medium", "hard"].index(level or "medium")


def check_interview(deck: Sequence[Candidate], follow_ups: Mapping[int, Sequence[int]], rng: random.Random) -> None:
    asked = interview(deck, follow_ups, rng)
    by_id = {card.card_id: card for card in deck}
    assert len(asked) == min(INTERVIEW, len(deck))
    assert len({question.card_id for question in asked}) == len(asked)
    for before, question in pairwise(asked):
        if question.is_follow_up:
            assert not before.is_follow_up
            assert question.card_id in follow_ups[before.card_id]
    assert not asked or not asked[0].is_follow_up
    written = sum(not card.is_computed for card in deck)
    computed = sum(by_id[question.card_id].is_computed for question in asked)
    assert computed <= max(INTERVIEW // COMPUTED_IN, len(asked) - written)
    topics = list(dict.fromkeys(card.topic_id for card in sorted(deck, key=lambda card: card.place)))
    openers = [by_id[question.card_id] for question in asked if not question.is_follow_up]
    order = [(topics.index(card.topic_id), ease(card.level), card.place) for card in openers]
    assert order == sorted(order)
    for place, question in enumerate(asked[:-1]):
        if not question.is_follow_up and not asked[place + 1].is_follow_up and len(asked) < INTERVIEW:
            # Where all cards were asked, a card goes without a follow-up only if others took all of them.
            left = set(follow_ups.get(question.card_id, ())) & by_id.keys()
            assert left <= {other.card_id for other in asked}


@given(decks(), st.data(), SEEDS)
def test_an_interview_goes_through_the_topics_in_order_with_each_follow_up_right_behind_its_card(
    deck: list[Candidate], data: st.DataObject, rng: random.Random
) -> None:
    ids = st.integers(100, 145)
    follow_ups = data.draw(st.dictionaries(ids, st.lists(ids, min_size=1, max_size=3, unique=True)))
    follow_ups = {one: [other for other in others if other != one] for one, others in follow_ups.items()}
    check_interview(deck, follow_ups, rng)


def test_a_rich_deck_gives_each_topic_a_question_and_its_follow_up() -> None:
    deck = [Candidate(n, n // 10, f"{n:03}", LEVELS[n % 3]) for n in range(200)]
    asked = interview(deck, {n: [n + 1 if n % 10 < 9 else n - 9] for n in range(200)}, random.Random(3))
    assert [question.is_follow_up for question in asked] == [False, True] * 6
    assert len({question.card_id // 10 for question in asked}) == 6


def test_an_interview_asks_a_few_computed_cards_of_a_rich_deck() -> None:
    deck = [Candidate(n, n // 8, f"{n:03}", is_computed=n % 2 == 1) for n in range(160)]
    found = [interview(deck, {}, random.Random(seed)) for seed in range(50)]
    assert {len(asked) for asked in found} == {INTERVIEW}
    computed = [sum(question.card_id % 2 for question in asked) for asked in found]
    assert max(computed) == INTERVIEW // COMPUTED_IN
    assert min(computed) >= 1


@given(decks(), st.data(), SEEDS)
def test_an_interview_asks_the_topics_of_most_risk_first_and_says_why(
    deck: list[Candidate], data: st.DataObject, rng: random.Random
) -> None:
    by_topic = {card.topic_id: [one for one in deck if one.topic_id == card.topic_id] for card in deck}
    risks = {topic: Risk(data.draw(st.floats(0, 1)), f"because {topic}") for topic in by_topic}
    asked = interview(deck, {}, rng, risks=risks)
    topic_of = {card.card_id: card.topic_id for card in deck}
    order = [risks[topic_of[question.card_id]].miss for question in asked]
    assert order == sorted(order, reverse=True)
    assert all(question.why == f"because {topic_of[question.card_id]}" for question in asked)
    chosen_topics = {topic_of[question.card_id] for question in asked}
    left = [topic for topic, cards in by_topic.items() if not all(card.is_computed for card in cards)]
    lowest = min((risks[topic].miss for topic in chosen_topics), default=0)
    if all(not card.is_computed for card in deck):
        assert all(risks[topic].miss <= lowest for topic in left if topic not in chosen_topics)


def test_a_follow_up_says_no_reason_of_its_own() -> None:
    deck = [Candidate(1, 1, "a"), Candidate(2, 1, "b")]
    asked = interview(deck, {1: [2], 2: [1]}, random.Random(1), risks={1: Risk(0.5, "shaky")})
    assert [(question.is_follow_up, question.why) for question in asked] == [(False, "shaky"), (True, None)]
