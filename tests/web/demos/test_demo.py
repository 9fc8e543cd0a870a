"""The demos' pages: everything that the one file promises is on them, and nothing else is said."""

import gzip
import html
import json
import random
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.ask.typed import number
from app.cards.file.blocks import curly
from app.cards.render.arithmetic import filled
from app.cards.render.maths import mathml
from app.database import Database
from app.demos.machine.demo import BadParametersError
from app.demos.machine.numbers import show, words
from app.demos.path import PATH
from app.demos.registry import all_demos, find
from app.main import create_app
from app.models import Card, CardDemo, Deck, Topic
from app.settings import Settings
from app.web.demos.results import marked
from tests.web.test_walks import APART

DEMOS = sorted(all_demos())
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def client(settings: Settings, database: Database) -> Iterator[TestClient]:
    with TestClient(create_app(settings, database), base_url="http://127.0.0.1:8000") as client:
        yield client


def text_of(page: str) -> str:
    """What a page says, without tags, formulas' sources and entities."""
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<annotation.*?</annotation>", "", page)))


@pytest.mark.parametrize("name", DEMOS)
def test_a_page_has_all_that_the_file_promises(client: TestClient, name: str) -> None:
    demo = find(name)
    response = client.get(f"/demos/{name}")
    assert response.status_code == 200
    # A demo that trains begins untrained.
    begins = {demo.training.updates: "0"} if demo.training else {}
    page, result = response.text, demo.result(begins)
    for field in demo.fields:
        assert f'name="{field.name}"' in page
        assert curly(field.says) in html.unescape(page)
    for figure in result.figures:
        assert f'id="{figure.name}"' in page
        said = words(curly(figure.caption))
        assert said[:20] in " ".join(text_of(page).split()) or "$" in figure.caption
    for one in demo.try_this:
        assert html.escape(demo.query(demo.changed(one.change))) in page
    for dotted, source in demo.code():
        assert dotted in page
        assert " ".join(source.split()) in " ".join(text_of(page).split())
    assert f"/demos/{name}/predict" in page
    assert "No card links here yet" in page
    assert "style=" not in page
    assert " on" + "click" not in page


@pytest.mark.parametrize("name", DEMOS)
def test_the_first_view_is_light(client: TestClient, name: str) -> None:
    page = client.get(f"/demos/{name}").text
    own = [
        page,
        *(
            client.get(address).text
            for address in re.findall(r'"(/static/[^"]+/(?:demos|curve|recur)\.(?:css|js))"', page)
        ),
    ]
    assert len(own) >= 4
    assert sum(len(gzip.compress(part.encode())) for part in own) < 40_000


@pytest.mark.parametrize("name", DEMOS)
def test_no_state_makes_a_heavy_page(client: TestClient, name: str) -> None:
    demo = find(name)
    chance = random.Random(name)
    numbers = [field for field in demo.fields if field.kind == "number"]
    states = [{field.name: f"{field.low:g}" for field in numbers}, {field.name: f"{field.high:g}" for field in numbers}]
    states += [{field.name: chance.choice(field.choices) for field in demo.fields if field.choices} for _ in range(2)]
    for texts in states:
        try:
            query = demo.query(demo.parse(texts))
        except BadParametersError as error:
            query = error.nearest
        page = client.get(f"/demos/{name}?{query}")
        assert page.status_code == 200
        assert len(page.content) < 300_000


@pytest.mark.parametrize("name", DEMOS)
def test_htmx_gets_the_results_alone_and_the_address_of_the_state(client: TestClient, name: str) -> None:
    demo = find(name)
    query = demo.query(demo.changed(demo.try_this[1].change))
    response = client.get(f"/demos/{name}?{query}", headers=PART)
    assert response.headers["HX-Replace-Url"] == f"/demos/{name}?{query}"
    assert "HX-Request-Type" in response.headers["Vary"]
    assert response.text.startswith('<div class="state"')
    assert "<form" not in response.text
    assert "<html" not in response.text
    assert response.text.strip() in client.get(f"/demos/{name}?{query}").text
    whole = client.get(f"/demos/{name}?{query}", headers={"HX-Request": "true", "HX-Request-Type": "full"})
    assert "<html" in whole.text


