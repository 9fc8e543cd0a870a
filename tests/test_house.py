"""Budgets that keep the house from growing back: each count of app/ is at most the number here.

A budget may be raised only with its reason in the commit. Lower one whenever a count has become smaller:
`python -m tests.test_house` prints the counts.
"""

import ast
import functools
import io
import keyword
import re
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from app.settings import ROOT

APP = ROOT / "app"
LINES_A_BLOCK = 6
BUDGETS = {
    "lines of Python": 60_150,
    "functions with six parameters or more": 20,
    "identical blocks of six lines": 0,
    "alike blocks of six lines": 292,
    "calls of preferences()": 3,
    "sessions opened": 133,
}
FILES_A_FOLDER = 15
LARGER_FOLDERS = {"demos/parts": 21}
"""Folders with more files, and why: one file a part of one demo."""
ONE_IDEA_A_FILE = ("nn", "demos")
"""Folders that may be as large as it takes: a kernel a file, a demo a file."""
SAME_NAMES = {
    "Act",
    "Cache",
    "Candidate",
    "Chosen",
    "Learner",
    "Look",
    "Memory",
    "Over",
    "Question",
    "Result",
    "Run",
    "Shown",
    "State",
}
"""Names that several classes have, each in its room. Take a name out once it is unique."""

Place = tuple[str, int]


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Every file of app/ by its path within it."""
    return {path.relative_to(APP).as_posix(): ast.parse(path.read_text()) for path in sorted(APP.rglob("*.py"))}


def lines_of_python() -> list[Place]:
    return [(path, number) for path in trees() for number, _ in enumerate((APP / path).read_text().splitlines(), 1)]


def long_signatures() -> list[Place]:
    """Functions with six parameters or more, apart from self and cls."""
    found = []
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                if len([name for name in names if name not in ("self", "cls")]) >= 6:
                    found.append((f"{path} {node.name}", node.lineno))
    return found


@functools.cache
def tokens(path: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO((APP / path).read_text()).readline))


@functools.cache
def statements(path: str, is_alike: bool) -> list[tuple[int, str]]:
    """The lines of a file with their numbers, without imports, docstrings, comments, spaces and empty lines.

    If they need only be `is_alike`, every name, number and text is the same as any other.
    """
    left_out: set[int] = set()
    for node in ast.walk(trees()[path]):
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            left_out |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines: dict[int, list[str]] = defaultdict(list)
    for token in tokens(path):
        if token.start[0] in left_out or token.type == tokenize.COMMENT or not token.string.strip():
            continue
        word = token.string
        if is_alike and token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.STRING):
            word = word if keyword.iskeyword(word) else "…"
        lines[token.start[0]].append(word)
    return [(number, " ".join(words)) for number, words in sorted(lines.items())]


def repeated_blocks(is_alike: bool) -> list[Place]:
    """Where six lines in a row begin that occurred before.

    Six lines of at most three kinds, such as the fields of a class, do not count.
    """
    seen: set[tuple[str, ...]] = set()
    found = []
    for path in trees():
        lines = statements(path, is_alike)
        for at in range(len(lines) - LINES_A_BLOCK + 1):
            block = tuple(line for _, line in lines[at : at + LINES_A_BLOCK])
            if len(set(block)) > LINES_A_BLOCK // 2:
                if block in seen:
                    found.append((path, lines[at][0]))
                seen.add(block)
    return found


def occurrences(pattern: str) -> list[Place]:
    return [
        (path, number)
        for path in trees()
        for number, line in enumerate((APP / path).read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]


COUNTS: dict[str, Callable[[], list[Place]]] = {
    "lines of Python": lines_of_python,
    "functions with six parameters or more": long_signatures,
    "identical blocks of six lines": lambda: repeated_blocks(is_alike=False),
    "alike blocks of six lines": lambda: repeated_blocks(is_alike=True),
    "calls of preferences()": lambda: occurrences(r"(?<!def )\bpreferences\("),
    "sessions opened": lambda: occurrences(r"\bwith \S*(database\.(read|write)|\.(reading|writing))\("),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_a_budget_is_kept(name: str) -> None:
    found = COUNTS[name]()
    some = [f"{path}:{line}" for path, line in found[:100]]
    assert len(found) <= BUDGETS[name], f"{len(found)} {name}, {BUDGETS[name]} allowed: {some}"


def test_a_folder_is_no_drawer() -> None:
    """More than fifteen files in a folder are several ideas."""
    for folder in {path.parent for path in APP.rglob("*.py")}:
        name = folder.relative_to(APP).as_posix()
        files = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
        if name not in ONE_IDEA_A_FILE:
            assert len(files) <= LARGER_FOLDERS.get(name, FILES_A_FOLDER), f"{name} holds {len(files)} files"


def shared_names() -> Iterator[tuple[str, list[str]]]:
    """Names of classes that are defined more than once, and where."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path)
    return ((name, paths) for name, paths in places.items() if len(paths) > 1)


def test_a_class_has_a_name_of_its_own() -> None:
    assert {name: paths for name, paths in shared_names() if name not in SAME_NAMES} == {}


if __name__ == "__main__":
    for name, count in COUNTS.items():
        print(f"{len(count()):7,} {name}")  # noqa: T201
    for name, paths in shared_names():
        print(f"        {name}: {', '.join(paths)}")  # noqa: T201
    for path in sorted({path.parent for path in APP.rglob("*.py")}):
        print(f"{len(list(path.glob('[!_]*.py'))):7} files in {path.relative_to(ROOT)}")  # noqa: T201
