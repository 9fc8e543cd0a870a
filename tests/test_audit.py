"""`make audit` tells a weakness, and never says that all is well where it could not ask."""

import json
import re
from collections.abc import Sequence

import pytest

from app.settings import ROOT
from bench.audit import LOCKS, browser_libraries, python_packages, tell

PINNED = [line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line]
PACKAGES = len(json.loads((ROOT / "package-lock.json").read_text())["packages"]) - 1


def answer(**of_the_first: object) -> str:
    clean = [{"name": name, "version": "1", "vulns": []} for name in PINNED]
    return json.dumps({"dependencies": [clean[0] | of_the_first, *clean[1:]]})


@pytest.mark.parametrize(
    ("said", "code", "says"),
    [
        (answer(), 0, "0 with a known weakness"),
        (answer(vulns=[{"id": "CVE-1"}, {"id": "CVE-2"}]), 1, f"{PINNED[0]} 1: CVE-1, CVE-2"),
        (answer(skip_reason="not found on PyPI"), 2, "NOT AUDITED: 1 of them could not be looked up. not found"),
        (json.dumps({"dependencies": []}), 2, f"NOT AUDITED: {len(PINNED)} of them"),
        ("", 2, "pip-audit gave no answer"),
    ],
)
def test_python(said: str, code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell("Python", python_packages("pip-audit", "requirements.txt", lambda _: said)) == code
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "code", "says"),
    [
        ({"vulnerabilities": {}}, 0, "0 with a known weakness"),
        ({"vulnerabilities": {"htmx.org": {"severity": "high"}}}, 1, "htmx.org: high"),
        ({"error": {"summary": ""}, "statusCode": 405}, 2, f"NOT AUDITED: {PACKAGES} of them"),
    ],
)
def test_npm(said: dict[str, object], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell("npm", browser_libraries(lambda _: json.dumps(said))) == code
    assert says in capsys.readouterr().out


def test_a_program_that_is_missing_is_no_good_news() -> None:
    def missing(command: Sequence[str]) -> str:
        raise FileNotFoundError(command[0])

    assert python_packages("pip-audit", "requirements.txt", missing).unknown == len(PINNED)
    assert browser_libraries(missing).unknown == PACKAGES


def test_every_lock_is_asked_about_and_the_step_is_in_no_other() -> None:
    locks = {path.name for path in ROOT.glob("requirements*.txt")}
    assert locks == {*LOCKS, "requirements-audit.txt"}
    makefile = (ROOT / "Makefile").read_text()
    assert "bench.audit" in makefile
    for target in ("test", "quick", "unit", "proof"):
        needs = re.search(rf"^{target}:([^#\n]*)", makefile, re.MULTILINE)
        assert needs
        assert "audit" not in needs[1]
