"""The doctor: what was changed by hand is named, what can be derived is made again, and no review is deleted."""

from typing import Any

import pytest
from sqlmodel import SQLModel

from app.upkeep.doctor.examine import CHECKS, EXAMINED
from app.upkeep.doctor.finding import Cure
from tests.upkeep.lived import OF_PEOPLE, Place, some_of

A_CARD = "(SELECT min(card_id) FROM card_state WHERE learner_id = 1)"
DERIVED = [
    # (what is done by hand, what the doctor says)
    (f"DELETE FROM card_state WHERE card_id = {A_CARD}", "states of cards (card_state), 2 are missing (rnn/"),
    (f"UPDATE card_state SET due_on = '2027-01-01' WHERE card_id = {A_CARD} AND learner_id = 1", "1 is wrong (rnn/"),
    (f"UPDATE card_state SET stability = stability * 1.000001 WHERE card_id = {A_CARD}", "2 are wrong (rnn/"),
    ("UPDATE card_state SET due_on = '2027-0x-01' WHERE card_id = 7", "card_state"),
    ("UPDATE review SET rated_at = replace(rated_at, ' ', 'T') WHERE id = 9", "Review 9 has a time that is written"),
    ("UPDATE card_state SET last_review_id = 99999 WHERE learner_id = 2", "card_state refer to review 99999"),
    ("UPDATE day_total SET rated_4 = rated_4 + 50 WHERE topic_id = 0 AND learner_id = 1", "totals of days (day_total)"),
    ("DELETE FROM day_total WHERE topic_id > 0", "are missing"),
    ("INSERT INTO day_total VALUES (1, 1, 9999, '2025-01-01', 1, 0, 0, 0, 0, 1, 5)", "1 is left over"),
    ("UPDATE month_total SET expected = expected + 1", "totals of months (month_total)"),
    ("DELETE FROM month_total", "are missing"),
    ("UPDATE new_card_cursor SET place = 'zzz'", "new_card_cursor hides"),
    ("UPDATE forecast SET learned = replace(learned, '\"alone\": 0', '\"alone\": 1')", "forecast is wrong in"),
    ("UPDATE forecast SET learned = '{}'", "forecast is wrong in"),
    ("UPDATE forecast SET learned = 'x' WHERE ratings = 64", "forecast"),
    ("UPDATE forecast SET ratings = ratings - 1", "forecast is wrong in"),
    ("UPDATE forecast SET learner_id = 9 WHERE learner_id = 1", "forecast refer to learner 9"),
    ("UPDATE card SET answer_html = replace(answer_html, 'more', 'less')", "is stored otherwise"),
    ("UPDATE card SET short_html = short_html || ' ' WHERE id = 5", "is stored otherwise"),
    ("UPDATE card SET level = 'hard', line = 3 WHERE id = 6", "is stored otherwise"),
    ("UPDATE card SET question = 'Why?' WHERE id = 7", "is stored otherwise"),
    ("UPDATE card SET name = 'another' WHERE id = 7", "is stored otherwise"),
    ("UPDATE card SET retired_at = '2026-01-01 00:00:00.000000' WHERE id = 8", "is stored otherwise"),
    ("UPDATE card SET content_hash = 'x' WHERE id = 9", "is stored otherwise"),
    ("UPDATE card SET topic_id = 1 + topic_id % 4 WHERE id = 10", "is stored otherwise"),
    ("UPDATE topic SET explanation_html = 'Nothing.' WHERE id = 3", "its topic"),
    ("UPDATE topic SET sources = '[\"book-1\"]' WHERE id = 3", "its topic"),
    ("UPDATE deck SET title = 'Another'", "its topic"),
    ("DELETE FROM card_tag WHERE card_id = 11", "is stored otherwise"),
    ("INSERT INTO card_tag VALUES (11, 'more')", "is stored otherwise"),
    ("UPDATE card_source SET item = 'book-9' WHERE card_id = 12", "is stored otherwise"),
    ("DELETE FROM card_link", "is stored otherwise"),
    ("UPDATE card_demo SET query = 'units=3' WHERE card_id = 13", "is stored otherwise"),
    ("DELETE FROM content_file WHERE path LIKE 'rnn/topic-2%'", "is stored otherwise: the file itself"),
    ("UPDATE content_file SET digest = 'x' WHERE path LIKE 'rnn/topic-2%'", "is stored otherwise: the file itself"),
    ("DELETE FROM card_search WHERE rowid % 4 = 0", "entries of the search index are missing"),
    ("UPDATE card_search SET answer = 'nothing' WHERE rowid = 5", "of the search index is wrong (card 5)"),
    ("INSERT INTO card_search (rowid, question) VALUES (5000, 'x')", "of the search index is left over (card 5000)"),
    ("DELETE FROM card_search_data WHERE id > 10", "search index"),
    ("DELETE FROM card_version WHERE card_id % 5 = 0", "is in no version"),
    ("DROP INDEX ix_card_state_due_on", "The index ix_card_state_due_on of card_state is missing"),
    ("DROP INDEX ix_review_learner_card", "The index ix_review_learner_card of review is missing"),
    ("DROP TABLE day_total", "The table day_total is missing"),
    ("DROP TABLE card_tag", "The table card_tag is missing"),
    ("DROP TABLE card_search", "The table card_search is missing"),
    ("UPDATE learner SET importing = 'decided' WHERE id = 1", "The history of learner 1 is being imported"),
    ("UPDATE learner SET importing = 'after 9999' WHERE id = 2", "The history of learner 2 is being imported"),
    ("DELETE FROM alembic_version", "the revision of the schema (alembic_version) is missing"),
    ("INSERT INTO card_tag VALUES (9999, 'lost')", "1 row of card_tag refers to card 9999"),
]  # fmt: skip
WITHOUT_OWNER = [
    ("DELETE FROM learner WHERE id = 2", "refer to learner 2, which is not there"),
    ("DELETE FROM deck", "refer to deck 1, which is not there"),
    ("DELETE FROM quiz WHERE id = 3", "refer to quiz 3, which is not there"),
    ("DELETE FROM card WHERE id = 20", "refer to card 20, which is not there"),
    ("UPDATE quiz_item SET token = 'none' WHERE quiz_id = 4 AND position = 0", "a review that is not there"),
    ("UPDATE quiz_item SET card_id = 1 + card_id % 50 WHERE quiz_id = 4", "a review that is not there"),
]
NOT_DERIVED = [
    ("UPDATE card_version SET markdown = markdown || '.' WHERE id = 3", "1 version of cards is not what was loaded"),
    ("UPDATE review SET rating = rating % 5 + 1 WHERE id = 30 AND rating IS NOT NULL", "Review 30 is not what was"),
    ("UPDATE review SET typed = 'x' WHERE id = 31", "Review 31 is not what was written"),
    ("UPDATE learner SET own_keys = '{' WHERE id = 1", "learner"),
    ("UPDATE learner SET types_answers = 7 WHERE id = 1", "1 row of learner holds a value that Recur never writes"),
    ("UPDATE card_mark SET note = 'a' || char(0) WHERE card_id = 3", "card_mark hold"),
    ("UPDATE card_mark SET buried_until = '2026-02-31' WHERE card_id = 3", "card_mark"),
    ("UPDATE quiz SET started_at = 'soon' WHERE id = 1", "quiz"),
]


