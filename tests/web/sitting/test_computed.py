"""A computed card in a sitting: what it asks, how an answer is judged, and what is kept of it."""

import html
import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.ask.question import Instance
from app.ask.questions.registry import find
from app.cards.load.load import load
from app.database import Database
from app.exchange.history.export_history import history_lines
from app.exchange.history.import_history import import_history
from app.models import Card, Learner, Review
from app.settings import Settings
from app.study.learner.preferences import preferences
from app.study.schedule.computed import asked_before, asked_now, name_of
from app.study.schedule.rate import Answer
from app.study.schedule.rate import rate as rate_card
from app.study.schedule.replay import replay
from app.study.schedule.undo import undo
from tests.databases import Backend
from tests.web.conftest import NOW
from tests.web.sitting.test_review import PART

COMPUTED = "\n## Count them {#count}\n\nAsk: forget-bias\n"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def fields(page: str, form: str) -> dict[str, str]:
    """The hidden fields of the first form whose tag holds this text."""
    begin = page.index(form)
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page[begin : page.index("</form>", begin)])}


@pytest.fixture
def card(client: TestClient, database: Database, content: Path) -> int:
    """The id of the computed card."""
    file = content / "small" / "first.md"
    file.write_text(file.read_text() + COMPUTED)
    assert not load(database, content, NOW).mistakes
    with database.read() as session:
        return session.exec(select(Card.id).where(Card.name == "count")).one()


def question(client: TestClient, card: int) -> dict[str, str]:
    """The hidden fields of the form in which the card is answered."""
    return fields(client.get("/review", params={"card": card, "deck": "small"}).text, 'class="computes"')


def named(instance: str) -> Instance:
    """The instance that a form names."""
    name, _, query = instance.partition("?")
    question = find(name.partition("@")[0])
    return next(one for one in question.instances() if name_of(one) == f"{name}?{query}")


def right(form: dict[str, str]) -> str:
    return repr(float(named(form["instance"]).task.answer))  # type: ignore[arg-type]


def slipped(form: dict[str, str]) -> tuple[str, str]:
    """A slip, and what the judge says of it."""
    value, says = named(form["instance"]).task.slips[0]
    return repr(float(value)), says  # type: ignore[arg-type]


def answer(client: TestClient, form: dict[str, str], **more: Any) -> str:
    page = client.post("/review/answer", data=form | more)
    assert page.status_code == 200, page.text
    return page.text


def rate(client: TestClient, page: str, rating: int, **more: Any) -> Any:
    return client.post("/review", data=fields(page, 'class="rating"') | {"rating": rating} | more, headers=PART)


def reviews(database: Database) -> list[Review]:
    with database.read() as session:
        return list(session.exec(select(Review).order_by(col(Review.id))).all())


def test_the_page_asks_an_instance_and_holds_no_answer(client: TestClient, card: int) -> None:
    page = client.get("/review", params={"card": card, "deck": "small"}).text
    form = fields(page, 'class="computes"')
    task = named(form["instance"]).task
    assert "Count them" in page
    assert 'name="typed"' in page
    assert 'class="judged' not in page
    assert page.count('class="working') == 0
    assert "hidden-answer" not in page
    assert form["shown_at"]
    assert task.slips


def test_a_right_answer_proposes_a_4_and_is_kept(client: TestClient, database: Database, card: int) -> None:
    form = question(client, card)
    page = answer(client, form, typed=right(form))
    assert "Right: it is" in page
    assert 'class="working' in page
    assert re.search(r'value="4" class="proposed"', page)
    assert rate(client, page, 5).status_code == 200  # the learner may choose another
    [review] = reviews(database)
    assert (review.rating, review.question, review.verdict, review.slip) == (5, "forget-bias", "right", None)
    assert (review.typed, review.of_four) == (right(form), False)
    asked, instance = asked_before(review.asked or ""), named(form["instance"])
    assert (asked.version, asked.parameters) == (instance.question.version, dict(instance.parameters))
    assert (asked.asks, asked.givens) == (instance.task.asks, list(instance.task.givens))


def test_a_slip_is_named_and_proposes_a_2(client: TestClient, database: Database, card: int) -> None:
    form = question(client, card)
    typed, says = slipped(form)
    page = answer(client, form, typed=typed)
    assert "Not quite" in page
    assert re.search(r'value="2" class="proposed"', page)
    rate(client, page, 2)
    [review] = reviews(database)
    assert (review.verdict, review.slip) == ("slip", says)
    history = client.get("/cards/small/count").text
    assert f"You answered {typed}: not right." in history
    assert "forget-bias, version 1" in history


def test_who_gives_up_sees_the_answer(client: TestClient, database: Database, card: int) -> None:
    form = question(client, card)
    page = answer(client, form, gives_up="1")
    assert '<h2 id="judged">It is' in page
    assert re.search(r'value="1" class="proposed"', page)
    rate(client, page, 1)
    [review] = reviews(database)
    assert (review.verdict, review.typed) == ("nothing", None)
    assert "You gave no answer." in client.get("/cards/small/count").text


@pytest.mark.parametrize(("typed", "says"), [("", "Write an answer"), ("abc", "“abc” is not a number")])
def test_what_cannot_be_read_is_asked_again(client: TestClient, card: int, typed: str, says: str) -> None:
    form = question(client, card)
    page = client.post("/review/answer", data=form | {"typed": typed})
    assert page.status_code == 422
    assert says in page.text
    assert f'value="{typed}"' in page.text
    again = fields(page.text, 'class="computes"')
    assert (again["instance"], again["shown_at"]) == (form["instance"], form["shown_at"])


