"""/review without a browser: what its forms refuse and how, its addresses, and what a review keeps of a sitting."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.models import Card, Learner, Review
from app.settings import Settings
from app.web.sitting.forms import RatingForm
from app.web.sitting.review import SittingQuery
from tests.web.conftest import NOW

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')


SHOWN = "2026-03-02T08:59:00+00:00"


def rating_form(client: TestClient, of: int = 1, shown: str = SHOWN, **changes: Any) -> dict[str, Any]:
    """The fields of the five buttons' form, as the page with the answer of card `of` holds them."""
    page = client.get("/review", params={"card": of, "shown_at": shown, "deck": "small"}).text
    return dict(HIDDEN.findall(page[page.index('class="rating"') :])) | {"rating": 4} | changes


def ratings(database: Database) -> list[int | None]:
    with database.read() as session:
        return list(session.exec(select(Review.rating)).all())


def test_a_rating_is_answered_with_the_next_card(client: TestClient, database: Database) -> None:
    form = rating_form(client)
    answer = client.post("/review", data=form, headers=PART)
    assert answer.status_code == 200
    assert "Question 2?" in answer.text
    assert "<html" not in answer.text
    assert client.post("/review", data=form, headers=PART).text.count("Question 2?") == 1
    assert ratings(database) == [4]


def test_without_htmx_it_redirects_so_that_reload_sends_nothing_again(client: TestClient) -> None:
    answer = client.post("/review", data=rating_form(client), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/review?deck=small"


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"rating": 6}, 422, "must be 1, 2, 3, 4 or 5"),
        ({"rating": "well"}, 422, "rating"),
        ({"token": "not a token!"}, 422, "Load the page again"),
        ({"token": ""}, 422, "token is missing"),
        ({"card": 999}, 404, "no card 999"),
        ({"card": 2**70}, 422, "card"),
        ({"shown_at": "yesterday"}, 422, "shown_at"),
        ({"shown_at": "2026-03-02T08:59:00"}, 422, "time zone"),
        ({"shown_at": "2026-03-01T08:59:00+00:00", "revealed_after": 0}, 409, "fresh dates"),
        ({"revealed_after": "soon"}, 422, "revealed_after"),
        ({"revealed_after": -1}, 422, "revealed_after"),
        ({"revealed_after": "nan"}, 422, "revealed_after"),
        ({"revealed_after": "1e300"}, 422, "revealed_after"),
        ({"after": 7}, 409, "othing was counted"),
        ({"deck": "smal"}, 404, "nearest is “small”"),
    ],
)
@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_what_cannot_be_counted_is_refused_with_a_reason(
    client: TestClient, database: Database, changes: dict[str, Any], status: int, says: str, headers: dict[str, str]
) -> None:
    form = rating_form(client, **changes)
    answer = client.post("/review", data=form, headers=headers, follow_redirects=True)
    assert answer.status_code == status
    assert says in answer.text
    assert ratings(database) == ([4] if changes.get("deck") else [])


def test_a_missing_field_is_named(client: TestClient) -> None:
    form = rating_form(client)
    del form["token"]
    answer = client.post("/review", data=form)
    assert answer.status_code == 422
    assert "token is missing" in answer.text


@pytest.mark.usefixtures("client")
def test_a_card_that_comes_back_a_second_time_says_so(database: Database, settings: Settings) -> None:
    at = [NOW]
    with TestClient(create_app(settings, database, lambda: at[0]), base_url="http://127.0.0.1:8000") as client:

        def rate(rating: int) -> str:
            form = rating_form(client, shown=at[0].isoformat(), rating=rating, cards="q1")
            return client.post("/review", data=form, headers=PART).text

        assert "back in this sitting" in rate(1)
        assert "back once more today, then " in rate(4)
        said = client.get("/review?cards=q1").text
        assert "back once more today, then " in said
        assert "1 missed card will come back once more today" in said
        owes = re.findall(
            r'data-card="(\d)" data-after="[^"]*" data-topic="[^"]*" data-owes="(\d)"', client.get("/kept").text
        )
        assert owes == [(str(card), "0") for card in range(2, 6)] + [("1", "1")]
        at[0] += timedelta(minutes=1)
        assert "Question 1?" in client.get("/review?cards=q1").text
        assert "once more today" not in rate(4)


