"""Text as Markdown shows it as it is: without control characters, and as code. Pure."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff]|[\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")


def clean(text: str) -> str:
    """Make all line ends plain newlines, and remove control characters."""
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def code_span(text: str) -> str:
    """Return text as inline code."""
    run = "`" * (max((len(one) for one in re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{run}{space}{text}{space}{run}"


def fenced(text: str) -> str:
    """Return text as a code block."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{clean(text)}\n{fence}"