def test_another_instance_is_refused_and_what_was_typed_is_kept(
    client: TestClient, database: Database, content: Path, card: int
) -> None:
    form = question(client, card)
    page = answer(client, form, typed="0.5")
    file = content / "small" / "first.md"
    file.write_text(file.read_text().replace("forget-bias", "min-gru-step"))
    load(database, content, NOW)
    for refused in (client.post("/review/answer", data=form | {"typed": "0.5"}), rate(client, page, 4)):
        assert refused.status_code == 409
        assert "asks other numbers now" in refused.text
        assert "You had answered “0.5”." in refused.text
        assert "min-gru-step@" in fields(refused.text, 'class="computes"')["instance"]
    assert reviews(database) == []


def test_a_form_sent_twice_counts_once(client: TestClient, database: Database, card: int) -> None:
    form = question(client, card)
    page = answer(client, form, typed=right(form))
    assert [rate(client, page, 4).status_code for _ in range(2)] == [200, 200]
    assert len(reviews(database)) == 1


def test_a_note_leaves_the_judgement_open(client: TestClient, card: int) -> None:
    form = question(client, card)
    page = answer(client, form, typed=right(form))
    noted = client.post(
        "/review/mark", data=fields(page, 'class="note"') | {"act": "note", "note": "Hm."}, headers=PART
    )
    assert "Right: it is" in noted.text
    assert "Hm." in noted.text


@pytest.mark.parametrize(("form", "act"), [("note", "note"), ("marks", "flag")])
def test_what_is_sent_after_the_reveal_keeps_the_time_to_it(client: TestClient, card: int, form: str, act: str) -> None:
    asked = question(client, card)
    page = answer(client, asked, typed=right(asked), shown_at=str(NOW - timedelta(minutes=2)), revealed_after="2500")
    sent = {"act": act, "note": "Hm."}
    marked = client.post("/review/mark", data=fields(page, f'class="{form}"') | sent, headers=PART)
    assert {fields(one, 'class="rating"')["revealed_after"] for one in (page, marked.text)} == {"2500.0"}


def test_four_to_choose_from_propose_a_4_at_most(client: TestClient, database: Database, card: int) -> None:
    with database.write() as session:
        session.get_one(Learner, 1).of_four = True
    page = client.get("/review", params={"card": card, "deck": "small"}).text
    form = fields(page, 'class="computes"')
    sent = re.findall(r'<button name="typed" value="([^"]*)"', page)
    assert len(sent) == 4
    verdicts = [answer(client, form, typed=one) for one in sent]
    assert sum("Right: it is" in one for one in verdicts) == 1
    rate(client, verdicts[0], 3)
    [review] = reviews(database)
    assert (review.of_four, review.typed) == (True, sent[0])


def instances(database: Database, settings: Settings, number: int, card: int) -> list[str]:
    """The names of the instances that the card would ask after so many ratings more."""
    with database.read() as session:
        learner, row = preferences(session, settings, 1), session.get_one(Card, card)
        key, seeds = {"card": card, "learner": 1}, (row.id if row.seed is None else row.seed, learner.seed)
        now = asked_now(session.connection(), row.asks, seeds, key)
        assert now is not None
        all_of_it = list(now.question.instances())
        at = all_of_it.index(now)
        return [name_of(all_of_it[(at + more) % len(all_of_it)]) for more in range(number)]


def test_each_rating_moves_on_and_an_undo_goes_back(
    client: TestClient, database: Database, settings: Settings, card: int
) -> None:
    foretold = instances(database, settings, 4, card)
    asked = []
    for _ in range(3):
        form = question(client, card)
        asked.append(form["instance"])
        assert question(client, card)["instance"] == form["instance"]  # a reload, a second device
        assert rate(client, answer(client, form, typed="0.1"), 1).status_code == 200
    assert asked == foretold[:3]
    assert len(set(foretold)) == 4
    for number in (2, 1, 0):
        with database.write() as session:
            undo(session, preferences(session, settings, 1), f"undo{number}", NOW + timedelta(hours=1))
        assert question(client, card)["instance"] == foretold[number]


def test_no_instance_comes_twice_before_all_were_asked(
    client: TestClient, database: Database, settings: Settings, card: int
) -> None:
    every = find("forget-bias").instances()
    asked, after = [], 0
    for number in range(len(every) + 1):
        asked += instances(database, settings, 1, card)
        at = NOW + timedelta(minutes=2 * number)
        with database.write() as session:
            given = Answer(card, 3, f"token-{number}", after, at, at, "1", instance=asked[-1])
            after = rate_card(session, preferences(session, settings, 1), given, at).review.id
    assert len(set(asked[:-1])) == len(every)
    assert asked[-1] == asked[0]


def test_a_history_brings_the_same_instances_and_states(
    client: TestClient,
    database: Database,
    settings: Settings,
    content: Path,
    card: int,
    backend: Backend,
    tmp_path: Path,
) -> None:
    for typed in ("0.1", "2"):
        form = question(client, card)
        rate(client, answer(client, form, typed=typed), 2)
    lines = "".join(history_lines(database, 1, NOW))
    (tmp_path / "other").mkdir()
    url = backend.new(tmp_path / "other", backend.migrated)
    with closing(Database(url)) as other:
        load(other, content, NOW)
        for _ in range(2):
            file = tmp_path / "history.jsonl"
            file.write_text(lines)
            with file.open("rb") as opened:
                import_history(other, opened, 1, NOW)
        with other.write() as session:
            replay(session)
        with other.read() as session:
            there = session.exec(select(Card.id).where(Card.name == "count")).one()
        assert instances(other, settings, 3, there) == instances(database, settings, 3, card)
        assert "".join(history_lines(other, 1, NOW)) == lines
    backend.drop(url)