@pytest.mark.parametrize("then", [lambda client, form: client.post("/review", data=form, headers=PART), None])
def test_the_card_rated_last_is_named_with_its_formulas(client: TestClient, database: Database, then: Any) -> None:
    with database.write() as session:
        card = session.get_one(Card, 1)
        card.question, card.question_html = "What is h_{t-1}?", "What is <math><mi>h</mi></math>?"
        session.add(card)
    form = rating_form(client)
    said = then(client, form).text if then else (client.post("/review", data=form), client.get("/review"))[1].text
    assert ">What is <math><mi>h</mi></math>?</a></p>" in said
    assert "h_{t-1}" not in said
    assert "<title>What is h? ·" in client.get("/cards/small/q1").text


def test_a_card_that_left_the_files_gives_way_to_the_next(client: TestClient, database: Database) -> None:
    with database.write() as session:
        card = session.get_one(Card, 2)
        card.retired_at = card.retired_at or session.get_one(Card, 1).retired_at
        session.add(card)
    assert "no longer in the deck" in client.get("/review", params={"card": 999}).text


def test_a_rating_taken_back_cannot_be_sent_again(client: TestClient, database: Database) -> None:
    form = rating_form(client)
    client.post("/review", data=form, headers=PART)
    client.post("/review/undo", data={"token": "u1", "deck": "small"}, headers=PART)
    answer = client.post("/review", data=form, headers=PART)
    assert answer.status_code == 409
    assert "undone" in answer.text
    assert "Question 1?" in answer.text
    assert ratings(database) == [4, None]


def test_nothing_of_the_answer_is_outside_what_hides_it(client: TestClient) -> None:
    before, hidden, behind = re.split("</?template[^>]*>", client.get("/review").text.split("<main")[1])
    for said in ("easy", "Answer 1.", "The longer answer 1.", 'name="rating"'):
        assert said in hidden
        assert said not in before + behind, "the level would be a hint, too"


def test_the_reveal_is_the_time_of_the_question_and_what_went_by_but_never_later_than_now(
    client: TestClient, database: Database
) -> None:
    """The form's time is of two clocks; this one stands at NOW, a minute after the question was shown."""
    client.post("/review", data=rating_form(client, revealed_after="2500.125"))
    client.post("/review", data=rating_form(client, of=2, revealed_after="90000"))
    client.post("/review", data=rating_form(client, of=3, shown_at="2999-01-01T00:00:00+00:00", revealed_after="1e12"))
    with database.read() as session:
        times = session.exec(select(Review.shown_at, Review.revealed_at)).all()
    shown = datetime.fromisoformat(SHOWN)
    assert times == [(shown, shown + timedelta(milliseconds=2500, microseconds=125)), (shown, NOW), (NOW, NOW)]


def test_an_answer_revealed_by_a_request_says_to_the_microsecond_when_it_was(client: TestClient) -> None:
    form = rating_form(client, shown="2026-03-02T08:59:58.123457+00:00")
    asked = RatingForm.model_validate(form)
    assert asked.revealed_at(asked.shown_at, NOW + timedelta(hours=1)) == NOW


def test_a_sitting_without_a_card_counts_nothing(client: TestClient) -> None:
    page = client.get("/review", params={"tag": "none", "mode": "cram"}).text
    assert 'aria-label="Leave the sitting"' in page
    assert "<progress" not in page
    assert "0 / 0" not in page