def kept(place: Place) -> dict[str, list[Any]]:
    """Every table that a person would miss."""
    return {table: place.rows(table) for table in (*OF_PEOPLE, "card_state", "day_total", "month_total")}


def test_every_table_is_examined() -> None:
    assert set(EXAMINED) == set(SQLModel.metadata.tables)
    assert {name for names in EXAMINED.values() for name in names} == set(CHECKS) - {"values that cannot be read"}


def test_an_undamaged_database_is_well(place: Place) -> None:
    before = place.file.read_bytes()
    assert place.examine() == []
    assert place.file.read_bytes() == before


@pytest.mark.proof
@pytest.mark.slow
@pytest.mark.parametrize(("statement", "says"), some_of(DERIVED, 6))
def test_what_is_derived_is_named_and_made_again(place: Place, statement: str, says: str) -> None:
    right = kept(place)
    place.run(statement)
    found = place.examine()
    assert says in " ".join(map(str, found))
    assert all(one.cure for one in found), found
    assert place.mend() == []
    assert kept(place) == right


@pytest.mark.proof
@pytest.mark.slow
@pytest.mark.parametrize(("statement", "says"), some_of(WITHOUT_OWNER, 2))
def test_an_owner_that_is_gone_is_put_back(place: Place, statement: str, says: str) -> None:
    before = {table: place.rows(table) for table in ("review", "card_mark", "own_tag")}
    items = place.run("SELECT count(*), count(token) FROM quiz_item")
    place.run(statement)
    assert says in " ".join(map(str, place.examine()))
    assert place.mend() == []
    assert {table: place.rows(table) for table in before} == before
    if "quiz_item" not in statement:
        assert place.run("SELECT count(*), count(token) FROM quiz_item") == items


@pytest.mark.proof
@pytest.mark.slow
@pytest.mark.parametrize(("statement", "says"), some_of(NOT_DERIVED, 2))
def test_what_nothing_else_holds_is_named_and_kept(place: Place, statement: str, says: str) -> None:
    place.run(statement)
    before = {table: place.rows(table) for table in OF_PEOPLE}
    assert says in " ".join(map(str, place.examine()))
    left = place.mend()
    assert says in " ".join(map(str, left))
    assert not any(one.cure is Cure.FILE for one in left)
    assert {table: place.rows(table) for table in OF_PEOPLE} == before
