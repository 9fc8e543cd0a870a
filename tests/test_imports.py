"""The import rule of the house: arrows point one way, and pages do not know each other."""

import ast
from pathlib import Path

from app.settings import ROOT

MAY_IMPORT = {
    "settings": set(),
    "models": set(),
    "database": {"settings"},
    "nn": set(),
    "demos": {"nn"},
    "cards": {"models", "database", "demos"},
    "study": {"models", "database", "settings"},
    "exchange": {"cards", "study", "models", "database"},
    "web": {"exchange", "study", "cards", "demos", "models", "database", "settings"},
    "main": {"web", "cards", "study", "database", "settings"},
    "commands": {"exchange", "cards", "database", "settings"},
    "cli": {"commands", "main", "exchange", "cards", "study", "database", "settings"},
    "__main__": {"cli"},
    "__init__": set(),
}
SHARED_BY_PAGES = {
    "pages",
    "sittings",
    "sitting_page",
    "sitting_shown",
    "quiz_form",
    "quiz_page",
    "errors",
    "decks",
    "editing",
    "dates",
    "demo_results",
    "browse_query",
    "browse_words",
    "stats_drawing",
}


def imports_of(path: Path) -> set[str]:
    """The modules of ours that a file imports, dotted, without the leading `app.`"""
    tree = ast.parse(path.read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
            found |= {f"{node.module}.{alias.name}".removeprefix("app.") for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("app.") for alias in node.names if alias.name.startswith("app.")}
    return found


def test_arrows_point_one_way() -> None:
    wrong = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        room = path.relative_to(ROOT / "app").parts[0].removesuffix(".py")
        wrong += [
            f"{path.relative_to(ROOT)} imports {name}"
            for name in imports_of(path)
            if name.split(".")[0] not in MAY_IMPORT[room] | {room}
        ]
    assert wrong == []


def test_pages_do_not_import_each_other() -> None:
    pages = {path.stem for path in (ROOT / "app/web").glob("*.py")} - SHARED_BY_PAGES - {"__init__"}
    for path in (ROOT / "app/web").glob("*.py"):
        others = {name.split(".")[1] for name in imports_of(path) if name.startswith("web.")}
        assert not others & pages, path.name