def test_with_typed_answers_the_answer_comes_after_what_was_typed(client: TestClient, database: Database) -> None:
    with database.write() as session:
        session.get_one(Learner, 1).types_answers = True
    page = client.get("/review").text
    assert "<template" not in page
    assert "Answer 1." not in page
    form = {"card": "1", "shown_at": SHOWN, "typed": "mine"}
    page = client.post("/review/answer", data=form, headers=PART).text
    assert "Answer 1." in page
    assert "<template" not in page


def test_a_shared_address_to_an_answer_needs_no_more_than_itself(client: TestClient) -> None:
    assert "Show the answer" in client.get("/review", params={"card": 3}).text
    assert "Show the answer" in client.get("/review", params={"card": 3, "shown_at": "2026-03-02T08:59:00"}).text


def test_an_address_that_goes_ahead_gets_the_time_at_which_it_began(client: TestClient) -> None:
    answer = client.get("/review?deck=small&mode=cram", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "/review?deck=small&mode=cram&since=2026-03-02T09%3A00%3A00%2B00%3A00"
    page = client.get(answer.headers["location"]).text
    assert "all, due or not" in page
    assert "0 / 5" in page


def test_every_form_of_the_page_carries_the_filters(client: TestClient) -> None:
    page = client.get("/review?deck=small&level=easy&state=new&tag=&missed=").text
    for form in page.split("<form")[1:]:
        if 'action="/review' in form:
            fields = dict(HIDDEN.findall(form.split("</form>")[0]))
            assert {name: fields.get(name) for name in ("deck", "level", "state", "tag")} == {
                "deck": "small", "level": "easy", "state": "new", "tag": None,
            }  # fmt: skip


def test_a_review_keeps_the_filters_under_which_it_was_given(client: TestClient, database: Database) -> None:
    client.post("/review", data=rating_form(client) | {"level": "easy"})
    client.post("/review", data=rating_form(client, of=2))
    with database.read() as session:
        assert session.exec(select(Review.sitting)).all() == ["deck=small&level=easy", None]


def test_a_sitting_is_offered_again_where_it_was_left_on_any_device(client: TestClient) -> None:
    assert "Unfinished:" not in client.get("/").text
    client.post("/review", data=rating_form(client) | {"level": "easy"})
    page = client.get("/").text
    assert "Unfinished: easy." in page
    assert 'href="/review?deck=small&amp;level=easy"' in page
    client.post("/review", data=rating_form(client, of=2))
    assert "Unfinished:" not in client.get("/").text, "the last rating was of no such sitting"


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        (
            "level=hardest",
            422,
            "There is no level called “hardest”. The nearest is “hard”. There are easy,",
        ),
        (
            "state=knwon",
            422,
            "There is no state called “knwon”. The nearest is “known”. There are new,",
        ),
        ("missed=0", 422, "missed"),
        ("missed=soon", 422, "missed"),
        ("mode=fast", 422, "mode"),
        ("mode=cram&since=yesterday", 422, "since"),
        ("deck=smal", 404, "nearest is “small”"),
        ("topic=firsst", 404, "nearest is “first”"),
        ("tag=" + "x" * 201, 422, "tag"),
    ],
)
def test_a_filter_that_cannot_be_is_named(client: TestClient, query: str, status: int, says: str) -> None:
    answer = client.get(f"/review?{query}")
    assert answer.status_code == status
    assert says in answer.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("tag=nothing", "There is no tag called “nothing”."),
        ("source=nowhere", "There is no source called “nowhere”."),
        ("state=suspended", "Suspended cards are not asked. Resume them in Browse to study them."),
        ("state=buried", "Buried cards are not asked until a later day."),
        ("q=elephant", "No cards match (found by “elephant”), or you have finished them."),
    ],
)
def test_a_sitting_without_cards_says_why(client: TestClient, query: str, says: str) -> None:
    assert says in client.get(f"/review?{query}").text


