"""Browse: filters and orders against the same rules in plain Python, over random cards, states and marks."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, text

from app.cards.load import search
from app.models import CardMark, CardState
from app.study.forecast.predictor import Predictor
from app.study.schedule.scheduler import State
from app.study.selection import browse, marks
from app.study.selection.browse import A_PAGE, SORTS, Wanted, find, matching_ids
from app.study.selection.choices import choices
from app.study.selection.selection import Selection
from app.study.selection.standing import STATES
from app.tables import CARD, CARD_MARK, CARD_SOURCE, CARD_STATE, CARD_TAG
from tests.study.conftest import NOON

if TYPE_CHECKING:
    from tests.study.conftest import Study

TODAY = date(2025, 6, 1)
LEVELS = (None, "easy", "medium", "hard")
EVERY = Selection()


class Deck:
    """130 cards in three topics with random text, states and marks, known to Python and to the database."""

    def __init__(self, study: "Study", seed: int) -> None:
        rng = random.Random(seed)
        self.study = study
        study.add_cards(50, "t2")
        study.add_cards(70, "t3")
        review = study.rate(1, 4).review.id
        self.cards: list[dict[str, Any]] = [
            {
                "id": n, "topic": 1 if n <= 10 else 2 if n <= 60 else 3, "level": rng.choice(LEVELS),
                "question": rng.choice(["How", "what", "Why", "which"]) + f" {rng.randint(0, 9)}?",
                "tags": set(rng.sample(["a", "b", "c"], rng.randint(0, 2))), "sources": set(rng.sample("xyz", 1)),
                "own": set(rng.sample(["a", "mine"], rng.randint(0, 1))), "state": None, "mark": None,
            }
            for n in range(1, 131)
        ]  # fmt: skip
        for card in self.cards:
            key = {"learner_id": 1, "card_id": card["id"]}
            if rng.random() < 0.7:
                card["state"] = CardState(
                    **key, stability=rng.choice([0.5, 3.0, 21.0, 80.0]), difficulty=rng.choice([1.0, 5.0, 9.5]),
                    due_on=TODAY + timedelta(days=rng.randint(-2, 30)), due_at=rng.choice([None, None, None, NOON]),
                    introduced_on=TODAY, reviewed_on=TODAY - timedelta(days=rng.randint(-1, 30)),
                    reviewed_at=NOON - timedelta(minutes=rng.randint(0, 5)), reviews=rng.randint(1, 9),
                    lapses=rng.randint(0, 6), last_review_id=review,
                )  # fmt: skip
            if rng.random() < 0.5:
                until = rng.choice([None, TODAY, TODAY + timedelta(days=1)])
                flags: dict[str, Any] = {"is_suspended": rng.random() < 0.4, "is_flagged": rng.random() < 0.4}
                card["mark"] = CardMark(**key, buried_until=until, **flags)
        with study.database.write() as session:
            connection = session.connection()
            connection.execute(CARD_STATE.delete())
            for card in self.cards:
                changed = CARD.update().where(CARD.c.id == card["id"])
                connection.execute(changed.values(level=card["level"], question=card["question"]))
                for table, column, words in ((CARD_TAG, "tag", card["tags"]), (CARD_SOURCE, "item", card["sources"])):
                    for word in words:
                        connection.execute(insert(table), {"card_id": card["id"], column: word})
                for word in card["own"]:
                    marks.add_tag(session, 1, [card["id"]], word)
                    marks.add_tag(session, 2, [card["id"]], "theirs")
                for table, row in ((CARD_STATE, card["state"]), (CARD_MARK, card["mark"])):
                    if row:
                        connection.execute(insert(table), row.model_dump())

    def find(self, selection: Selection = EVERY, **how: Any) -> Any:
        with self.study.database.read() as session:
            return find(session, self.study.prefs, NOON, Wanted(selection, **how))

    def ids(self, selection: Selection = EVERY, **how: Any) -> list[int]:
        """All pages, one after the other; and what would be done to all must be the same cards."""
        first = self.find(selection, **how)
        pages = range(1, first.pages + 1)
        ids = [card.id for page in pages for card in self.find(selection, page=page, **how).cards]
        assert len(ids) == first.count
        with self.study.database.read() as session:
            assert sorted(matching_ids(session, self.study.prefs, NOON, Wanted(selection, **how))) == sorted(ids)
        return ids


@pytest.fixture
def deck(study: "Study") -> Deck:
    return Deck(study, seed=4)


def holds(card: dict[str, Any], state: str) -> bool:
    s, m = card["state"], card["mark"] or CardMark(learner_id=1, card_id=1)
    buried = m.buried_until is not None and m.buried_until > TODAY
    learning = s is not None and (s.stability < 21 or s.due_at is not None)
    return {
        "new": s is None,
        "seen": s is not None,
        "learning": learning,
        "known": s is not None and not learning,
        "due": s is not None and (s.due_on <= TODAY or s.due_at is not None) and not (m.is_suspended or buried),
        "leech": s is not None and s.lapses >= 4,
        "suspended": bool(m.is_suspended),
        "buried": buried,
        "flagged": bool(m.is_flagged),
    }[state]


def test_every_filter_keeps_what_its_words_say(deck: Deck) -> None:
    def by(rule: Any) -> list[int]:
        return [card["id"] for card in deck.cards if rule(card)]

    assert deck.ids(deck_id=1) == by(lambda card: True)
    assert deck.ids(deck_id=2) == []
    assert deck.ids(Selection(topic=("t1", "t3"))) == by(lambda card: card["topic"] in (1, 3))
    for level in LEVELS[1:]:
        assert deck.ids(Selection(level=level)) == by(lambda card, level=level: card["level"] == level)
    for tag in ("a", "b", "mine", "theirs", "nobody's"):
        expected = by(lambda card, tag=tag: tag in card["tags"] | card["own"])
        assert deck.ids(Selection(tag=tag)) == expected, tag
    assert deck.ids(Selection(source="x")) == by(lambda card: "x" in card["sources"])
    with deck.study.database.write() as session:
        session.connection().execute(text("UPDATE card_source SET item = 'book-2' WHERE item = 'y'"))
    assert deck.ids(Selection(source="book")) == by(lambda card: "y" in card["sources"]), "all of a document"
    assert deck.ids(Selection(source="boo")) == deck.ids(Selection(source="book-")) == []
    for state in STATES:
        assert deck.ids(Selection(state=state)) == by(lambda card, state=state: holds(card, state)), state
    assert deck.ids(Selection(flagged=True)) == by(lambda card: holds(card, "flagged"))
    for state in STATES:  # with an order or a flag more tables come in
        expected = by(lambda card, state=state: holds(card, state) and holds(card, "flagged"))
        assert deck.ids(Selection(state=state, flagged=True)) == expected
        assert set(deck.ids(Selection(state=state), sort="lapses")) == set(deck.ids(Selection(state=state)))
    several = Selection(topic=("t2", "t3"), level="easy", state="learning", tag="a")
    assert deck.ids(several, deck_id=1) == by(
        lambda card: (
            card["topic"] > 1
            and card["level"] == "easy"
            and holds(card, "learning")
            and "a" in card["tags"] | card["own"]
        )
    )


def chance(card: dict[str, Any]) -> float:
    state = State(**{name: getattr(card["state"], name) for name in State._fields})
    return Predictor().chance(state, (TODAY - state.reviewed_on).days)  # there are no recalls to learn from


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_is_the_one_it_says_with_new_cards_last(deck: Deck, sort: str) -> None:
    keys: dict[str, Any] = {
        "place": lambda card: 0,
        "due": lambda card: card["state"].due_on,
        "recall": chance,
        "stability": lambda card: card["state"].stability,
        "difficulty": lambda card: -card["state"].difficulty,
        "lapses": lambda card: -card["state"].lapses,
        "reviewed": lambda card: -card["state"].reviewed_at.timestamp(),
        "question": lambda card: card["question"].lower(),
    }
    cards = deck.cards
    if sort not in ("place", "question"):
        cards = [card for card in cards if card["state"]]
    expected = [card["id"] for card in sorted(cards, key=keys[sort])]
    if sort not in ("place", "question"):
        expected += [card["id"] for card in deck.cards if not card["state"]]
    assert deck.ids(sort=sort) == expected


def test_of_very_many_cards_the_order_of_recall_is_that_of_fsrs(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "FORETOLD", 10)
    seen = [card for card in deck.cards if card["state"]]
    faded = {c["id"]: (TODAY - c["state"].reviewed_on).days / c["state"].stability for c in seen}
    ids = deck.ids(sort="recall")[: len(seen)]
    assert [max(0, faded[one]) for one in ids] == sorted((max(0, one) for one in faded.values()), reverse=True)


def test_a_row_says_where_the_card_stands(deck: Deck) -> None:
    for page in (1, 2, 3):
        for row in deck.find(page=page).cards:
            card = deck.cards[row.id - 1]
            words = {word for word in STATES if word not in ("due", "seen") and holds(card, word)}
            assert set(row.states) == words
            assert row.recall == (pytest.approx(chance(card)) if card["state"] else None)
            assert row.due_on == (card["state"].due_on if card["state"] else None)
            assert row.reviews == (card["state"].reviews if card["state"] else 0)
            assert set(row.own_tags) == card["own"]
            assert (row.deck, row.name, row.topic) == ("rnn", f"c{row.id}", f"t{card['topic']}")


def test_pages_are_of_fifty_and_one_past_the_last_is_the_last(deck: Deck) -> None:
    assert [len(deck.find(page=page).cards) for page in (1, 2, 3)] == [A_PAGE, A_PAGE, 30]
    assert deck.find(page=10**20) == deck.find(page=3)
    nothing = deck.find(Selection(tag="nobody's"), page=7)
    assert (nothing.cards, nothing.count, nothing.page, nothing.pages) == ([], 0, 1, 1)


def test_what_was_searched_for_comes_best_first_unless_sorted_otherwise(deck: Deck) -> None:
    """Any beginning of a word is found; the more often a card says it, the better."""
    every = [card["id"] for card in deck.cards if card["question"].startswith("what")]
    often = every[1::3]
    with deck.study.database.write() as session:
        connection = session.connection()
        connection.execute(CARD.update().where(CARD.c.id.in_(often)).values(question="what, what?"))
        search.rebuild(connection)
    best_first = deck.ids(Selection(q="WHA"))
    assert sorted(best_first) == every
    assert set(best_first[: len(often)]) == set(often)
    assert deck.ids(Selection(q="wha"), sort="place") == every
    assert deck.ids(Selection(q="wha", state="new")) == [n for n in best_first if holds(deck.cards[n - 1], "new")]
    assert deck.ids(Selection(q="whatever")) == []


def test_retired_cards_are_not_listed(deck: Deck) -> None:
    with deck.study.database.write() as session:
        search.rebuild(session.connection())
    deck.study.retire(5)
    assert 5 not in deck.ids()
    assert 5 not in deck.ids(Selection(q="5"), sort="place")


def test_one_learner_sees_nothing_of_another(deck: Deck) -> None:
    deck.study.prefs = replace(deck.study.prefs, learner_id=2)
    assert deck.ids(Selection(state="new")) == [card["id"] for card in deck.cards]
    assert deck.ids(Selection(tag="mine")) == []
    assert len(deck.ids(Selection(tag="theirs"))) > 0


def test_the_choices_are_what_the_cards_and_the_learner_have(deck: Deck) -> None:
    with deck.study.database.write() as session:
        session.connection().execute(text("UPDATE card_source SET item = 'x-10' WHERE item = 'x'"))
        session.connection().execute(text("UPDATE card_source SET item = 'x-9' WHERE item = 'y'"))
        found = choices(session, deck.study.prefs)
        assert list(found.topics) == ["t1", "t2", "t3"]
        assert found.tags == ["a", "b", "c", "mine"]
        assert found.sources == ["x-9", "x-10", "z"]
