"""/api/v1/demos: every demo for programs: its parameters' schema, and its numbers at any state."""

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.demos.machine.demo import BadParametersError, Demo
from app.demos.machine.schema import parameters_schema, state_document
from app.demos.machine.state import state_of
from app.demos.registry import UnknownDemoError, all_demos, find
from app.web.demos.in_turn import may_train
from app.web.frame.errors import NotHereError, bad_parameters

ROOT_PATH = "/api/v1/demos"
router = APIRouter(tags=["demos"])
_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: _PROBLEM | {"description": "There is no such demo; the nearest is named."}
}


@router.get(ROOT_PATH)
def list_demos() -> list[dict[str, str]]:
    """Every demo: its name, what it shows, and where its state and its schema are."""
    return [
        {
            "name": demo.name,
            "title": demo.title,
            "idea": demo.idea,
            "summary": demo.summary,
            "page": f"/demos/{demo.name}",
            "state": f"{ROOT_PATH}/{demo.name}",
            "schema": f"{ROOT_PATH}/{demo.name}/schema",
        }
        for demo in all_demos().values()
    ]


@router.get(ROOT_PATH + "/{name}/schema", responses=_UNKNOWN)
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a demo's parameters: types, bounds, defaults, words."""
    demo = _found(name)
    return parameters_schema(demo.fields, demo.title, f"{ROOT_PATH}/{demo.name}/schema")


@router.get(
    ROOT_PATH + "/{name}",
    responses=_UNKNOWN
    | {
        200: {"description": "Parameters, numbers, caption, figures as tables, warnings."},
        422: _PROBLEM | {"description": "Which parameters are invalid, and the nearest valid state."},
    },
)
@may_train
def state(request: Request, name: str) -> Response:
    """A demo computed at the state that the query says; what the query leaves out has its default."""
    demo = _found(name)
    try:
        computed = state_of(demo, dict(parse_qsl(request.url.query, keep_blank_values=True)))
    except BadParametersError as error:
        return bad_parameters(error, f"{ROOT_PATH}/{name}")
    body = json.dumps(state_document(computed), ensure_ascii=False, allow_nan=False)
    return Response(body, media_type="application/json")


def _found(name: str) -> Demo[Any]:
    try:
        return find(name)
    except UnknownDemoError as error:
        raise NotHereError(str(error)) from None
