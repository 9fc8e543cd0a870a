"""A plan until an interview, on the pages: what is asked, in which order, why, and when it is enough."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.models import Learner
from app.settings import Settings
from app.study.selection import marks
from app.study.sitting.plan_today import PlanToday, plan_today
from app.study.sitting.plans import plans
from tests.web.sitting.test_review import HIDDEN, PART

if TYPE_CHECKING:
    from tests.study.conftest import Study

Plan = Callable[..., None]


@pytest.fixture
def client(study: "Study", settings: Settings) -> Iterator[TestClient]:
    """A client whose clock is the study's."""
    study.add_cards(30, "t2")
    with TestClient(create_app(settings, study.database, lambda: study.now), base_url="http://127.0.0.1:8000") as made:
        yield made


@pytest.fixture
def planned(study: "Study", client: TestClient) -> Plan:
    """Sends the form of the first minute."""

    def send(days: int = 9, **fields: Any) -> None:
        on = study.prefs.day(study.now) + timedelta(days=days)
        form = {"interview_on": str(on), "minutes": "10", "days": "1", "then": "today"} | fields
        sent = client.post("/plans", data=form, follow_redirects=False)
        assert sent.headers["location"] == "/", sent.text

    return send


def of_today(study: "Study") -> PlanToday:
    from app.study.learner.preferences import preferences

    with study.database.read() as session:
        learner = preferences(session, Settings(), 1)
        found = plan_today(session, learner, study.now)
    assert found is not None
    return found


def question(page: str) -> int | None:
    """The card that is asked."""
    found = re.search(r'name="card" value="(\d+)"', page)
    return int(found[1]) if found else None


def answer(study: "Study", client: TestClient, rating: int, seconds: int = 20, **more: Any) -> str:
    """Rate the card that is asked now; the next page."""
    asked = question(client.get("/review", params=more).text)
    assert asked is not None
    page = client.get("/review", params={"card": asked, "shown_at": study.now.isoformat(), **more}).text
    form = dict(HIDDEN.findall(page[page.index('class="rating"') :])) | {"rating": rating}
    study.later(seconds=seconds)
    return client.post("/review", data=form, headers=PART).text


def test_the_plan_asks_new_cards_first_and_stops_when_the_minutes_are_over(
    study: "Study", client: TestClient, planned: Plan
) -> None:
    planned()
    first = client.get("/").text
    assert "Your plan asks" in first
    before = of_today(study)
    asked = []
    while (card := question(client.get("/review").text)) is not None:
        asked.append(card)
        assert '<span class="why">new to you</span>' in client.get("/review").text
        answer(study, client, 4, seconds=40)
    assert asked == sorted(asked), "new cards keep the learning order"
    expected = [card.id for card in before.left()]
    assert asked[: len(expected)] == expected, "and some more, because each took less time than was expected"
    used = of_today(study).done.seconds
    assert used <= 600 < used + 45, "no card is begun that does not fit"
    over = client.get("/review").text
    assert "Enough for today." in over
    address = re.search(r'href="/review\?deck=rnn&amp;minutes=(\d+)">Ten more minutes', over)
    assert address
    more = question(client.get(f"/review?minutes={address[1]}").text)
    assert more == asked[-1] + 1
    assert question(client.get("/review").text) is None
    assert "Enough for today." in client.get("/").text


def test_a_missed_card_comes_again_also_where_answers_are_typed(
    study: "Study", client: TestClient, planned: Plan
) -> None:
    """Its answer is not on the page yet."""
    planned()
    with study.database.write() as session:
        session.get_one(Learner, 1).types_answers = True
    missed = question(client.get("/review").text)
    answer(study, client, 1)
    study.later(minutes=2)
    page = client.get("/review").text
    assert question(page) == missed
    assert '<span class="why">again</span>' in page


def test_the_list_is_the_same_after_a_rating_an_undo_and_a_replay(
    study: "Study", client: TestClient, planned: Plan
) -> None:
    for card in range(1, 9):
        study.rate(card, 3)
    study.later(days=9)
    planned(6)
    before = of_today(study)
    ids = [card.id for card in before.left()]
    assert any(card.reason.name == "KEEP" for card in before.left())
    for rating in (4, 1, 5):
        answer(study, client, rating)
    assert of_today(study).plan.list == before.plan.list
    rest = [card.id for card in of_today(study).left()]
    assert rest == ids[3 : 3 + len(rest)]
    for _ in range(3):
        client.post("/review/undo", data={"token": f"u{_}", "deck": "rnn"}, headers=PART)
    assert [card.id for card in of_today(study).left()] == ids
    study.replay()
    from app.study.sitting import plan_today as module

    module._remembered.clear()  # as another process has it
    assert [card.id for card in of_today(study).left()] == ids


def test_a_missed_card_comes_back_and_says_again(study: "Study", client: TestClient, planned: Plan) -> None:
    planned()
    answer(study, client, 1)
    study.later(minutes=1)
    page = client.get("/review").text
    assert question(page) == 1
    assert '<span class="why">again</span>' in page


def test_what_is_set_aside_or_filtered_or_asked_in_a_quiz(study: "Study", client: TestClient, planned: Plan) -> None:
    planned()
    with study.database.write() as session:
        marks.suspend(session, 1, [1])
        marks.bury(session, 1, [2], study.prefs.day(study.now) + timedelta(days=1))
    assert question(client.get("/review").text) == 3
    assert 1 not in of_today(study).plan.cards
    used = of_today(study).done.seconds
    answer(study, client, 4, seconds=30, topic="t2")
    assert of_today(study).done.seconds == used + 30, "a filtered sitting uses up minutes"
    assert 'class="why"' not in client.get("/review?topic=t2").text


