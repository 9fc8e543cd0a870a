"""What docs/security.md says of ASVS 5.0.0: every item of level 1 is there, every test that it names exists.

Beside them the items that no other test shows.
"""

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.settings import ROOT
from tests.web.people.conftest import PASSWORD, School, school, sign_in
from tests.web.people.test_roles import ALL, address_of

__all__ = ["school"]
DOCUMENT = (ROOT / "docs/security.md").read_text()
SECTIONS = """
1.2:5 1.3:2 1.5:1 2.1:1 2.2:2 2.3:1 3.2:2 3.3:1 3.4:2 3.5:3 4.1:1 4.4:1 5.2:2 5.3:2 6.1:1 6.2:8 6.3:2 6.4:2
7.2:4 7.4:2 8.1:1 8.2:2 8.3:1 9.1:3 9.2:1 10.4:5 11.3:2 11.4:1 12.1:1 12.2:2 13.4:1 14.2:1 14.3:1 15.1:1
15.2:1 15.3:1
"""
"""How many items of level 1 each section has, the first ones of it, as OWASP publishes them in its repository ASVS."""
LEVEL_1 = [f"{one.split(':')[0]}.{n}" for one in SECTIONS.split() for n in range(1, int(one.split(":")[1]) + 1)]


def rows(part: str) -> Iterator[list[str]]:
    """The rows of the tables in a part of the document, but for their heads."""
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and set(cells[0]) - {"-"}:
            yield cells


def after(heading: str) -> str:
    return re.split(r"^##+ ", DOCUMENT.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_item_of_level_1_is_there_once_and_in_order() -> None:
    named = [item for cells in rows(after("## ASVS 5.0.0, level 1")) for item in cells[0].split(", ") if item != "item"]
    assert len(LEVEL_1) == 70
    assert named == LEVEL_1


def test_every_test_that_is_named_exists() -> None:
    known = {
        node.name.removeprefix("test_")
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    named = [name for cells in rows(DOCUMENT) for name in re.findall(r"`([^`]+)`", cells[-1])]
    named += re.findall(r"`(test_[^`]+)`", DOCUMENT)
    assert len(named) > 100
    missing = [
        name
        for name in named
        if name.removeprefix("test_") not in known
        and not (ROOT / name).is_file()
        and not list((ROOT / "tests").rglob(name))
    ]
    assert missing == []


def test_each_item_says_what_shows_it() -> None:
    for cells in rows(after("## ASVS 5.0.0, level 1") + after("### Of level 2 and 3, what matters here")):
        assert len(cells) == 4, cells
        assert cells[3], cells
        for target in re.findall(r"\]\(([^)#]+)", " ".join(cells)):
            assert (ROOT / "docs" / target).exists(), target


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in (ROOT / "app").rglob("*.py"):
        yield path.relative_to(ROOT / "app").as_posix(), ast.parse(path.read_text())


def imports(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return names | {f"{node.module}.{alias.name}" for node in froms for alias in node.names}


def calls(tree: ast.Module) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


MAY_START_PROGRAMS = {
    *("cards/check/first_written.py", "cards/load/versions.py", "observe/version.py"),
    "upkeep/postgres_copy.py",
}
"""git and PostgreSQL's own, each with a list of words; no page uses them with what a request says."""
ASKS_ELSEWHERE = ("urllib.request", "http.client", "httpx", "requests", "smtplib", "ftplib", "websockets")
READS_CODE = ("pickle", "marshal", "shelve")


def test_nothing_of_a_request_is_run() -> None:
    """No code is made of text, no program is started by a page, no other server is asked, no socket is upgraded."""
    for path, tree in trees():
        known = imports(tree)
        starts = {name for name in known if name.split(".")[0] in ("subprocess", "pty")}
        assert not starts or path in MAY_START_PROGRAMS, path
        assert not {"eval", "exec", "compile", "__import__", "os.system", "os.popen"} & calls(tree), path
        assert not [
            name for name in known if f"{name}.".startswith(tuple(f"{one}." for one in (*ASKS_ELSEWHERE, *READS_CODE)))
        ], path
        # Of an SVG each entity is refused; see tests/cards/file/test_pictures.py.
        assert path == "cards/file/pictures.py" or not [n for n in known if n.split(".")[0] in ("xml", "lxml")], path
        assert "shell=True" not in ast.unparse(tree), path
    assert 'ws="none"' in (ROOT / "app/server.py").read_text()


def test_no_weak_hash_is_used() -> None:
    used = {call for _, tree in trees() for call in calls(tree) if re.fullmatch(r"hashlib\.\w+", call)}
    assert used == {"hashlib.sha256", "hashlib.blake2b"}


def test_every_answer_names_its_type_and_charset(school: School) -> None:
    browser = school.person("Ada")
    seen = set()
    for route in ALL:
        if "GET" not in (route.methods or ()) or route.path.endswith("/train"):
            continue
        answer = browser.get(address_of(route))
        if answer.content:
            kind = answer.headers["content-type"]
            seen.add(kind)
            assert not kind.startswith("text/") or "charset=utf-8" in kind, (route.path, kind)
            if "json" in kind.partition(";")[0] and not kind.startswith("application/jsonl"):
                answer.json()
    assert "text/html; charset=utf-8" in seen
    assert "application/json" in seen


def password_fields() -> Iterator[tuple[Path, str]]:
    for path in (ROOT / "templates").rglob("*.html"):
        for field in re.findall(r"<input [^>]*>", path.read_text()):
            if re.search(r'type="password"|name="(current|password)"', field):
                yield path, field


def test_passwords_are_typed_masked_and_may_be_pasted() -> None:
    fields = list(password_fields())
    assert {path.name for path, _ in fields} == {"sign_in.html", "join.html", "account.html"}
    for path, field in fields:
        assert 'type="password"' in field, path
        assert re.search(r'autocomplete="(current-password|new-password|\{\{ kind \}\})"', field), path
    for script in (ROOT / "static").glob("*.js"):
        assert not re.search(r"['\"]paste['\"]|onpaste", script.read_text()), script
    words = " ".join(path.read_text().lower() for path in (ROOT / "templates" / "people").glob("*.html"))
    assert "maiden" not in words
    assert "hint" not in words.replace("hides_hints", "")


@pytest.mark.parametrize("kept", [PASSWORD, " Viele Wege führen nach Rom, und keiner zurück. " * 4, "Grüße aus Genf 7"])
def test_passwords_are_looked_at_as_they_came(school: School, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space, case, accent or end of one is taken for nothing."""
    monkeypatch.setattr("tests.web.people.conftest.PASSWORD", kept)
    school.account("Ada")
    variants = {kept + " ", kept.strip()[:-1], kept.swapcase(), unicodedata.normalize("NFD", kept), kept + "\0"} - {
        kept
    }
    browser: TestClient = school.browser()
    for wrong in variants:
        assert sign_in(browser, "ada", wrong) == 403, wrong
    assert sign_in(browser, "ada", kept) == 303
