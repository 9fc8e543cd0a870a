"""A demo for programs: the JSON Schema of its parameters, and a state with everything that its page shows."""

import re
from typing import Any

from app.demos.machine.figures import Curve, Figure, Trace
from app.demos.machine.numbers import finite_or_name, words
from app.demos.machine.parameters import ENTRY, MOST_ENTRIES, FormField
from app.demos.machine.state import State

_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
_LIST = rf"{_NUMBER}(, *{_NUMBER}){{0,{MOST_ENTRIES - 1}}}"


def parameters_schema(fields: tuple[FormField, ...], title: str, address: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the parameters, as an address holds them."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _property(field) for field in fields},
    }


def _property(field: FormField) -> dict[str, Any]:
    told: dict[str, Any] = {"title": words(field.title), "description": words(field.says)}
    match field.kind:
        case "number":
            kind = "integer" if field.whole else "number"
            value = float(field.default)
            default = int(value) if field.whole else value
            return told | {"type": kind, "minimum": field.low, "maximum": field.high, "default": default}
        case "choice":
            return told | {"type": "string", "enum": list(field.choices), "default": field.default}
        case "flag":
            return told | {"type": "integer", "enum": [0, 1], "default": int(field.default)}
        case "text":
            bounds = {"minLength": int(field.low), "maxLength": int(field.high)}
            fits = rf"^[{re.escape(''.join(field.choices))}]*$"
            return told | {"type": "string", **bounds, "pattern": fits, "default": field.default}
        case "numbers":
            told["description"] += f" Each from {-ENTRY:g} to {ENTRY:g}."
            return told | {"type": "string", "pattern": f"^{_LIST}$", "default": field.default}
    told["description"] += f" Rows separated by semicolons; each number from {-ENTRY:g} to {ENTRY:g}."
    return told | {"type": "string", "pattern": f"^{_LIST}(; *{_LIST})*$", "default": field.default}


def state_document(state: State) -> dict[str, Any]:
    """What the page of this state says, for json.dumps: what is not finite is a string that names it."""
    demo, result = state.demo, state.result
    return {
        "demo": demo.name,
        "title": demo.title,
        "address": f"/demos/{demo.name}?{state.query}",
        "parameters": {f.name: _parameter(f, getattr(state.parameters, f.name)) for f in demo.fields},
        "caption": words(result.figures[0].caption) if result.figures else "",
        "numbers": {name: finite_or_name(value) for name, value in result.numbers.items()},
        "figures": [_figure(figure) for figure in result.figures],
        "warnings": [words(warning) for warning in result.warnings],
    }


def _parameter(field: FormField, value: Any) -> Any:
    return value if field.kind in ("number", "choice") else int(value) if field.kind == "flag" else field.text(value)


def _figure(figure: Figure) -> dict[str, Any]:
    told: dict[str, Any] = {"name": figure.name, "kind": figure.kind, "title": words(figure.title)}
    told["caption"] = words(figure.caption)
    if isinstance(figure, Trace):
        told["columns"] = list(figure.columns)
        told["rows"] = [
            {"name": row.key, "says": words(row.says), "values": [finite_or_name(v) for v in row.values.tolist()]}
            for row in figure.rows
        ]
    elif isinstance(figure, Curve):
        told["columns"] = [finite_or_name(x) for x in figure.x.tolist()]
        told["rows"] = [
            {"name": line.key, "says": words(line.says), "values": [finite_or_name(v) for v in line.values.tolist()]}
            for line in figure.series
        ]
        told["says"] = figure.alt
    else:
        told["says"] = figure.alt
    return told