def test_days_off_and_a_selection_and_two_plans_share_the_minutes(
    study: "Study", client: TestClient, planned: Plan
) -> None:
    assert study.prefs.day(study.now).weekday() == 6
    planned(9, topic="t1")
    assert {card.topic for card in of_today(study).left()} == {1}
    planned(5, topic="t2", minutes="20")
    both = of_today(study)
    assert both.plan.list.seconds == pytest.approx(1200)
    assert {card.topic for card in both.left()} == {1, 2}
    assert sum(card.seconds for card in both.left()) <= 1200
    with study.database.read() as session:
        mine = plans(session, 1)
    for one in mine:
        client.post("/plans", data={"plan": one.name, "days": "1", "off": ["6", "2"]})
    assert of_today(study).is_day_off
    study.rate(1, 4)
    assert "Today is a day off." in client.get("/").text
    assert question(client.get("/review").text) is None
    assert question(client.get("/review?minutes=10").text) is not None
    study.later(days=1)
    assert of_today(study).left()


def test_after_the_day_it_asks_how_it_went_and_keeps_what_is_said(
    study: "Study", client: TestClient, planned: Plan
) -> None:
    planned(1)
    study.rate(1, 4)
    study.later(days=1)
    page = client.get("/").text
    assert "Your interview is today." in page
    study.later(days=1)
    page = client.get("/").text
    assert "How did your interview go?" in page
    assert "are ready" in page, "and the ordinary schedule is back"
    name = re.search(r'name="plan" value="(\w+)"', page)
    assert name
    client.post("/plans/over", data={"plan": name[1], "asked": "LSTMs", "missing": "Peepholes"})
    assert "How did your interview go?" not in client.get("/").text
    settings = client.get("/settings").text
    assert "Peepholes" in settings
    client.post("/plans/delete", data={"plan": name[1]})
    assert "Peepholes" not in client.get("/settings").text


def test_the_forecast_says_what_it_leads_to_and_is_remembered_until_a_rating(
    study: "Study", client: TestClient, planned: Plan
) -> None:
    planned()
    study.rate(1, 4)
    assert "Working out" in client.get("/").text
    page = client.get("/plan", headers=PART).text
    assert "<html" not in page
    assert re.search(r"you’ll remember <b>\d+–\d+</b> of 40 cards on the day. If you stop now, <b>\d+–\d+</b>", page)
    for part in ("With more or fewer minutes", "Day by day", "By topic", "How is this computed?", "Most to gain"):
        assert part in page
    for number in ("Remembered on the day", "Most to gain"):
        assert f"<b>{number}.</b>" in page
    assert "has a chance of recall" in page
    assert "/demos/forgetting-curve?ratings=4" in page
    assert client.get(re.findall(r'href="(/demos/forgetting-curve[^"]*)"', page)[0].replace("&amp;", "&")).is_success
    today = client.get("/").text
    assert "Working out" not in today
    assert "If you keep to it" in today
    study.rate(2, 4)
    assert "Working out" in client.get("/").text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"interview_on": ""}, "Enter the date"),
        ({"interview_on": "2025-02-30"}, "is not a date"),
        ({"interview_on": "2025-05-31"}, "That day has passed"),
        ({"interview_on": "2027-06-03"}, "more than a year away"),
        ({"minutes": "4"}, "not a number of minutes from 5 to 240"),
        ({"off": list("0123456")}, "Leave at least one day"),
        ({"off": ["7"]}, "names no weekdays"),
        ({"level": "odd"}, "level"),
    ],
)
def test_a_bad_plan_is_refused_in_words_and_keeps_what_was_typed(
    client: TestClient, fields: dict[str, Any], says: str
) -> None:
    form: dict[str, Any] = {"interview_on": "2025-06-09", "minutes": "25", "days": "1"}
    answered = client.post("/plans", data=form | fields)
    assert answered.status_code == 422
    assert says in answered.text
    assert (form | fields)["minutes"] in answered.text
    assert client.post("/plans", data={"plan": "nobody"}).status_code == 404


def test_a_device_keeps_what_the_plan_has_left_in_its_order(study: "Study", client: TestClient, planned: Plan) -> None:
    for card in range(1, 9):
        study.rate(card, 3)
    study.later(days=9)
    planned(6)
    answer(study, client, 1)
    kept = re.findall(
        r'data-card="(\d+)" data-after="[^"]*" data-topic="[^"]*" data-owes="(\d)"', client.get("/kept").text
    )
    assert kept[-1][1] == "2", "the missed one comes last"
    assert [int(card) for card, owes in kept if owes == "0"] == [card.id for card in of_today(study).left()]


@pytest.mark.parametrize(("seconds", "says"), [(1, "quicker than planned"), (170, "longer than planned")])
def test_a_total_that_changes_says_why(
    study: "Study", client: TestClient, planned: Plan, seconds: int, says: str
) -> None:
    planned()
    first, changed = total(client.get("/review").text), 0
    for _ in range(3):
        page = answer(study, client, 4, seconds)
        assert (says in page) == (total(page) != first)
        changed += total(page) != first
    assert changed


def total(page: str) -> int:
    """How many cards the sitting has."""
    found = re.search(r'class="count num">\d+ / (\d+)<', page)
    assert found
    return int(found[1])
