"""/browse: what an address asks for, and what is done to many cards."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import text

from app.cards.load.load import load
from app.database import Database
from app.web.browse.query import Query
from app.web.browse.words import Done, sentence
from tests.examples import examples
from tests.web.conftest import NOW

PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": "http://127.0.0.1:8000/browse"}
LATER = NOW + timedelta(seconds=1)  # than any rating before
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
QUESTION = re.compile(r'id="q-(\d+)" href="/cards/small/(q\d+)"')


def names(answer: Response) -> list[str]:
    assert answer.status_code == 200
    return [name for _id, name in QUESTION.findall(answer.text)]


def ids(client: TestClient) -> dict[str, str]:
    return {name: number for number, name in QUESTION.findall(client.get("/browse").text)}


def act(client: TestClient, do: str, *cards: str, part: bool = False, **more: str | int) -> Response:
    known = ids(client)
    form = {"do": do, "card": [known[name] for name in cards], "token": "t1", **more}
    return client.post("/browse/act", data=form, headers=PART if part else SAME_SITE)


def rate(client: TestClient, name: str, rating: int) -> None:
    page = client.get("/review", params={"card": ids(client)[name], "shown_at": LATER.isoformat()}).text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page[page.index('class="rating"') :]))
    assert client.post("/review", data=fields | {"rating": rating}).status_code == 200


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.connection().execute(text(query))]


def test_every_card_is_listed_and_words_narrow_the_list(client: TestClient) -> None:
    assert names(client.get("/browse")) == ["q1", "q2", "q3", "q4", "q5"]
    assert names(client.get("/browse?q=longer+answer+3")) == ["q3"]
    assert names(client.get("/browse?q=question")) == ["q1", "q2", "q3", "q4", "q5"]
    nothing = client.get("/browse?q=elephant")
    assert names(nothing) == []
    assert "0 cards for “elephant”" in nothing.text
    assert names(client.get("/browse?q=%22")) == []


def test_filters_and_orders_come_from_the_address(client: TestClient) -> None:
    rate(client, "q2", 5)
    rate(client, "q4", 1)
    assert names(client.get("/browse?state=new")) == ["q1", "q3", "q5"]
    assert names(client.get("/browse?state=learning&sort=stability")) == ["q4", "q2"]
    assert names(client.get("/browse?deck=small&topic=first&level=easy&q=answer+2")) == ["q2"]
    assert names(client.get("/browse?level=hard")) == []
    empty = "q=&deck=&topic=&tag=&level=&source=&state=&sort="
    assert names(client.get(f"/browse?{empty}")) == ["q1", "q2", "q3", "q4", "q5"]


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("sort=dew", 422, "There is no order called “dew”. The nearest is “due”."),
        ("state=lernt", 422, "There is no state called “lernt”."),
        ("level=impossible", 422, "There are easy, medium, hard."),
        ("page=0", 422, "page"),
        ("page=two", 422, "page"),
        ("deck=smal", 404, "The nearest is “small”."),
        ("topic=frist", 404, "The nearest is “first”."),
        ("tag=%00", 400, "NUL"),
        ("flagged=perhaps", 422, "flagged"),
        ("q=" + "x" * 10_000, 200, "0 cards"),
        ("page=999999", 200, "5 cards"),
        ("page=" + "9" * 40, 200, "5 cards"),
        ("tag=none-such", 200, "0 cards"),
        ("tag=none-such", 200, "There is no tag called “none-such”."),
        ("source=none-such", 200, "There is no source called “none-such”."),
        ("did=anything&changed=3", 200, "5 cards"),
    ],
)
def test_what_cannot_be_asked_for_is_named(client: TestClient, query: str, status: int, says: str) -> None:
    answer = client.get(f"/browse?{query}")
    assert answer.status_code == status
    assert says in answer.text


@given(typed=st.text(), state=st.text(max_size=8), sort=st.text(max_size=8), tag=st.text(max_size=8))
@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_address_is_a_server_error(client: TestClient, typed: str, state: str, sort: str, tag: str) -> None:
    pairs = {"q": typed, "state": state, "sort": sort, "tag": tag}
    address = "&".join(f"{name}={quote(value)}" for name, value in pairs.items())
    assert client.get(f"/browse?{address}").status_code in ((400,) if "%00" in address else (200, 422))


def test_htmx_gets_the_list_alone_and_the_address_that_holds_it(client: TestClient) -> None:
    typed = client.get("/browse?q=answer+3&state=&sort=", headers=PART)
    assert "<html" not in typed.text
    assert names(typed) == ["q3"]
    assert typed.headers["hx-replace-url"] == "/browse?q=answer+3"
    filtered = client.get("/browse?q=answer&state=new", headers=PART)
    assert filtered.headers["hx-push-url"] == "/browse?q=answer&state=new"
    assert "hx-replace-url" not in filtered.headers


def test_the_shortest_address_holds_the_whole_state() -> None:
    query = Query(q="a b", topic=("t",), flagged=True, page=3)
    assert query.address() == "/browse?q=a+b&topic=t&flagged=1&page=3"
    assert query.address(page=None) == "/browse?q=a+b&topic=t&flagged=1"
    assert Query().address() == "/browse"
    assert query.differs_only_in_words("http://h/browse?q=z&topic=t&flagged=1")
    assert not query.differs_only_in_words("http://h/browse?q=a+b&topic=t")


@pytest.mark.parametrize(
    ("do", "undo", "state", "says"),
    [
        ("suspend", "resume", "state=suspended", "Suspended 2 cards"),
        ("flag", "unflag", "flagged=1", "Flagged 2 cards"),
        ("tag", "untag", "tag=ask+a+friend", "Tagged 2 cards"),
    ],
)
def test_many_are_marked_and_the_list_says_so(client: TestClient, do: str, undo: str, state: str, says: str) -> None:
    answer = act(client, do, "q2", "q4", back="q=question", own_tag="Ask a friend")
    assert [one.status_code for one in answer.history] == [303]
    assert answer.url.params["q"] == "question"
    assert says in answer.text
    assert names(client.get(f"/browse?{state}")) == ["q2", "q4"]
    assert "1 more" in act(client, do, "q1", "q2", own_tag="ask a friend").text
    assert "Nothing to do" in act(client, do, "q1", own_tag="ask a friend").text
    act(client, undo, "q1", "q2", "q4", own_tag="ask a friend")
    assert names(client.get(f"/browse?{state}")) == []


def test_all_that_match_is_more_than_the_page_shows(client: TestClient, database: Database, content: Path) -> None:
    cards = "".join(f"## More {n}? {{#more-{n}}}\nYes.\n\n" for n in range(60))
    (content / "small" / "more.md").write_text(f"---\ntitle: More\norder: 2\n---\n{cards}")
    load(database, content, NOW)
    page = client.get("/browse?q=more").text
    assert "60 cards for “more”, page 1 of 2" in page
    assert 'href="/browse?q=more&amp;page=2" rel="next"' in page
    answer = act(client, "suspend", back="q=more&page=2", all=1)
    assert "Suspended 60 cards" in answer.text
    assert rows(database, "SELECT count(*) FROM card_mark WHERE is_suspended") == [(60,)]


def test_under_htmx_the_swapped_list_says_what_was_done(client: TestClient) -> None:
    answer = act(client, "flag", "q1", part=True, back="state=new")
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Flagged 1 card." in answer.text
    assert answer.headers["hx-replace-url"] == "/browse?state=new"


@pytest.mark.parametrize(
    ("do", "cards", "tag", "says"),
    [
        ("suspend", (), "", "Select a card first"),
        ("tag", ("q1",), "a,b", "no comma, unlike"),
        ("tag", ("q1",), "", "no comma, unlike"),
        ("explode", ("q1",), "", "There is no action"),
    ],
)
def test_what_cannot_be_done_is_named_and_the_form_kept(
    client: TestClient, do: str, cards: tuple[str, ...], tag: str, says: str
) -> None:
    answer = act(client, do, *cards, own_tag=tag)
    assert answer.status_code == 422
    assert says in answer.text
    assert len(re.findall(r'name="card"[^>]* checked>', answer.text)) == len(cards)
    assert f'name="own_tag" value="{tag}"' in answer.text


@pytest.mark.parametrize(
    ("query", "confined_to"),
    [
        ("q=longer+answer+3", "found by “longer answer 3”"),
        ("flagged=1", "flagged"),
        ("state=new&level=easy&topic=first", "First topic · easy · new"),
        ("tag=ask&q=question", "found by “question” · tagged ask"),
    ],
)
def test_a_sitting_and_a_quiz_are_started_with_just_what_is_listed(
    client: TestClient, query: str, confined_to: str
) -> None:
    act(client, "flag", "q1", "q2", "q5")
    act(client, "tag", "q2", "q3", "q4", own_tag="ask")
    act(client, "suspend", "q5")
    page = client.get(f"/browse?{query}")
    askable = {name for name in names(page) if name != "q5"}
    study, quiz = (
        unescape(re.search(rf'href="({path}[^"]*)">{words}<', page.text)[1])  # type: ignore[index]
        for path, words in (("/review", "Study these"), ("/quiz", "Quiz on these"))
    )
    sitting = client.get(study)
    assert f"{confined_to} · all, due or not" in sitting.text
    assert f"0 / {len(askable)}" in sitting.text
    form = client.get(quiz).text
    fields = re.findall(
        r'type="hidden" name="(\w+)" value="([^"]*)"', form.split('value="chosen"')[1].split("</form>")[0]
    )
    values = parse_qs(quiz.partition("?")[2])
    for name, (value,) in values.items():  # each is in the form, as a text, a choice or a tick
        shown = rf'name="{name}"[^>]* value="{re.escape(value)}"|<option value="{re.escape(value)}" selected>'
        assert re.search(shown, form), name
    made = client.post("/quiz", data=dict(fields) | values | {"topic": "first", "kind": "chosen", "number": "50"})
    assert f"0 of {len(askable)}" in made.text
    assert made.status_code == 200


def test_what_is_not_asked_is_explained_in_place_of_the_buttons(client: TestClient) -> None:
    act(client, "suspend", "q1", "q2")
    some, none, gone = (client.get(f"/browse?q={q}").text for q in ("question", "answer+1", "elephant"))
    assert "Study these" in some
    assert "Suspended and buried cards are not asked." in some
    assert "Study these" not in none + gone
    assert "Suspended and buried cards are not asked." in none
    suspended = client.get("/browse?state=suspended").text
    assert "Study these" not in suspended
    assert "Resume them in Browse" in suspended
    assert "Resume them in Browse" in client.get("/review?state=suspended&mode=cram").text
    assert "Study these" in client.get("/browse").text


def test_a_card_that_is_not_asked_is_not_due(client: TestClient) -> None:
    rate(client, "q2", 5)
    rate(client, "q4", 5)
    assert client.get("/browse").text.count(" · due ") == 2
    act(client, "suspend", "q4")
    page = client.get("/browse").text
    assert page.count(" · due ") == 1
    assert "suspended" in page


def test_of_several_decks_each_has_its_buttons(client: TestClient, database: Database, content: Path) -> None:
    (content / "other").mkdir()
    (content / "other" / "first.md").write_text("---\ntitle: Other\norder: 1\n---\n## Other question 1?\nYes.\n")
    load(database, content, NOW)
    page = client.get("/browse?q=question").text
    assert re.findall(r">(Study these[^<]*|Quiz on these[^<]*)<", page) == [
        "Study these: other (1)", "Quiz on these: other (1)", "Study these: small (5)", "Quiz on these: small (5)",
    ]  # fmt: skip
    assert re.findall(r">(Study these[^<]*)<", client.get("/browse?q=other").text) == ["Study these"]
    page = client.get("/browse?topic=first").text
    assert "6 cards" in page
    assert "deck=other&amp;topic=first&amp;mode=cram" in page


@pytest.mark.parametrize("back", ["page=0", "state=none", "flagged=x"])
def test_a_form_that_was_nowhere_is_refused(client: TestClient, back: str) -> None:
    assert act(client, "flag", "q1", back=back).status_code == 422


def test_an_action_from_another_site_is_refused(client: TestClient, database: Database) -> None:
    answer = client.post("/browse/act", data={"do": "suspend", "all": 1}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert rows(database, "SELECT count(*) FROM card_mark") == [(0,)]


@pytest.mark.parametrize("part", [False, True])
def test_a_reset_asks_first_and_says_what_it_takes_back(client: TestClient, database: Database, part: bool) -> None:
    rate(client, "q1", 1)
    rate(client, "q1", 4)
    rate(client, "q2", 4)
    asks = act(client, "reset", "q1", "q2", "q3", part=part, back="q=question")
    assert "Undo 3 ratings of 2 cards?" in asks.text
    assert "The other 1 of the 3 cards chosen is new already." in asks.text
    assert rows(database, "SELECT count(undoes_id) FROM review") == [(0,)]
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', asks.text[asks.text.index('action="/browse/act"') :])
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    done = client.post("/browse/act", data=form, headers=PART if part else SAME_SITE)
    assert "Reset 2 cards to new. 1 more was new already." in done.text
    assert names(client.get("/browse?state=new")) == ["q1", "q2", "q3", "q4", "q5"]
    assert rows(database, "SELECT count(rating), count(undoes_id) FROM review") == [(3, 3)]
    again = client.post("/browse/act", data=form, headers=PART if part else SAME_SITE)
    assert "There is nothing to undo." in again.text


def test_a_reset_asks_again_when_there_is_more_to_take_back_by_then(client: TestClient, database: Database) -> None:
    rate(client, "q1", 4)
    assert "Undo 1 rating of 1 card?" in act(client, "reset", "q1").text
    rate(client, "q2", 4)
    answer = act(client, "reset", "q1", "q2", ratings=1)
    assert "The number has changed since you were asked." in answer.text
    assert rows(database, "SELECT count(undoes_id) FROM review") == [(0,)]


def test_the_words_for_what_was_done() -> None:
    assert sentence(Done("suspend", 2, 2)) == "Suspended 2 cards: not asked until resumed."
    assert sentence(Done("suspend", 1, 2)) == "Suspended 1 card: not asked until resumed. 1 more was suspended already."
    assert sentence(Done("unflag", 0, 2)) == "Nothing to do: 2 cards were not flagged."
    assert sentence(Done("", 1, 1)) == sentence(Done("<b>", 1, 1)) == ""