@pytest.mark.parametrize("query", ["tag=nothing", "source=nowhere", "cards=nobody", "level=hard"])
def test_filters_that_let_nothing_through_say_so_and_lead_on(client: TestClient, query: str) -> None:
    page = client.get(f"/review?deck=small&{query}").text
    assert "No cards left here." in page
    assert ">change</a>" in page
    assert "Continue with the deck" in page


def test_the_end_tells_how_it_went_and_leads_to_the_missed_ones(client: TestClient) -> None:
    data: dict[str, Any] = {"cards": "q1", "mode": "cram", "since": "2026-03-02T09:00:00+00:00"}
    client.post("/review", data=rating_form(client) | data | {"rating": 1})
    page = client.get("/review", params={"deck": "small", **data}).text
    assert "Question 1?" in page, "missed: it comes back"
    form = rating_form(client, shown="2026-03-02T09:00:01+00:00")
    page = client.post("/review", data=form | data | {"rating": 4}, headers=PART).text
    assert "All done." in page
    assert "<b>1 card</b>, 2 ratings" in page
    assert "1 card missed at least once" in page
    assert '<i class="r1"></i><i class="r4"></i>' in page
    assert 'href="/review?deck=small&amp;cards=q1&amp;mode=cram"' in page


def test_what_confines_is_written_the_same_way_whatever_order_it_came_in() -> None:
    since = datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=UTC)
    query = SittingQuery.model_validate({"cards": " b, a ,b,,", "deck": "d", "mode": "cram", "since": since})
    assert query.cards == ("b", "a")
    assert query.key == "deck=d&cards=b%2Ca&mode=cram&since=2026-03-02T09%3A00%3A00%2B00%3A00"
    assert SittingQuery(deck="d").key is None
    many = SittingQuery.model_validate({"cards": ",".join(f"c{n}" for n in range(80))})
    assert many.cards == tuple(f"c{n}" for n in range(50))


@pytest.mark.parametrize(
    ("address", "more"), [("/review", {}), ("/review/undo", {}), ("/review/mark", {"act": "bury"})]
)
def test_a_form_of_another_learners_page_counts_nothing(
    client: TestClient, database: Database, address: str, more: dict[str, str]
) -> None:
    answer = client.post(address, data=rating_form(client, learner="2") | more)
    assert answer.status_code == 409
    assert "opened as another learner" in answer.text
    with database.read() as session:
        assert session.exec(select(Review)).all() == []


def test_how_sure_one_was_is_kept_with_the_rating(client: TestClient, database: Database) -> None:
    form = rating_form(client) | {"sure": "2"}
    assert client.post("/review", data=form | {"sure": "4"}).status_code == 422
    assert ratings(database) == []
    assert client.post("/review", data=form, headers=PART).status_code == 200
    with database.read() as session:
        assert session.exec(select(Review.sure)).all() == [2]
    assert "said: fairly sure" in client.get("/cards/small/q1").text


def test_nobody_is_asked_how_sure_they_are_who_has_not_chosen_it(client: TestClient, database: Database) -> None:
    assert 'name="sure"' not in client.get("/review?deck=small").text
    with database.write() as session:
        session.get_one(Learner, 1).says_sure = True
    assert client.get("/review?deck=small").text.count('name="sure"') == 3


def test_a_cards_formulas_have_the_colours_of_the_gates_of_its_demo(
    client: TestClient, database: Database, content: Path
) -> None:
    file = content / "small" / "first.md"
    link = "The longer answer {}: $f_t$ and $x_t$. [See](demo:lstm-gates)"
    text = file.read_text().replace("The longer answer 1.", link.format(1))
    file.write_text(text.replace("The longer answer 2.", "The longer answer 2: $f_t$. [See](demo:unrolled-rnn)"))
    assert not load(database, content, NOW).mistakes
    for path in ("/review?card=1", "/cards/small/q1"):
        page = client.get(path).text
        assert '<mi mathcolor="#0000FF">f</mi>' in page
        assert "<mi>x</mi>" in page
    assert "mathcolor" not in client.get("/cards/small/q2").text
