"""/practice: another question of the kind that a card asks, which counts nothing."""

import html
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text, update

from app.ask.four import four, typed_as
from app.ask.questions.line import read
from app.cards.load.load import load
from app.database import Database
from app.tables import LEARNER
from tests.web.conftest import NOW
from tests.web.drill.test_run import link
from tests.web.sitting.test_review import PART

LINE = "second-bias?cell=LSTM"
CARD = f"---\ntitle: Shapes\norder: 2\n---\n## How many more? {{#more}}\nAsk: {LINE}\nLevel: easy\n"


@pytest.fixture
def choosing(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(update(LEARNER).values(of_four=True))


def test_an_answer_is_judged_and_another_one_has_other_numbers(client: TestClient) -> None:
    asked = {"ask": LINE, "seed": "7", "from": "/cards/small/q1"}
    page = client.get("/practice", params=asked).text
    task = read(LINE).instances[7].task
    assert task.givens[0].replace("'", "&#39;") in page
    assert "judged" not in page
    right = client.get("/practice", params=asked | {"guess": typed_as(task.answer)}).text
    assert "Right: it is" in right
    slip = client.get("/practice", params=asked | {"guess": typed_as(task.slips[0][0])}).text
    assert task.slips[0][1] in html.unescape(slip)
    onward = parse_qs(urlsplit(link(slip, "Another one")).query)
    assert onward == {"ask": [LINE], "seed": ["8"], "from": ["/cards/small/q1"]}
    assert 'href="/cards/small/q1">Back to the card' in page
    unread = client.get("/practice", params=asked | {"guess": "many"})
    assert unread.status_code == 422
    assert "is not a number" in unread.text


@pytest.mark.usefixtures("choosing")
def test_four_are_offered_where_typing_is_off_and_no_digit_is_their_key(client: TestClient) -> None:
    page = client.get("/practice", params={"ask": LINE, "seed": "3"}).text
    for choice in four(read(LINE).instances[3]):
        assert f'name="guess" value="{choice.sent}"' in page
    assert "data-key" not in page[page.index('class="four"') : page.index("</fieldset>")]


def test_htmx_gets_the_question_alone(client: TestClient) -> None:
    part = client.get("/practice", params={"ask": LINE}, headers=PART).text
    assert "<html" not in part
    assert part.count("<section") == 1
    assert 'hx-target="#practice"' in part


def test_without_a_seed_it_is_new_and_with_one_the_same(client: TestClient) -> None:
    def seed(page: str) -> str:
        found = re.search(r'name="seed" value="(\d+)"', page)
        assert found
        return found[1]

    assert len({seed(client.get("/practice", params={"ask": LINE}).text) for _ in range(4)}) > 1
    pages = {client.get("/practice", params={"ask": LINE, "seed": "4"}).text for _ in range(2)}
    assert len(pages) == 1


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ("second-bia", "The nearest is second-bias."),
        ("second-bias?cel=LSTM", "Did you mean cell?"),
        ("second-bias?cell", "write what it fixes as"),
    ],
)
def test_a_line_that_cannot_be_asked_says_why(client: TestClient, ask: str, says: str) -> None:
    response = client.get("/practice", params={"ask": ask})
    assert response.status_code == 404
    assert says in html.unescape(response.text)


def test_a_way_back_leads_to_a_card_or_nowhere(client: TestClient) -> None:
    for said in ("//evil.example/cards/a/b", "https://evil.example", "/settings", "javascript:alert(1)"):
        page = client.get("/practice", params={"ask": LINE, "from": said}).text
        assert "Back to the card" not in page


def test_a_cards_page_and_a_drill_lead_to_each_other(client: TestClient, database: Database, content: Path) -> None:
    (content / "small" / "shapes.md").write_text(CARD)
    assert not load(database, content, NOW).mistakes
    page = client.get("/cards/small/more").text
    opened = client.get(link(page, "Another one, for practice"))
    assert opened.status_code == 200
    assert 'href="/cards/small/more">Back to the card' in opened.text
    ended = client.get("/drill/run?ask=second-bias&seed=1&log=0&over=1").text
    assert "/cards/small/more" in ended
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM review")).scalar_one() == 0
