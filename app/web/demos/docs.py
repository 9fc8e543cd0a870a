"""/docs: the JSON API, read from its own description."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.demos.registry import all_demos
from app.web.frame.here import page


def docs(request: Request) -> Response:
    """Every address of the API with its parameters and answers, and every demo with an example."""
    described = request.app.openapi()
    operations: list[tuple[str, str, dict[str, Any]]] = [
        (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    examples = [(demo, demo.query(demo.changed(demo.try_this[0].change))) for demo in all_demos().values()]
    return page(request, "docs.html", operations=operations, examples=examples)
