"""Says in plain words what pydantic found wrong with a value."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

OWN = "unknown_word"
"""The type of an error that is a whole sentence of ours."""
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "invalid_key": "is not known here",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "finite_number": "must be a number",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "has a character or a form that is not allowed here",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "must have a kind that is one of {expected_tags}",
    "union_tag_not_found": "must say its kind",
    "json_invalid": "is not valid JSON",
    "timezone_aware": "must have a time zone, such as Z",
    "timezone_naive": "must have no time zone",
}
_FAMILIES = {
    "int": "must be a whole number",
    "float": "must be a number",
    "decimal": "must be a number",
    "bool": "must be yes or no",
    "string": "must be text",
    "bytes": "must be text",
    "datetime": "must be a time, such as 2026-05-01T09:30:00Z",
    "date": "must be a date, such as 2026-05-01",
    "time": "must be a time of day, such as 09:30",
    "list": "must be a list",
    "tuple": "must be a list",
    "model": "must be an object with named values",
    "dict": "must be an object with named values",
    "path": "must be the name of a file or folder",
}


def in_words(name: str, problem: ErrorDetails | Mapping[str, Any], tells_value: bool = False) -> str:
    """Say which value is wrong and what it must be, and what was given if it `tells_value`. There is no full stop.

    What one of our own validators says is kept.
    """
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == OWN:
        return str(problem["msg"]).removesuffix(".")
    if kind in ("value_error", "assertion_error"):
        own = str(problem["msg"]).partition(", ")[2].removesuffix(".")
        return f"{name}: {own}" if name else own
    if context.get("min_length") == 1:
        return f"{name} must not be empty"
    words = _WORDS.get(kind) or _FAMILIES.get(kind.partition("_")[0]) or "cannot be used"
    said = f"{name or 'it'} {words.format(**context)}"
    return f"{said}, not {problem['input']!r}" if tells_value and kind != "missing" else said
