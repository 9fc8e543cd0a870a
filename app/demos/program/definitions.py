"""What a module of ours defines, and where each name in it comes from."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

OURS = "app."
Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Named:
    """A name in a module of ours."""

    module: str
    name: str


@dataclass(frozen=True)
class Import:
    """A name that another library has: `from module import name`, or without a module `import name`."""

    module: str
    name: str


class ModuleText:
    """A module's text with its top-level definitions and imports by the names that they give."""

    def __init__(self, module: ModuleType) -> None:
        self.name = module.__name__
        self.text = inspect.getsource(module).encode()
        self._starts = [0]
        for line in self.text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self.definitions: dict[str, Definition] = {}
        self.imports: dict[str, Named | Import | str] = {}
        for node in ast.parse(self.text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.definitions[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    self.definitions |= {one.id: node for one in ast.walk(target) if isinstance(one, ast.Name)}
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= dict(_imported(node))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where the node's text begins and ends, in bytes."""
        last = node.end_lineno or node.lineno
        return self._at(node.lineno, node.col_offset), self._at(last, node.end_col_offset or 0)

    def lines(self, node: ast.stmt) -> tuple[int, int]:
        """The same for its whole lines, those of decorators too."""
        decorators = getattr(node, "decorator_list", [])
        return self._at(min(one.lineno for one in (node, *decorators)), 0), self._at((node.end_lineno or 0) + 1, 0)

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def find(self, name: str) -> Named | Import | str | None:
        """What a top-level name is: a place of ours, an import, or the name of a module of ours; None if unknown."""
        if name in self.definitions:
            return Named(self.name, name)
        return self.imports.get(name)


@cache
def source(module: str) -> ModuleText:
    """The source of a module of ours."""
    return ModuleText(importlib.import_module(module))


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Named | Import | str]]:
    for alias in node.names:
        name = alias.asname or alias.name
        if isinstance(node, ast.Import) or not f"{node.module}.".startswith(OURS):
            yield name, Import(getattr(node, "module", "") or "", ast.unparse(alias))
        elif _is_module(f"{node.module}.{alias.name}"):
            yield name, f"{node.module}.{alias.name}"
        else:
            yield name, Named(node.module or "", alias.name)


@cache
def _is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True