def test_every_number_of_the_trace_is_on_the_page_with_its_colour(client: TestClient) -> None:
    page = client.get("/demos/unrolled-rnn").text
    trace = find("unrolled-rnn").result({}).traces()[0]
    for row in trace.rows:
        largest = max(abs(value) for value in row.values)
        for column, value in enumerate(row.values.tolist(), start=1):
            heat = round(9 * value / largest)
            cell = (
                rf'<td data-heat="{heat}"><button name="at" value="{row.key},{column}" form="knobs"[^>]*>{show(value)}<'
            )
            assert re.search(cell, page), f"{row.key} at {column}"


def test_a_chosen_cell_shows_its_arithmetic_with_the_numbers_in_it(client: TestClient) -> None:
    page = client.get("/demos/unrolled-rnn?at=z1,3").text
    told = re.search(r'<p class="sum fades".*?</p>', page, re.DOTALL)
    assert told
    assert r"z_{3} = W_{x} \, x_{3} + W_{h} \, h_{2} + b" in told[0]
    assert r"0.5 \cdot 3 + 0.8 \cdot 0.8786 + 0" in told[0]
    assert text_of(told[0]).rstrip().endswith("= 2.2029")
    assert page.count('aria-current="true"') == 1


FORMULAS = [
    r"0.5 \cdot 3 + (-0.8) \cdot 0.8786 + 0",
    r"\tanh(2.2029)",
    r"(1 \cdot 0.9)^{50}",
    r"1.08 \cdot 10^{-8}",
    r"\sigma_1(J_5)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_with_numbers_set_in_is_the_formula_converted(formula: str) -> None:
    assert filled(formula) == mathml(formula)


def test_marks_become_html_and_everything_else_is_escaped() -> None:
    assert marked("**0.5** <b> & $h$") == f"<strong>0.5</strong> &lt;b&gt; &amp; {mathml('h')}"


def test_bad_values_are_named_with_bounds_and_the_nearest_and_the_form_is_kept(client: TestClient) -> None:
    response = client.get("/demos/gradient-flow?gain=99&steps=30&cell=gru&wrong=1")
    assert response.status_code == 422
    page = html.unescape(response.text)
    assert "gain is “99”, but must be a number from 0 to 50." in page
    assert "wrong is not a parameter of gradient-flow. The nearest is" in page
    assert re.search(r'name="gain" value="99"[^>]*aria-invalid="true"', page)
    assert 'name="steps" value="30"' in page
    assert re.search(r'name="cell" value="gru" checked', page)
    nearest = re.search(r'href="(/demos/gradient-flow\?[^"]+)">Go to the nearest', page)
    assert nearest
    assert "gain=50" in nearest[1]
    assert client.get(nearest[1]).status_code == 200


def test_htmx_gets_bad_values_as_a_part(client: TestClient) -> None:
    response = client.get("/demos/gradient-flow?gain=99", headers=PART)
    assert response.status_code == 422
    assert "<html" not in response.text
    assert "HX-Replace-Url" not in response.headers
    assert 'role="alert"' in response.text


def test_what_is_typed_comes_back_escaped(client: TestClient) -> None:
    page = client.get("/demos/gradient-flow", params={"gain": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_data_with_bad_values_is_a_problem_document(client: TestClient, ending: str) -> None:
    response = client.get(f"/demos/gradient-flow.{ending}?gain=99")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["errors"] == [
        {"parameter": "gain", "given": "99", "detail": "gain is '99', but must be a number from 0 to 50."}
    ]
    assert client.get(problem["nearest"]).status_code == 200


@pytest.mark.parametrize("name", DEMOS)
def test_csv_and_json_are_those_of_the_state(client: TestClient, name: str) -> None:
    demo = find(name)
    query = demo.query(demo.changed(demo.try_this[0].change))
    result = demo.result(query)
    assert client.get(f"/demos/{name}.csv?{query}&at=x,1").text == result.csv()
    assert client.get(f"/demos/{name}.json?{query}").json() == json.loads(result.json())


def test_an_unknown_demo_is_a_404_with_the_nearest_name(client: TestClient) -> None:
    for path in ("/demos/gradientflow", "/demos/gradientflow.json", "/demos/gradientflow/predict"):
        response = client.get(path)
        assert response.status_code == 404
        assert "gradient-flow" in response.text


def test_overflow_is_named_and_never_blank(client: TestClient) -> None:
    page = client.get("/demos/gradient-flow?gain=50&phi=linear&steps=200").text
    assert "overflowed at step" in page
    assert not re.search(r"<button[^>]*></button>", page)
    assert 'class="odd"' in page


def test_no_more_cells_than_a_page_can_take(client: TestClient) -> None:
    page = client.get("/demos/gradient-flow?steps=200&cell=lstm").text
    assert page.count('<button name="at"') == 4 * 16
    assert "Showing 16 of 200 steps (all in the CSV)" in page


def test_the_columns_shown_are_those_around_the_chosen_one(client: TestClient) -> None:
    page = client.get("/demos/gradient-flow?steps=200&at=left,90").text
    shown = [int(at) for at in re.findall(r'<button name="at" value="left,(\d+)"', page)]
    assert shown[0] == 1
    assert shown[-1] == 200
    assert shown[1:-1] == list(range(shown[1], shown[1] + 14))
    assert {89, 90, 91} <= set(shown)
    assert page.count('class="gap"') == 2


def test_a_curve_has_its_picture_and_beside_it_the_same_numbers_as_a_table(client: TestClient) -> None:
    part = client.get("/demos/gradient-flow", headers=PART).text
    assert part.count('<svg class="chart"') == 1
    assert part.count('<path class="line s') == 2 + 2  # in the picture, and in the words below it
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th><td>([^<]+)</td><td>([^<]+)</td></tr>', part)
    assert [int(x) for x, _, _ in rows] == list(range(51))
    left = [number(text) for _, text, _ in rows]
    assert left == pytest.approx([0.9 ** (50 - t) for t in range(51)], rel=0.01)
    steps = re.search(r'data-steps="([^"]*)"', part)
    assert steps
    assert len(steps[1].split()) == len(rows), "the script looks up the row of a place"
    assert f'max="{len(rows) - 1}"' in part


def test_the_list_shows_each_demo_under_its_idea_with_a_picture(client: TestClient) -> None:
    page = client.get("/demos").text
    for demo in all_demos().values():
        assert f'href="/demos/{demo.name}"' in page
        assert curly(demo.summary) in html.unescape(page)
        assert demo.idea in page
    assert page.count('class="miniature"') == len(all_demos())


def found(page: str) -> list[str]:
    return re.findall(r'<h3><a href="/demos/([\w-]+)"', page)


def test_a_search_finds_demos_by_their_words_and_their_cards(client: TestClient, database: Database) -> None:
    assert "unrolled-rnn" in found(client.get("/demos?q=elman").text)
    assert "gradient-flow" in found(client.get("/demos?q=VANISHING explode").text)
    nothing = client.get("/demos", params={"q": "<b>zebra"})
    assert found(nothing.text) == []
    assert "0 demos for “<b>zebra”" in html.unescape(nothing.text)
    assert "<b>zebra" not in nothing.text
    card_of(database, "unrolled-rnn", "Why do zebras recur?")
    page = client.get("/demos?q=zebras")
    assert found(page.text) == ["unrolled-rnn"]
    assert '<p class="uses">1 card</p>' in page.text


def card_of(database: Database, demo: str, question: str) -> None:
    with database.write() as session:
        deck = Deck(name="zoo", title="Zoo")
        session.add(deck)
        session.flush()
        topic = Topic(
            deck_id=deck.id, name="t", path="zoo/t.md", title="T", place="1", explanation_html="", key_points_html=""
        )
        session.add(topic)
        session.flush()
        card = Card(
            deck_id=deck.id, topic_id=topic.id, name="z", is_named=True, place="1", line=1, question=question,
            question_html="", short_html="", answer_html="", content_hash="", answer_hash="",
        )  # fmt: skip
        session.add(card)
        session.flush()
        for position in range(2):
            session.add(CardDemo(card_id=card.id, position=position, demo=demo, query="", label="see"))


def test_htmx_gets_what_was_found_alone(client: TestClient) -> None:
    response = client.get("/demos?q=elman", headers=PART)
    assert response.headers["HX-Replace-Url"] == "/demos?q=elman"
    assert "<html" not in response.text
    assert "<form" not in response.text
    assert 1 <= len(found(response.text)) < len(all_demos())


def test_the_way_through_leads_from_the_first_demo_to_the_last_that_there_is(client: TestClient) -> None:
    page = client.get("/demos").text
    way = re.findall(r'<li><a href="/demos/([\w-]+)"', page.partition("<ol>")[2].partition("</ol>")[0])
    assert way[0] == "unrolled-rnn"
    assert way == [name for name, _ in PATH if name in all_demos()]


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_leads_on_to_another(client: TestClient, name: str) -> None:
    after = client.get(f"/demos/{name}").text.partition('id="go-on"')[2].partition("</ul>")[0]
    names = re.findall(r'href="/demos/([\w-]+)"', after)
    assert names
    assert name not in names
    assert set(names) <= set(all_demos())


def test_cards_about_it_are_those_in_use_once_each(client: TestClient, database: Database) -> None:
    with database.write() as session:
        deck = Deck(name="rnn", title="RNN")
        session.add(deck)
        session.flush()
        topic = Topic(
            deck_id=deck.id, name="t", path="rnn/t.md", title="T", place="1", explanation_html="", key_points_html=""
        )
        session.add(topic)
        session.flush()
        for index, (name, retired) in enumerate([("kept", None), ("gone", datetime.now(UTC)), ("elsewhere", None)]):
            card = Card(
                deck_id=deck.id, topic_id=topic.id, name=name, is_named=True, place=str(index), line=1,
                question=f"Question {name}?", question_html=f"Question {name}?", short_html="", answer_html="",
                content_hash="", answer_hash="", retired_at=retired,
            )  # fmt: skip
            session.add(card)
            session.flush()
            demo = "layer-shapes" if name == "elsewhere" else "unrolled-rnn"
            for position in range(2):
                session.add(CardDemo(card_id=card.id, position=position, demo=demo, query="", label="see"))
    page = client.get("/demos/unrolled-rnn").text
    assert page.count("/cards/rnn/kept") == 1
    assert "Question kept?" in page
    assert "gone" not in re.findall(r"/cards/rnn/(\w+)", page)
    assert "elsewhere" not in page


def test_a_sliders_answer_asks_nothing_of_the_database(client: TestClient, database: Database) -> None:
    asked: list[str] = []

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.current_thread().name not in APART:
            asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", heard)
    assert "figcaption" in client.get("/demos/unrolled-rnn?W_x=0.7", headers=PART).text
    assert asked == []
    client.get("/demos/unrolled-rnn?W_x=0.7")
    assert asked


def test_a_state_comes_as_a_program(client: TestClient) -> None:
    page = client.get("/demos/layer-shapes?units=3").text
    (address,) = re.findall(r'<a href="([^"]+)">This state in Python</a>', page)
    answer = client.get(html.unescape(address))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "    units = 3\n" in answer.text
    assert client.get("/demos/layer-shapes.py?units=x").status_code == 422
    assert "in Keras" not in client.get("/demos/activations").text


@pytest.mark.parametrize(("framework", "imports"), [("keras", "import keras"), ("pytorch", "import torch")])
def test_a_state_of_layers_comes_as_a_program_of_a_framework(client: TestClient, framework: str, imports: str) -> None:
    page = client.get("/demos/lstm-gates?x=0.25").text
    (address,) = re.findall(rf'<a href="([^"]+)">in {"Keras" if framework == "keras" else "PyTorch"}</a>', page)
    answer = client.get(html.unescape(address))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert imports in answer.text
    assert "[0.25])" in answer.text
    assert client.get(f"/demos/lstm-gates.{framework}.py?x=x").status_code == 422
    assert client.get(f"/demos/activations.{framework}.py").status_code == 404
    assert "layers of Theano" not in client.get("/demos/lstm-gates.theano.py").text


def test_a_program_that_a_framework_lacks_says_why(client: TestClient) -> None:
    answer = client.get("/demos/gru-gates.pytorch.py?units=2")
    assert answer.status_code == 404
    assert "resets after the product, never before it" in html.unescape(answer.text)
    assert client.get("/demos/layer-shape.py").status_code == 404
