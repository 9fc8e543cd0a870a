"""What may be asked next, and what a card builds on: by name, live cards only."""

from typing import TYPE_CHECKING

from sqlalchemy import insert, text

from app.models import CardLink
from app.study.selection.links import follow_ups, follow_ups_in, prerequisites
from app.tables import CARD_LINK
from tests.study.conftest import DECK

if TYPE_CHECKING:
    from tests.study.conftest import Study


def link(study: "Study", card_id: int, *names: str, deck: str = "rnn", is_follow_up: bool = True) -> None:
    with study.database.write() as session:
        query = text("SELECT count(*) FROM card_link WHERE card_id = :card")
        start = session.connection().execute(query, {"card": card_id}).scalar_one()
        rows = [
            CardLink(card_id=card_id, position=start + n, deck=deck, name=name, is_follow_up=is_follow_up).model_dump()
            for n, name in enumerate(names)
        ]
        session.connection().execute(insert(CARD_LINK), rows)


def after(study: "Study", card_id: int) -> list[int]:
    with study.database.read() as session:
        return [card.id for card in follow_ups(session, card_id)]


def before(study: "Study", card_id: int) -> list[int]:
    with study.database.read() as session:
        return [card.id for card in prerequisites(session, card_id)]


def test_follow_ups_come_in_the_order_of_the_card_and_prerequisites_in_learning_order(study: "Study") -> None:
    link(study, 5, "c9", "c2", "c9")
    link(study, 3, "c2")
    assert after(study, 5) == [9, 2]
    assert before(study, 2) == [3, 5]
    assert before(study, 9) == [5]
    assert (after(study, 1), before(study, 1)) == ([], [])


def test_other_links_a_card_itself_and_what_is_not_there_do_not_count(study: "Study") -> None:
    link(study, 5, "c9", is_follow_up=False)
    link(study, 5, "c5", "nowhere")
    link(study, 5, "c9", deck="elsewhere")
    assert after(study, 5) == []
    assert before(study, 9) == before(study, 5) == []


def test_a_retired_card_neither_follows_nor_is_built_on_until_it_is_back(study: "Study") -> None:
    link(study, 5, "c9", "c2")
    study.retire(9)
    assert after(study, 5) == [2]
    study.retire(5)
    assert before(study, 2) == []
    for card in (5, 9):
        study.retire(card, None)
    assert after(study, 5) == [9, 2]
    assert before(study, 2) == [5]


def test_the_follow_ups_of_a_whole_deck(study: "Study") -> None:
    link(study, 5, "c9", "c2", "c9")
    link(study, 3, "c2", "c4")
    study.retire(4)
    with study.database.read() as session:
        assert follow_ups_in(session, DECK) == {5: [9, 2], 3: [2]}
        assert follow_ups_in(session, DECK + 1) == {}
