"""/demos/NAME/predict: a question, its judgement, and the way on."""

import html
import json
import re

import pytest
from fastapi.testclient import TestClient

from app.ask.judge import judge
from app.ask.question import written
from app.ask.questions import registry
from app.demos.registry import all_demos
from tests.web.demos.test_demo import text_of

DEMOS = sorted(all_demos())


@pytest.mark.parametrize("name", DEMOS)
@pytest.mark.parametrize("seed", [0, 77])
def test_a_question_hides_its_answer_until_a_guess_is_made(client: TestClient, name: str, seed: int) -> None:
    instance = registry.about(name).instance(seed)
    answer = instance.task.answer
    assert isinstance(answer, int | float)
    asked = client.get(f"/demos/{name}/predict?seed={seed}")
    assert asked.status_code == 200
    assert "judged" not in asked.text
    assert instance.question.tolerance.says in html.unescape(asked.text)
    right = client.get(f"/demos/{name}/predict", params={"seed": seed, "guess": repr(float(answer))})
    unit = instance.task.unit
    assert f"Right: it is {written(answer)}{f' {unit}s' if unit else ''}." in text_of(right.text)
    wrong = client.get(f"/demos/{name}/predict", params={"seed": seed, "guess": repr(abs(answer) * 5 + 4.3)})
    assert f"Not quite: it is {written(answer)}" in text_of(wrong.text)
    assert "Find the step where you differ" in wrong.text
    assert wrong.text.count("<math") > asked.text.count("<math")
    assert f"/demos/{name}/predict?seed={seed + 1}" in wrong.text


@pytest.mark.parametrize("name", [name for name, demo in all_demos().items() if demo.prediction])
def test_the_demo_opens_at_the_very_state_that_was_asked_about(client: TestClient, name: str) -> None:
    instance = registry.about(name).instance(3)
    page = client.get(f"/demos/{name}/predict?seed=3&guess=1234.5").text
    state = re.search(rf'href="(/demos/{name}\?[^"]+)">Open it in the demo', page)
    assert state
    opened = client.get(html.unescape(state[1]).replace(f"/demos/{name}?", f"/demos/{name}.json?"))
    numbers = json.loads(opened.text)["numbers"]
    answer = instance.task.answer
    assert isinstance(answer, int | float)
    wanted = 10**answer if instance.question.effort == "an estimate" else answer
    assert any(isinstance(one, float | int) and one == pytest.approx(wanted, rel=1e-9) for one in numbers.values())


@pytest.mark.parametrize("name", [name for name, demo in all_demos().items() if not demo.prediction])
def test_where_the_question_is_of_no_state_the_demo_opens_as_it_is(client: TestClient, name: str) -> None:
    assert f'href="/demos/{name}">Open it in the demo' in client.get(f"/demos/{name}/predict?seed=1&guess=1234.5").text


def test_a_guess_that_is_no_number_is_answered_not_judged(client: TestClient) -> None:
    response = client.get("/demos/unrolled-rnn/predict?seed=3&guess=<b>half")
    assert response.status_code == 422
    assert "“<b>half” is not a number" in html.unescape(response.text)
    assert "<b>half" not in response.text
    assert "Not quite" not in response.text
    two_ways = client.get("/demos/unrolled-rnn/predict?seed=3&guess=1,120")
    assert two_ways.status_code == 422
    assert "“1,120” can mean 1120 or 1.120." in html.unescape(two_ways.text)


def test_without_a_seed_a_new_question_is_asked(client: TestClient) -> None:
    for seed in ("", "x", "-1", "9" * 40, "²"):
        assert client.get("/demos/layer-shapes/predict", params={"seed": seed}).status_code == 200


def test_questions_in_a_row_are_all_different(client: TestClient) -> None:
    asked, address = [], "/demos/layer-norm-and-dropout/predict?seed=4"
    for _ in range(12):
        page = client.get(address).text
        asked.append(page[page.index("<h1>") : page.index("</ul>")])
        found = re.search(r'href="([^"]+)">another question', page)
        assert found
        address = html.unescape(found[1])
    assert len(set(asked)) == 12


def test_a_judgement_says_beside_each_line_why_it_is_so(client: TestClient) -> None:
    instance = registry.find("long-memory").instance(0)
    slip = next(value for value, says in instance.task.slips if says == "Steps multiply, they do not add.")
    page = client.get("/demos/long-memory/predict", params={"seed": 0, "guess": repr(slip)}).text
    assert "Steps multiply, they do not add." in page
    working = page[page.index('<ol class="working') : page.index("</ol>")]
    assert working.index("One step keeps:") < working.index("<math")
    assert working.index("Steps multiply:") < working.rindex("<math")
    told = client.get("/demos/receptive-field/predict?seed=5&guess=0").text
    assert told.count("What the layer below sees, plus what this one adds.") == 1, "what is the same is said once"


def test_a_guess_that_stopped_on_the_way_is_told_where(client: TestClient) -> None:
    working = [one.task.working[0] for one in registry.find("layer-shapes").instances()]
    firsts = [line.result for line in working if not isinstance(line, str)]
    seed, first = next(
        (seed, first)
        for seed, first in enumerate(firsts)
        if judge(registry.find("layer-shapes").instance(seed), repr(first)).line == 1
    )
    page = client.get("/demos/layer-shapes/predict", params={"seed": seed, "guess": repr(first)}).text
    assert "That is line 1 of the working, but there is more to do." in page
    assert "of the working" not in client.get(f"/demos/layer-shapes/predict?seed={seed}&guess=3").text


def test_a_prediction_needs_no_turn_of_those_who_train(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("a turn was taken")

    monkeypatch.setattr("app.demos.machine.demo.a_turn", refuse)
    for name in ("training-symptoms", "long-memory"):
        assert client.get(f"/demos/{name}/predict?seed=3&guess=9").status_code == 200
