"""/drill: a run of computed questions that is an address and nothing else."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text, update

from app.ask.drill import Drill
from app.ask.four import four, typed_as
from app.ask.question import written
from app.ask.questions.registry import all_questions, find, topics_asked
from app.database import Database
from app.tables import LEARNER
from app.web.drill.choose import EFFORTS, Kinds
from tests.web.conftest import NOW
from tests.web.demos.test_demo import text_of

KINDS = ("second-bias", "two-units")
RUN = {"ask": ",".join(KINDS), "seed": "5", "by": "typed"}


def link(page: str, words: str) -> str:
    """The address of the link with these words."""
    found = re.search(rf'href="([^"]+)"[^>]*>{words}', page)
    assert found, words
    return html.unescape(found[1])


def drill(log: str = "") -> Drill:
    return Drill([one for one in all_questions().values() if one.name in KINDS], 5, log)


def test_a_new_drill_gets_its_seed_and_its_end(client: TestClient) -> None:
    response = client.get("/drill/run?ask=two-units&minutes=10&by=four", follow_redirects=False)
    assert response.status_code == 303
    fields = parse_qs(urlsplit(response.headers["location"]).query)
    assert fields["ask"] == ["two-units"]
    assert fields["by"] == ["four"]
    assert int(fields["ends"][0]) == int(NOW.timestamp()) + 600
    assert "log" not in fields
    assert "minutes" not in fields
    other = client.get("/drill/run?ask=two-units", follow_redirects=False).headers["location"]
    assert "ends" not in other
    assert parse_qs(urlsplit(other).query)["seed"] != fields["seed"]


def test_answers_are_judged_one_after_another_and_the_score_grows(client: TestClient) -> None:
    page = client.get("/drill/run", params=RUN).text
    assert "Question 1" in page
    log = ""
    for slip in (None, 0, 1, None):
        task = drill(log).current.task
        assert text_of(page).count("✓") == 0
        given = typed_as(task.answer if slip is None else task.slips[slip][0])
        judged = client.get("/drill/run", params=RUN | {"log": log, "answer": given}).text
        assert ("Right: it is" if slip is None else "Not quite: it is") in judged
        log += "r" if slip is None else str(slip)
        onward = link(judged, "Another one")
        assert parse_qs(urlsplit(onward).query)["log"] == [log]
        page = client.get(onward).text
    assert "<b>2</b> of 4 right" in page


def test_the_same_address_shows_the_same(client: TestClient) -> None:
    for more in ({}, {"answer": "3"}, {"over": "1"}):
        asked = RUN | {"log": "r0"} | more
        pages = [client.get("/drill/run", params=asked) for _ in range(2)]
        assert pages[0].status_code == 200
        assert pages[0].text == pages[1].text


def test_what_cannot_be_read_is_asked_again_and_not_counted(client: TestClient) -> None:
    response = client.get("/drill/run", params=RUN | {"log": "rr", "answer": "<b>many"})
    assert response.status_code == 422
    assert "“<b>many” is not a number" in html.unescape(response.text)
    assert "<b>many" not in response.text
    assert 'name="log" value="rr"' in response.text
    assert "<b>2</b> of 2 right" in response.text


def test_the_working_can_be_shown_and_a_question_skipped(client: TestClient) -> None:
    page = client.get("/drill/run", params=RUN).text
    shown = client.get(link(page, "Show the working")).text
    assert f"It is {written(drill().current.task.answer)}" in text_of(shown)
    assert parse_qs(urlsplit(link(shown, "Another one")).query)["log"] == ["w"]
    skipped = link(page, "Skip</a>")
    assert parse_qs(urlsplit(skipped).query)["log"] == ["s"]
    assert "of 1 right" not in client.get(skipped).text


def test_four_are_offered_unless_one_types(client: TestClient, database: Database) -> None:
    asked = {"ask": RUN["ask"], "seed": "5"}
    assert '<input id="answer"' in client.get("/drill/run", params=asked).text
    with database.engine.begin() as connection:
        connection.execute(update(LEARNER).values(of_four=True))
    page = client.get("/drill/run", params=asked).text
    for choice in four(drill().current):
        assert f'name="answer" value="{choice.sent}"' in page
    assert '<input id="answer"' not in page
    typed = client.get(link(page, "Type it")).text
    assert '<input id="answer"' in typed
    assert 'class="four"' not in typed


def test_once_the_time_is_up_the_open_question_can_still_be_answered(client: TestClient) -> None:
    over = RUN | {"ends": str(int((NOW - timedelta(seconds=1)).timestamp())), "log": "r"}
    assert "Time is up." in client.get("/drill/run", params=over).text
    answered = client.get("/drill/run", params=over | {"answer": "1"}).text
    assert "Not quite" in answered or "Right" in answered
    assert "Another one" not in answered
    result = client.get(link(answered, "See the result")).text
    assert "Time is up." in result
    assert "of 2 right" in text_of(result)
    assert "Continue this drill" not in result


def test_the_end_tells_the_score_by_kind_the_slips_and_where_to_read(client: TestClient) -> None:
    ended = client.get("/drill/run", params=RUN | {"log": "r00wss", "over": "1"}).text
    told = text_of(ended)
    assert "1 of 4 right." in " ".join(told.split())
    for name in KINDS:
        assert find(name).title in told
    for one in drill("r00wss").answered:
        assert one.slip in html.unescape(ended) or "$" in one.slip
    assert "seed" not in link(ended, "Only what went wrong")
    assert parse_qs(urlsplit(link(ended, "Continue this drill")).query)["log"] == ["r00wss"]
    assert "You answered no question." in client.get("/drill/run", params=RUN | {"log": "ss", "over": "1"}).text


def test_a_full_log_ends_it(client: TestClient) -> None:
    response = client.get("/drill/run", params=RUN | {"log": "r" * 400})
    assert "400 of 400 right" in " ".join(text_of(response.text).split())


def test_nothing_of_it_is_kept(client: TestClient, database: Database) -> None:
    def rows() -> dict[str, int]:
        with database.engine.connect() as connection:
            tables = ("review", "card_state", "day_total", "quiz")
            return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}

    before = rows()
    for log in ("", "r", "r0"):
        client.get("/drill/run", params=RUN | {"log": log, "answer": "1"})
    client.get("/drill/run", params=RUN | {"log": "r0", "over": "1"})
    assert rows() == before


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        (
            "topic=lstm-and-gruu",
            404,
            "There is no topic with computed questions called “lstm-and-gruu”. The nearest is",
        ),
        ("ask=second-bia", 404, "The nearest is second-bias."),
        ("ask=two-units&effort=estimate", 422, "These topics have no question of this kind."),
        ("ask=two-units&seed=1&log=xyz", 422, "log"),
        ("ask=two-units&minutes=0", 422, "minutes"),
        ("ask=two-units&seed=-1", 422, "seed"),
        ("ask=two-units&effort=magic", 422, "effort"),
    ],
)
def test_a_bad_address_says_what_is_wrong(client: TestClient, query: str, status: int, says: str) -> None:
    response = client.get(f"/drill/run?{query}")
    assert response.status_code == status
    assert says in html.unescape(response.text)


@pytest.mark.parametrize("effort", ["", *EFFORTS])
def test_kinds_are_chosen_by_topic_name_and_effort(effort: str) -> None:
    kinds = Kinds.model_validate({"topic": ["lstm-and-gru"], "ask": "second-bias", "effort": effort}).questions()
    for question in all_questions().values():
        is_named = question.topic == "lstm-and-gru" or question.name == "second-bias"
        assert (question in kinds) == (is_named and question.effort == EFFORTS.get(effort, question.effort))
    assert len(Kinds().questions()) == len(all_questions())


def test_the_form_lists_every_topic_and_kind_and_checks_those_of_the_address(client: TestClient) -> None:
    page = client.get("/drill?topic=lstm-and-gru").text
    assert set(re.findall(r'name="topic" value="([^"]+)"', page)) == topics_asked()
    assert re.findall(r'value="([^"]+)" checked', page) == ["lstm-and-gru"]
    assert set(re.findall(r'href="/drill/run\?ask=([^"]+)"', page)) == set(all_questions())
    assert client.get("/drill").text.count(" checked>") - 1 == len(topics_asked())  # and the box of the keys
    assert client.get("/drill?topic=nothing").status_code == 404


def test_the_quiz_page_leads_to_it(client: TestClient) -> None:
    assert 'href="/drill"' in client.get("/quiz").text
    assert "/drill" not in client.get("/topics/small/first").text  # a topic without computed questions
