"""What README and CONTRIBUTING name is there: every file, and in "Where is …" what to look for in it."""

import re

import pytest

from app.settings import ROOT

PAGES = ("README.md", "CONTRIBUTING.md")
FILE = re.compile(
    r"(?<![\w/.])((?:app|tests|static|templates|content|docs|alembic|bench)/[\w./-]+\.(?:py|md|html|js|css|yaml))(?![\w*])"
)
WHERE = re.compile(r"^\| ([\w ]+) \| `[^`]+` \| `([^`]+)` \| `(\w+)`", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_exists(page: str) -> None:
    named = set(FILE.findall((ROOT / page).read_text()))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_where_is_leads_to_the_line() -> None:
    rows = WHERE.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert [word for word, _, _ in rows] == [
        "rate", "due", "undo", "gradient", "card file", "computed card", "quiz", "plan", "history import", "evidence",
        "statistics",
    ]  # fmt: skip
    for word, path, name in rows:
        code = (ROOT / path).read_text()
        assert re.search(rf"^(?:def |class )?{name}\b", code, re.MULTILINE), f"{word}: {path} defines no {name}"
