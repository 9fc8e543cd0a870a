"""The demos' API: what it says is what the page says, in the shape that its schema promises."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.database import Database
from app.demos.registry import all_demos, find
from app.main import create_app
from app.settings import Settings

DEMOS = sorted(all_demos())


@pytest.fixture
def client(settings: Settings, database: Database) -> Iterator[TestClient]:
    with TestClient(create_app(settings, database), base_url="http://127.0.0.1:8000") as client:
        yield client


def number(value: float | str) -> float:
    return float(value)


def test_the_list_leads_to_every_demo(client: TestClient) -> None:
    listed = client.get("/api/v1/demos").json()
    assert [one["name"] for one in listed] == list(all_demos())
    for one in listed:
        assert all(client.get(one[key]).status_code == 200 for key in ("page", "state", "schema"))


@pytest.mark.parametrize("name", DEMOS)
def test_a_state_has_the_numbers_and_tables_of_the_demo(client: TestClient, name: str) -> None:
    demo = find(name)
    query = demo.query(demo.changed(demo.try_this[1].change))
    told = client.get(f"/api/v1/demos/{name}?{query}").json()
    result = demo.result(query)
    assert told["address"] == f"/demos/{name}?{query}"
    assert set(told["numbers"]) == set(result.numbers)
    for key, value in result.numbers.items():
        assert number(told["numbers"][key]) == value or math.isnan(value)
    table = [
        (figure["name"], row["name"], value)
        for figure in told["figures"]
        for row in figure.get("rows", [])
        for value in row["values"]
    ]
    assert [(f, r) for f, r, _ in table] == [(f, r) for f, r, _, _ in result.table()]
    assert all(number(a[2]) == b[3] or math.isnan(b[3]) for a, b in zip(table, result.table(), strict=True))
    assert len(told["warnings"]) == len(result.warnings)


def fits(value: Any, wanted: dict[str, Any]) -> bool:
    """As much of JSON Schema as the parameters' schemas use."""
    kinds: dict[str, Any] = {"integer": int, "number": (int, float), "string": str}
    return (
        isinstance(value, kinds[wanted["type"]])
        and value in wanted.get("enum", [value])
        and ("minimum" not in wanted or wanted["minimum"] <= value <= wanted["maximum"])
        and re.search(wanted.get("pattern", ""), str(value)) is not None
    )


@pytest.mark.parametrize("name", DEMOS)
def test_the_schema_fits_every_state_that_is_shown(client: TestClient, name: str) -> None:
    demo = find(name)
    schema = client.get(f"/api/v1/demos/{name}/schema").json()
    assert list(schema["properties"]) == [field.name for field in demo.fields]
    assert schema["additionalProperties"] is False
    defaults = {key: one["default"] for key, one in schema["properties"].items()}
    assert demo.parse({key: str(value) for key, value in defaults.items()}) == demo.parse({})
    for one in demo.try_this:
        told = client.get(f"/api/v1/demos/{name}", params=dict(one.change)).json()
        for key, value in told["parameters"].items():
            assert fits(value, schema["properties"][key]), f"{key}={value}"
        assert demo.parse({key: str(value) for key, value in told["parameters"].items()}) == demo.changed(one.change)


def test_bad_values_and_unknown_names_are_problem_documents(client: TestClient) -> None:
    bad = client.get("/api/v1/demos/gradient-flow?gain=99&nonsense=1")
    assert bad.status_code == 422
    assert bad.headers["content-type"] == "application/problem+json"
    assert [one["parameter"] for one in bad.json()["errors"]] == ["gain", "nonsense"]
    assert bad.json()["nearest"].startswith("/api/v1/demos/gradient-flow?")
    assert client.get(bad.json()["nearest"]).status_code == 200
    for path in ("/api/v1/demos/gradientflow", "/api/v1/demos/gradientflow/schema", "/api/v1/nothing"):
        unknown = client.get(path)
        assert unknown.status_code == 404
        assert unknown.headers["content-type"] == "application/problem+json"
    assert "gradient-flow" in client.get("/api/v1/demos/gradientflow").json()["detail"]


def test_what_is_not_finite_is_named(client: TestClient) -> None:
    text = client.get("/api/v1/demos/gradient-flow?gain=50&phi=linear&steps=200").text
    assert json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))["numbers"]["ratio"]
    assert '"Infinity"' in text


def test_the_documentation_has_every_address_of_the_description(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    page = client.get("/docs").text
    assert {"/api/v1/demos", "/api/v1/demos/{name}", "/api/v1/demos/{name}/schema"} <= set(described["paths"])
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    for path in described["paths"]:
        assert path in page
    for demo in all_demos():
        assert f'href="/api/v1/demos/{demo}/schema"' in page
    for address in re.findall(r'href="(/api/v1/[^"]+)"', page):
        assert client.get(address.replace("&amp;", "&")).status_code == 200
