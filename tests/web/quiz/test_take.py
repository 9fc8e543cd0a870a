"""/quiz without a browser: what it makes, what it refuses and with what words, and what others see."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.database import Database
from app.main import create_app
from app.models import Card, CardDemo, CardMark, CardState, Learner, Quiz, QuizItem, Review, Topic
from app.settings import Settings
from app.study.forecast.predictor import Predictor
from app.study.schedule.replay import replay
from app.study.schedule.scheduler import State
from app.study.selection.marks import add_tag
from app.web.frame.here import LEARNER_COOKIE
from tests.web.conftest import NOW, before_reveal

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')
CHOSEN = {"kind": "chosen", "name": "q1", "deck": "small", "topic": "first", "number": "5"}


GET = '<form action="{}" method="get"'


class Clock:
    def __init__(self) -> None:
        self.now = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(client: TestClient, database: Database, settings: Settings, clock: Clock) -> Iterator[TestClient]:
    """The same small deck, with a clock that a test may set."""
    with TestClient(create_app(settings, database, lambda: clock.now), base_url="http://127.0.0.1:8000") as made:
        yield made


def make(client: TestClient, **changes: Any) -> str:
    answer = client.post("/quiz", data=CHOSEN | changes, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def fields(page: str, part: str) -> dict[str, str]:
    """The hidden fields of the form that begins at `part`."""
    return dict(HIDDEN.findall(page[page.index(part) :].split("</form>")[0]))


def rating_form(client: TestClient, address: str, **changes: Any) -> dict[str, Any]:
    question = fields(client.get(address).text, GET.format(address))
    return fields(client.get(address, params=question).text, '<form class="rating"') | {"rating": 4} | changes


def give(client: TestClient, address: str, *ratings: int) -> str:
    page = ""
    for rating in ratings:
        page = client.post(address, data=rating_form(client, address, rating=rating)).text
    return page


def ratings(database: Database) -> list[int | None]:
    with database.read() as session:
        return list(session.exec(select(Review.rating).order_by(col(Review.id))).all())


def as_second(client: TestClient, database: Database) -> None:
    """From now on another learner asks."""
    with database.write() as session:
        session.add(Learner(id=2, name="Second"))
    client.cookies.set(LEARNER_COOKIE, "2")
    client.headers["Sec-Fetch-Site"] = "same-origin"


def test_the_page_offers_three_kinds_and_says_what_to_do_when_nothing_was_studied(client: TestClient) -> None:
    page = client.get("/quiz").text
    for words in (
        "Pick your own topics",
        "Weakest ten",
        "Mock interview",
        "You have not rated a card yet",
        "None yet.",
    ):
        assert words in page
    for path, checked in (("/quiz", " checked"), ("/quiz?topic=", ""), ("/quiz?topic=first", " checked")):
        assert re.findall(r'name="topic" value="(\w+)"( checked)?', client.get(path).text) == [("first", checked)]
    for path in ("/quiz?deck=smal", "/quiz?topic=frist"):
        assert client.get(path).status_code == 404
    assert "There is no level called “brutal”." in client.get("/quiz?level=brutal").text


def test_a_quiz_is_of_the_cards_of_a_selection(client: TestClient, database: Database) -> None:
    with database.write() as session:
        add_tag(session, 1, [1, 2, 3], "ask")
    asks = {"tag": "ask", "q": "question", "level": "easy", "state": "new", "source": "", "missed": ""}
    page = client.post("/quiz", data=CHOSEN | asks).text
    assert "0 of 3<" in page
    with database.read() as session:
        quiz = session.exec(select(Quiz)).one()
        assert quiz.title == "3 questions, found by “question”, tagged ask, easy, new: all topics"
        assert {item.card_id for item in session.exec(select(QuizItem))} == {1, 2, 3}


def test_the_further_filters_are_folded_away_unless_one_is_chosen(client: TestClient) -> None:
    assert '<details class="more"><summary>' in client.get("/quiz").text
    page = client.get("/quiz?tag=some&cards=q1,q2&flagged=1&missed=7").text
    assert '<details class="more" open><summary>' in page
    for shown in ('<option value="some" selected>', 'name="cards" value="q1,q2"', 'value="1" checked> flagged only'):
        assert shown in page
    assert '<option value="7" selected>in the last 7 days' in page
    assert 'value="suspended"' not in page


def test_the_same_form_twice_is_one_quiz(client: TestClient, database: Database) -> None:
    assert make(client) == make(client) == "/quiz/q1"
    with database.read() as session:
        quiz = session.exec(select(Quiz)).one()
        assert (quiz.kind, quiz.title, quiz.seconds) == ("chosen", "5 questions: all topics", None)
        assert len(session.exec(select(QuizItem)).all()) == 5


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"number": "4"}, "whole number from 5 to 50"),
        ({"number": "51"}, "whole number from 5 to 50"),
        ({"number": "ten"}, "whole number from 5 to 50"),
        ({"number": "9" * 5000}, "whole number from 5 to 50"),
        ({"topic": []}, "Choose at least one topic."),
        ({"topic": "frist"}, "There is no topic called “frist”"),
        ({"level": "brutal"}, "There is no level called “brutal”. There are easy, medium, hard."),
        ({"state": "odd"}, "There is no state called “odd”."),
        ({"state": "suspended"}, "Suspended cards are not asked."),
        ({"tag": "nobody&#39;s"}, "There is no tag called"),
        ({"timed": "yes", "minutes": "0"}, "whole number from 1 to 180"),
        ({"kind": "exam"}, "A quiz must be one of chosen, weakest, interview"),
        ({"state": "seen"}, "No card matches"),
        ({"level": "hard"}, "No card matches"),
        ({"kind": "weakest"}, "You have not rated a card of this deck yet"),
        ({"name": "not a name"}, "Load the page again"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_reason(
    client: TestClient, database: Database, changes: dict[str, Any], says: str
) -> None:
    answer = client.post("/quiz", data=CHOSEN | changes)
    assert answer.status_code == 422
    assert says in answer.text
    with database.read() as session:
        assert session.exec(select(Quiz)).all() == []


def test_a_refused_form_is_shown_again_as_it_was_sent(client: TestClient) -> None:
    page = client.post("/quiz", data=CHOSEN | {"number": "77", "level": "hard", "timed": "yes", "minutes": "9"}).text
    assert re.search(r'name="number"[^>]* value="77"[^>]* aria-invalid="true" aria-describedby="number-problem"', page)
    assert '<option value="hard" selected>hard</option>' in page
    assert 'name="timed" value="yes" checked' in page
    assert re.search(r'name="minutes"[^>]* value="9"', page)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"timed": "yes"}, 300),
        ({"timed": "yes", "minutes": "7"}, 420),
        ({"minutes": "7"}, None),
        ({"kind": "interview"}, 600),
    ],
)
def test_how_long_it_may_take(
    client: TestClient, database: Database, changes: dict[str, Any], seconds: int | None
) -> None:
    make(client, **changes)
    with database.read() as session:
        assert session.exec(select(Quiz.seconds)).one() == seconds


def test_a_whole_quiz_and_its_result(client: TestClient, database: Database) -> None:
    with database.write() as session:
        for card in session.exec(select(Card)).all():
            session.add(CardDemo(card_id=card.id, position=0, demo="gradient-flow", query="gain=0.9", label=card.name))
    address = make(client)
    page = client.get(address).text
    assert "1 of 5" in page
    assert "easy" not in before_reveal(page).split("<main")[1]
    assert "2 of 5" in give(client, address, 4)
    page = give(client, address, 1, 5, 2, 3)
    assert "Quiz finished." in page
    assert "Mean <b>3.0</b> of 5, 2 of 5 missed." in page
    assert "standard deviation 1.4" in page
    assert "from 1 to 5" in page
    with database.read() as session:
        asked = session.exec(select(Card.name).join(QuizItem).order_by(col(QuizItem.position))).all()
    assert f'/review?deck=small&amp;cards={asked[1]}%2C{asked[3]}&amp;mode=cram"' in page
    study = page.split('id="study"')[1].split("</section>")[0]
    assert re.findall(r'class="demo-link" href="([^"]*)">(\w+)<', study) == [
        ("/demos/gradient-flow?gain=0.9", asked[1]),
        ("/demos/gradient-flow?gain=0.9", asked[3]),
    ]
    assert ratings(database) == [4, 1, 5, 2, 3]
    listed = client.get("/quiz").text
    assert f'href="{address}"' in listed
    assert "5 of 5" in listed
    assert "Continue" not in listed


def test_the_weakest_are_set_beside_what_the_schedule_foresaw(
    client: TestClient, database: Database, clock: Clock
) -> None:
    give(client, make(client), 3, 3, 4, 4, 5)
    clock.now += timedelta(days=30)
    address = make(client, kind="weakest", name="q2")
    with database.read() as session:
        states = session.exec(select(CardState)).all()
    fields = [{name: getattr(state, name) for name in State._fields} for state in states]
    chances = sorted(Predictor().chance(State(**one), 30) for one in fields)  # no recall has taught anything yet
    page = give(client, address, 1, 5, 4, 2)
    page = client.post(f"{address}/end").text
    assert "Weakest 5" in page
    by_card = page[page.index('id="by-card"') :]
    shown = [int(share) for share in re.findall(r"<td>(\d+)\s%</td>", by_card)]
    assert '<th scope="col">result</th>' not in by_card  # none went better or worse than predicted
    assert shown == [round(100 * chance) for chance in chances]
    assert f"predicted that you would recall {round(25 * sum(chances[:4]))}\xa0%; you recalled 50\xa0%" in page


def test_follow_ups_in_an_interview_are_shown_as_such(client: TestClient, database: Database) -> None:
    make(client)
    with database.write() as session:
        for item in session.exec(select(QuizItem)):
            item.is_follow_up = item.position == 1
            session.add(item)
    assert "Follow-up" in give(client, "/quiz/q1", 4)
    assert give(client, "/quiz/q1", 4, 4, 4, 4).count("Follow-up:") == 1


def test_an_answer_sent_twice_counts_once_and_is_answered_the_same(client: TestClient, database: Database) -> None:
    address = make(client)
    form = rating_form(client, address)
    for _ in range(2):
        answer = client.post(address, data=form, headers=PART)
        assert answer.status_code == 200
        assert "2 of 5" in answer.text
        assert "4 · Well</b>, back" in answer.text
        assert "<html" not in answer.text
    assert ratings(database) == [4]
    other = client.post(address, data=form | {"token": "another", "after": 1}, headers=PART)
    assert other.status_code == 409
    assert "already answered that question, with 4" in other.text
    assert ratings(database) == [4]


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"rating": 6}, 422, "must be 1, 2, 3, 4 or 5"),
        ({"token": "not a token!"}, 422, "Load the page again"),
        ({"card": 999}, 404, "does not ask card 999"),
        ({"after": 7}, 409, "othing was counted"),
        ({"shown_at": "2026-03-01T08:59:00+00:00", "revealed_after": 0}, 409, "fresh dates"),
        ({"shown_at": "2026-03-02T08:59:00"}, 422, "time zone"),
        ({"typed": "x" * 4001}, 422, "4000 characters"),
    ],
)
@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_what_cannot_be_counted_is_refused_with_a_reason(
    client: TestClient, database: Database, changes: dict[str, Any], status: int, says: str, headers: dict[str, str]
) -> None:
    address = make(client)
    answer = client.post(address, data=rating_form(client, address) | changes, headers=headers)
    assert answer.status_code == status
    assert says in answer.text
    assert ratings(database) == []


def test_only_the_current_question_is_revealed(client: TestClient) -> None:
    address = make(client)
    question = fields(client.get(address).text, GET.format(address))
    give(client, address, 4)
    page = client.get(address, params=question).text
    assert "not the current question" in page
    assert 'class="rating"' not in before_reveal(page)
    assert "Show the answer" in client.get(address, params={"card": 1, "shown_at": "2026-03-02T08:59:00"}).text


def test_what_is_typed_is_revealed_recording_nothing_then_kept_and_shown_at_the_end(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        learner = session.get_one(Learner, 1)
        learner.types_answers, learner.say_within = True, 20
        session.add(learner)
    address = make(client)
    assert "Say the answer aloud within 20 seconds." in client.get(address).text
    question = fields(client.get(address).text, f'action="{address}/reveal"')
    typed = {"typed": "two\r\n<b>lines</b>"}
    page = client.post(f"{address}/reveal", data=question | typed, headers=PART).text
    assert "two\n&lt;b&gt;lines" in page
    assert ratings(database) == []
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page[page.index('class="rating"') :])) | {"rating": 2}
    assert client.post(address, data=form | typed).status_code == 200
    with database.read() as session:
        assert session.exec(select(Review.typed)).one() == "two\n<b>lines</b>"
    client.post(f"{address}/end")
    result = client.get(address).text
    assert "You typed this and rated it 2" in result
    assert "two\n&lt;b&gt;lines" in result
    assert client.post(f"{address}/reveal", data=question | {"typed": "x" * 4001}).status_code == 422


def test_when_the_time_is_over_a_late_answer_is_refused_and_the_result_shown(
    client: TestClient, database: Database, clock: Clock
) -> None:
    address = make(client, timed="yes", minutes="2")
    page = client.get(address).text
    assert 'data-left="120"' in page
    assert "until 10:02:00" in page
    form = rating_form(client, address)
    clock.now += timedelta(seconds=124)
    assert client.post(address, data=form).status_code == 200
    assert "Time is up." in client.get(address).text
    clock.now += timedelta(minutes=1)
    late = client.post(address, data=form | {"token": "late", "card": 0})
    assert late.status_code == 404
    with database.read() as session:
        unanswered = session.exec(select(QuizItem.card_id).where(col(QuizItem.token).is_(None))).first()
    late = client.post(address, data=form | {"token": "late", "card": unanswered, "after": 0}, headers=PART)
    assert late.status_code == 409
    assert "Time was up when that answer arrived" in late.text
    assert "4 questions not answered" in late.text
    assert ratings(database) == [4]
    assert "Continue" not in client.get("/quiz").text
    undone = client.post(f"{address}/undo", data={"token": "u1"}, headers=PART)
    assert "Undone (you had rated 4). Time is up, so that question stays unanswered." in undone.text


@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_undo_takes_back_the_quizs_last_answer_and_nothing_of_elsewhere(
    client: TestClient, database: Database, headers: dict[str, str]
) -> None:
    address = make(client)
    give(client, address, 4)
    page = client.post(f"{address}/undo", data={"token": "u1"}, headers=headers)
    assert page.status_code == 200
    assert "1 of 5" in page.text
    assert ratings(database) == [4, None]
    with database.write() as session:
        asked = session.exec(select(QuizItem.card_id)).all()
        topic = session.exec(select(Topic)).one()
        assert len(asked) == 5
        card = session.exec(select(Card)).first()
        assert card is not None
        values = card.model_dump() | {"id": 99, "name": "q99", "place": "9", "topic_id": topic.id}
        session.add(Card(**values))
    review = client.get("/review", params={"card": 99, "shown_at": NOW.isoformat(), "deck": "small"}).text
    client.post("/review", data=fields(review, '<form class="rating"') | {"rating": 5})
    answer = client.post(f"{address}/undo", data={"token": "u2"}, headers=headers)
    assert answer.status_code == 409
    assert "not given in this quiz" in answer.text
    assert ratings(database) == [4, None, 5]


def test_a_card_that_left_the_files_is_skipped_with_a_word(client: TestClient, database: Database) -> None:
    address = make(client)
    with database.write() as session:
        items = session.exec(select(QuizItem).order_by(col(QuizItem.position))).all()
        first = session.get_one(Card, items[0].card_id)
        first.retired_at = NOW
        session.add(first)
        session.add(CardMark(learner_id=1, card_id=items[1].card_id, is_suspended=True))
    page = client.get(address).text
    assert "1 of 3" in page
    assert "2 questions of this quiz are no longer available" in page
    assert "2 questions of this quiz were no longer available" in give(client, address, 4, 4, 4)


def test_another_learner_sees_what_is_asked_and_takes_it_afresh(client: TestClient, database: Database) -> None:
    address = make(client, timed="yes")
    give(client, address, 1)
    with database.write() as session:
        item = session.exec(select(QuizItem).order_by(col(QuizItem.position).desc())).first()
        assert item is not None
        last = session.get_one(Card, item.card_id)
        last.retired_at = NOW
        session.add(last)
    as_second(client, database)
    page = client.get(address).text
    assert "Another learner’s quiz: 5 questions in 5 minutes." in page
    assert "1 question is not available to you" in page
    assert "Question 1?" not in page
    assert "First topic" in page
    for path, data in (("", rating_form_of_none()), ("/undo", {"token": "u"}), ("/end", {}), ("/reveal", REVEAL)):
        answer = client.post(address + path, data=data)
        assert (answer.status_code, "belongs to another learner" in answer.text) == (403, True), path
    assert client.get(f"{address}/compare?with=q1").status_code == 403
    made = client.post(f"{address}/again", data={"name": "mine"}, follow_redirects=False)
    assert made.headers["location"] == "/quiz/mine"
    assert "1 of 4" in client.get("/quiz/mine").text
    assert "Past quizzes" in client.get("/quiz").text
    assert 'href="/quiz/q1"' not in client.get("/quiz").text
    with database.read() as session:
        mine = session.exec(select(QuizItem.card_id).join(Quiz).where(Quiz.name == "mine")).all()
        assert len(mine) == 4
        assert last.id not in mine


REVEAL = {"card": 1, "shown_at": "2026-03-02T08:59:00+00:00"}


def rating_form_of_none() -> dict[str, Any]:
    return REVEAL | {"rating": 4, "token": "t", "after": 0, "revealed_after": 0}


def test_the_same_questions_again_in_the_same_order(client: TestClient, database: Database) -> None:
    address = make(client)
    give(client, address, 4)
    client.post(f"{address}/end")
    client.post(f"{address}/again", data={"name": "q2"})
    with database.read() as session:
        one, two = (
            session.exec(
                select(QuizItem.card_id, QuizItem.expected)
                .join(Quiz).where(Quiz.name == name).order_by(col(QuizItem.position))
            ).all()
            for name in ("q1", "q2")
        )  # fmt: skip
    assert [card for card, _ in one] == [card for card, _ in two]
    assert [expected for _, expected in two] == [1.0, None, None, None, None]
    assert client.post(f"{address}/again", data={"name": "?"}).status_code == 422
    with database.write() as session:
        for card in session.exec(select(Card)).all():
            card.retired_at = NOW
            session.add(card)
    assert client.post(f"{address}/again", data={"name": "q3"}).status_code == 409


def test_two_quizzes_are_compared_by_topic(client: TestClient) -> None:
    one, two = make(client), make(client, name="q2")
    give(client, one, 2, 2, 2, 2, 2)
    give(client, two, 4, 5, 4, 5, 4)
    assert 'value="q2"' in client.get(one).text
    page = client.get(f"{one}/compare?with=q2").text
    row = re.sub(r"<[^>]*>", " ", page.split('<th scope="row">First topic</th>')[1].split("</tr>")[0]).split()
    assert row == ["2.0", "of", "5", "4.4", "of", "5", "−2.4"]
    assert "+2.4" in client.get(f"{two}/compare?with=q1").text
    assert client.get(f"{one}/compare?with=q3").status_code == 404
    assert client.get(f"{one}/compare").status_code == 422


@pytest.mark.parametrize("path", ["/quiz/nowhere", "/quiz/0", "/quiz/a%20b"])
def test_a_quiz_that_is_not_there_is_named(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/end").status_code == 404
    assert client.post(f"{path}/again", data={"name": "x"}).status_code == 404


def test_a_long_list_of_past_quizzes_shows_the_latest_first(client: TestClient, database: Database) -> None:
    with database.write() as session:
        for n in range(25):
            when = NOW - timedelta(days=n)
            session.add(
                Quiz(id=n + 1, learner_id=1, deck_id=1, name=f"p{n}", kind="chosen", title=f"T{n}", started_at=when)
            )
            session.flush()
            session.add(QuizItem(quiz_id=n + 1, position=0, card_id=1))
    page = client.get("/quiz").text
    assert re.findall(r'<th scope="row"><a href="/quiz/(p\d+)"', page) == [f"p{n}" for n in range(20)]
    assert "5 older" in page
    assert len(re.findall(r'<th scope="row"><a href="/quiz/p\d+"', client.get("/quiz?all=1").text)) == 25


def mark(client: TestClient, address: str, act: str, **more: Any) -> str:
    """Do something to the card that is asked now."""
    form = rating_form(client, address)
    asked = {"card": form["card"], "shown_at": form["shown_at"]}
    answer = client.post(f"{address}/mark", data=asked | {"act": act} | more, headers=PART)
    assert answer.status_code == 200
    return answer.text


def heading(page: str) -> str:
    return str(re.findall(r"<h1[^>]*>(?:<p>)?([^<]*)", page)[0])


def marks(database: Database) -> list[CardMark]:
    with database.read() as session:
        return list(session.exec(select(CardMark)).all())


def test_a_card_is_flagged_and_noted_in_a_quiz_and_its_answer_stays_open(
    client: TestClient, database: Database
) -> None:
    address = make(client)
    page = mark(client, address, "flag", typed="Mine.")
    assert "Flagged." in page
    assert "1 of 5" in page
    assert fields(page, '<form class="rating"')["typed"] == "Mine."
    page = mark(client, address, "note", note="Ask Ann.")
    assert "Ask Ann." in page
    assert [(one.is_flagged, one.note) for one in marks(database)] == [(True, "Ask Ann.")]
    assert "Ask Ann." not in before_reveal(client.get(address).text), "it may hold the answer"


@pytest.mark.parametrize(("act", "back"), [("bury", "unbury"), ("suspend", "resume")])
def test_a_card_set_aside_in_a_quiz_is_skipped_until_it_is_back(
    client: TestClient, clock: Clock, act: str, back: str
) -> None:
    address = make(client)
    first = heading(client.get(address).text)
    page = mark(client, address, act)
    assert heading(page) != first
    assert "1 of 4" in page
    assert "1 question of this quiz is no longer available" in page
    bring_back = fields(page, '<form class="inline"')
    page = client.post(f"{address}/mark", data=bring_back | {"act": back}, headers=PART).text
    assert heading(page) == first
    assert "1 of 5" in page
    mark(client, address, act)
    give(client, address, 4, 4, 4, 4)
    page = client.get(address).text
    assert "4 / 4" in page
    assert "does not count" in page
    clock.now += timedelta(days=1)
    page = client.get(address).text
    assert (heading(page) == first) == (act == "bury"), "buried until tomorrow, and this quiz has no end of its own"


def test_a_leech_gets_its_help_in_a_quiz_too(client: TestClient, database: Database) -> None:
    address = make(client)
    form = rating_form(client, address)
    with database.write() as session:
        for n in range(1, 9):
            at = datetime(2026, 2, n, 9, tzinfo=UTC)
            presses: dict[str, Any] = {"token": f"t{n}", "rating": 4 if n % 2 else 1, "day": at.date()}
            presses |= {"rated_at": at, "counts_at": at}
            session.add(Review(learner_id=1, card_id=int(form["card"]), desired_retention=0.9, checksum="", **presses))
        session.flush()
        replay(session)
    assert (
        "has been forgotten 4 times"
        in client.get(address, params=fields(client.get(address).text, GET.format(address))).text
    )


def test_the_last_answer_is_in_sight_without_htmx_too_and_another_sittings_is_not(client: TestClient) -> None:
    address = make(client)
    assert "4 · Well</b>, back" in give(client, address, 4)
    assert "4 · Well</b>" not in client.get(make(client, name="q2")).text


def test_a_typed_answer_that_is_too_long_is_refused_with_its_length(client: TestClient) -> None:
    address = make(client)
    answer = client.post(f"{address}/reveal", data=REVEAL | {"typed": "x" * 4_001})
    assert answer.status_code == 422
    assert "4000 characters, and no NUL. This one has 4001: go back and shorten it." in answer.text
