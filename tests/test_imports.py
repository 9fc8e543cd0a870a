"""The import rule of the house: arrows point one way, between rooms and between their sub-rooms, and make no circle."""

import ast
from collections import defaultdict
from graphlib import TopologicalSorter

from app.settings import ROOT

APP = ROOT / "app"
MAY_IMPORT = {
    "nearest": set(),
    "invalid": set(),
    "whole_file": set(),
    "passwords": set(),
    "settings": {"nearest", "passwords"},
    "models": set(),
    "tables": {"models"},
    "locks": set(),
    "same_file": set(),
    "database": {"locks", "same_file", "settings"},
    "observe": {"database", "settings"},
    "server": {"web"},
    "nn": set(),
    "demos": {"nn", "nearest", "whole_file"},
    "ask": {"demos", "nn", "nearest", "whole_file"},
    "cards": {"models", "tables", "database", "ask", "demos", "nearest", "whole_file"},
    "study": {"ask", "cards", "models", "tables", "database", "settings", "nearest", "invalid", "whole_file"},
    "accounts": {"study", "models", "tables", "passwords"},
    "exchange": {"ask", "cards", "study", "models", "tables", "database", "nearest", "invalid", "whole_file"},
    "upkeep": {"exchange", "cards", "study", "models", "tables", "database", "settings", "nearest"},
    "web": {
        "accounts",
        "passwords",
        "observe",
        "upkeep",
        "exchange",
        "study",
        "cards",
        "ask",
        "demos",
        "models",
        "tables",
        "database",
    }
    | {"settings", "nearest", "invalid", "whole_file"},
    "main": {"observe", "web", "upkeep", "cards", "study", "database", "settings"},
    "commands": {
        "accounts",
        "observe",
        "server",
        "main",
        "web",
        "demos",
        "upkeep",
        "exchange",
        "cards",
        "study",
        "database",
        "settings",
        "invalid",
    },
    "cli": {"observe", "commands", "main", "upkeep", "exchange", "cards", "study", "database", "settings"},
    "__main__": {"cli"},
    "__init__": set(),
}
FLOORS = {
    "cards": ("file", "render", "check", "load"),
    "study": (
        "learner",
        "schedule",
        "forecast",
        "plan",
        "selection",
        "sitting",
        "quiz",
        "stats",
        "classes",
        "evidence",
        "",
    ),
    "exchange": ("imports", "exports", "history", ""),
    "demos": ("machine", "parts", "program", ""),
    "ask": ("", "questions"),
    "web": (
        "frame",
        "sitting",
        "quiz",
        "drill",
        "browse",
        "course",
        "demos",
        "stats",
        "own",
        "people",
        "evidence",
        "phone",
        "",
    ),
}
"""The sub-rooms of a room from the ground up: each may import those before it. "" is the room's own files."""
PAGES_MAY_IMPORT = {"quiz": {"sitting"}}
"""Beside the frame. Otherwise pages of different sub-rooms do not know each other."""

PACKAGES = {".".join(path.parent.relative_to(APP).parts) for path in APP.rglob("__init__.py")}


def modules() -> dict[str, set[str]]:
    """Every module of ours, dotted without the leading `app.`, and the modules of ours that it imports."""
    paths = {".".join(path.relative_to(APP).with_suffix("").parts): path for path in APP.rglob("*.py")}
    names = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    found: dict[str, set[str]] = {}
    for name, path in names.items():
        wanted = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
                wanted |= {f"{node.module}.{alias.name}".removeprefix("app.") for alias in node.names}
            elif isinstance(node, ast.Import):
                wanted |= {alias.name.removeprefix("app.") for alias in node.names if alias.name.startswith("app.")}
        found[name] = {one if one in names else one.rpartition(".")[0] for one in wanted}
    return found


def floor(name: str) -> tuple[str, str]:
    """The room and the sub-room of a module."""
    parts = name.split(".")
    return parts[0], parts[1] if len(parts) > 2 else ""


def test_arrows_point_one_way() -> None:
    wrong = []
    for name, imported in modules().items():
        room = name.split(".")[0]
        wrong += [f"{name} imports {one}" for one in imported if one.split(".")[0] not in MAY_IMPORT[room] | {room}]
    assert wrong == []


def test_sub_rooms_import_what_is_below_them() -> None:
    wrong = []
    for name, imported in modules().items():
        room, here = floor(name)
        if room not in FLOORS or name in PACKAGES:
            continue
        below = FLOORS[room][: FLOORS[room].index(here) + 1]
        wrong += [f"{name} imports {one}" for one in imported if floor(one)[0] == room and floor(one)[1] not in below]
    assert wrong == []


def test_no_circle() -> None:
    graph = defaultdict(set, modules())
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError


def test_pages_do_not_import_each_other() -> None:
    wrong = []
    for name, imported in modules().items():
        room, here = floor(name)
        if room != "web" or name == "web.routes":
            continue
        known = {here, "frame"} | PAGES_MAY_IMPORT.get(here, set())
        wrong += [f"{name} imports {one}" for one in imported if floor(one)[0] == "web" and floor(one)[1] not in known]
    assert wrong == []


def test_demos_do_not_import_each_other() -> None:
    demos = {path.stem for path in (APP / "demos").glob("*.py") if "DEMO = " in path.read_text()}
    assert demos
    for name, imported in modules().items():
        if floor(name) == ("demos", "") or name.startswith("demos."):
            others = {one for one in imported if one.removeprefix("demos.") in demos}
            assert not others, f"{name} imports {others}"
