"""A leech, and what may help with it."""

from typing import TYPE_CHECKING

from sqlalchemy import insert

from app.study.selection.leech import Leech, leech
from app.tables import CARD_DEMO, CARD_LINK

if TYPE_CHECKING:
    from tests.study.conftest import Study


def found(study: "Study", card_id: int, lapses: int = 4) -> Leech | None:
    with study.database.read() as session:
        made = leech(session, card_id, lapses)
        if made is not None:
            session.expunge_all()
        return made


def names(made: Leech | None) -> list[str]:
    assert made is not None
    return [card.name for card in made.builds_on]


def test_it_takes_four_lapses(study: "Study") -> None:
    assert found(study, 3, lapses=3) is None
    made = found(study, 3, lapses=4)
    assert made is not None
    assert (made.lapses, made.topic.name, made.demo) == (4, "t1", None)


def test_without_a_prerequisite_it_builds_on_the_card_right_before_it_in_its_topic(study: "Study") -> None:
    assert names(found(study, 5)) == ["c4"], "not the first of the topic"
    study.retire(4)
    assert names(found(study, 5)) == ["c3"]
    assert names(found(study, 1)) == []
    first_of_the_next_topic = study.add_cards(2, "t2")[0]
    assert names(found(study, first_of_the_next_topic)) == []


def test_a_card_that_names_it_as_its_follow_up_comes_before_that(study: "Study") -> None:
    with study.database.write() as session:
        connection = session.connection()
        link = {"card_id": 2, "position": 0, "deck": "rnn", "name": "c9", "is_follow_up": True}
        connection.execute(insert(CARD_LINK), link)
        for position, demo in enumerate(("gru-gates", "gradient-flow")):
            values = {"card_id": 9, "position": position, "demo": demo, "query": "", "label": demo}
            connection.execute(insert(CARD_DEMO), values)
    made = found(study, 9)
    assert names(made) == ["c2"]
    assert made is not None
    assert made.demo is not None
    assert made.demo.demo == "gru-gates"
