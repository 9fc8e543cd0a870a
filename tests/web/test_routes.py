"""The table of all addresses: each leads to its own function, whatever stands before it."""

import re
from collections import Counter

import pytest
from starlette.routing import Match, Route

from app.web.routes import ROUTES

ALL = [route for route in ROUTES if isinstance(route, Route)]


def test_each_address_and_method_is_listed_once() -> None:
    assert len(ALL) == len(ROUTES) > 45
    listed = Counter((route.path, method) for route in ALL for method in route.methods or ())
    assert [one for one, count in listed.items() if count > 1] == []


@pytest.mark.parametrize("route", ALL, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_no_address_is_taken_by_an_earlier_one(route: Route) -> None:
    scope = {"type": "http", "path": re.sub(r"{\w+}", "gradient-flow", route.path), "method": min(route.methods or ())}
    first = next(one for one in ALL if one.matches(scope)[0] is Match.FULL)
    assert first is route
