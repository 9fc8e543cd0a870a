"""A state as a Python program that prints its numbers, with NumPy alone.

It is cut out of the sources of the demo and of the kernels: every function, class and constant that the numbers need,
as it is written, without the figures and their words.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from inspect import isclass
from sys import modules
from typing import Any

from app.demos.machine.demo import Demo
from app.demos.machine.parameters import Parameters
from app.demos.program.definitions import Definition, Import, ModuleText, Named, source
from app.demos.program.needed import emptied, numbers_of, results, unneeded

Edit = tuple[int, int, bytes]
_BLANK = re.compile(rb"\n{3,}(?=[ \t])")
_EACH = '''    def each(self, name):
        """A list that holds one number for each of its names: a single one is repeated."""
        given = getattr(self, name)
        return np.array(given * SIZES[name] if len(given) == 1 else given, dtype=float)'''
_COPY = '''    def model_copy(self, update):
        """The same with some values changed."""
        made = type(self)()
        vars(made).update(vars(self) | update)
        return made'''
_PROGRAM = '''"""{title}: the numbers of one state, by NumPy alone."""

from __future__ import annotations

{imports}

{definitions}class {name}:
    """The state."""

{values}
{methods}

with np.errstate(all="ignore"):
    numbers = {run}({name}())
for number, value in numbers.items():
    print(f"{{number}} = {{value}}")
'''


def program(demo: Demo[Any], parameters: Parameters) -> str:
    """The whole program of a demo's state."""
    run = demo.run
    kind: Any = demo.parameters
    cut = _cut(kind, run.__module__, run.__name__)
    values = [f"    {field.name} = {getattr(parameters, field.name)!r}" for field in demo.fields]
    return _PROGRAM.format(
        title=demo.title,
        imports=cut.imports,
        definitions=cut.definitions,
        name=demo.parameters.__name__,
        values="\n".join(values),
        methods=cut.methods,
        run=cut.name_of(Named(run.__module__, run.__name__)),
    )


@cache
def _cut(parameters: type[Parameters], module: str, run: str) -> "_Cut":
    return _Cut(parameters, Named(module, run))


class _Cut:
    """What the numbers of a demo need of the sources: definitions, each after those that it needs, and imports."""

    def __init__(self, parameters: type[Parameters], run: Named) -> None:
        self._imported = {Import("", "numpy as np")}
        self._order: list[Named] = []
        self._seen: set[Named] = set()
        self._through_module: set[Named] = set()
        self._attributes: set[str] = set()
        self._add(run)
        found: dict[str, tuple[ModuleText, ast.FunctionDef]] = {}
        while more := {name: one for name, one in _methods(parameters) if name in self._attributes - set(found)}:
            found |= more
            for text, method in more.values():
                self._follow(text, method)
        methods = [self._written(text, method).decode() for text, method in found.values()]
        if "each" in self._attributes:
            extras: dict[str, Any] = {name: info.json_schema_extra for name, info in parameters.model_fields.items()}
            sizes = {name: len(extra["each"]) for name, extra in extras.items() if extra and "each" in extra}
            methods.insert(0, _EACH.replace("SIZES", repr(sizes)))
        if "model_copy" in self._attributes:
            methods.insert(0, _COPY)
        self.methods = "".join(f"\n{one}\n" for one in methods)
        nodes = {source(place.module).definitions[place.name]: place for place in reversed(self._order)}
        texts = (self._written(source(place.module), node).decode() for node, place in reversed(nodes.items()))
        self.definitions = "".join(f"{one}\n\n\n" for one in texts)

    @property
    def imports(self) -> str:
        """The import statements, a line for each module."""
        names = sorted(one.name for one in self._imported if not one.module)
        of: dict[str, list[str]] = {}
        for one in sorted(self._imported, key=lambda one: (one.module, one.name)):
            if one.module:
                of.setdefault(one.module, []).append(one.name)
        lines = [f"import {name}" for name in names]
        return "\n".join(lines + [f"from {module} import {', '.join(names)}" for module, names in of.items()])

    def name_of(self, place: Named) -> str:
        """What the program calls it: `lstm_forward` for lstm.forward, and so for a name that two modules have."""
        place = _origin(place)
        is_shared = any(other.name == place.name and other != place for other in self._order)
        is_function = place in self._through_module and place.name.islower()
        return f"{place.module.rpartition('.')[2]}_{place.name}" if is_shared or is_function else place.name

    def _add(self, place: Named) -> None:
        text = source(place.module)
        found = text.find(place.name)
        if isinstance(found, Import):
            self._imported.add(found)
        elif isinstance(found, Named) and found != place:
            self._add(found)
        elif place not in self._seen:
            self._seen.add(place)
            self._follow(text, text.definitions[place.name])
            self._order.append(place)

    def _follow(self, text: ModuleText, node: Definition) -> None:
        for one, to in _uses(text, node):
            if isinstance(to, Import):
                self._imported.add(to)
                continue
            if isinstance(one, ast.Attribute):
                self._through_module.add(_origin(to))
            self._add(to)
        self._attributes |= {one.attr for one in _kept(node) if isinstance(one, ast.Attribute)}

    def _written(self, text: ModuleText, node: Definition) -> bytes:
        """A definition as it is written, with the program's names, and of a demo's function what its numbers need."""
        edits = [(*text.span(one), self.name_of(to).encode()) for one, to in _uses(text, node) if isinstance(to, Named)]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            place = Named(text.name, node.name)
            if place in self._seen:
                start = text.text.index(node.name.encode(), text.span(node)[0])
                edits.append((start, start + len(node.name), self.name_of(place).encode()))
        if isinstance(node, ast.FunctionDef) and results(node):
            edits += _without_figures(text, node)
        return _edited(text, node, edits)


def _edited(text: ModuleText, node: ast.stmt, edits: list[Edit]) -> bytes:
    at, end = text.lines(node)
    pieces = []
    for first, last, new in sorted(edits):
        if first >= at:
            pieces += [text.text[at:first], new]
            at = last
    pieces.append(text.text[at:end])
    return _BLANK.sub(b"\n\n", b"".join(pieces).rstrip())


def _without_figures(text: ModuleText, function: ast.FunctionDef) -> Iterator[Edit]:
    gone = unneeded(function)
    passes = emptied(function, gone)
    for one in gone:
        start, end = text.lines(one)
        yield start, end, b" " * one.col_offset + b"pass\n" if one in passes else b""
    for call in results(function):
        (start, end), (first, last) = text.span(call), text.span(numbers_of(call))
        opens = b"(" if b"\n" in text.text[first:last] else b""
        yield start, first, opens
        yield last, end, b")" if opens else b""
    if function.returns:
        yield *text.span(function.returns), b"dict[str, float]"


def _kept(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a definition, without what its numbers do not need."""
    gone: set[ast.AST] = set()
    if isinstance(node, ast.FunctionDef) and results(node):
        gone |= unneeded(node)
        for call in results(node):
            gone |= {
                call.func,
                *(
                    one
                    for one in (*call.args, *call.keywords)
                    if numbers_of(call) not in (one, getattr(one, "value", None))
                ),
            }
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [child for child in ast.iter_child_nodes(one) if child not in gone]


def _uses(text: ModuleText, node: ast.AST) -> Iterator[tuple[ast.expr, Named | Import]]:
    """The names in a definition that come from elsewhere in the module or from others."""
    local = _bound(node)
    parts = [getattr(one, kind, None) for one in ast.walk(node) for kind in ("annotation", "returns")]
    annotations = {id(inner) for part in parts if isinstance(part, ast.AST) for inner in ast.walk(part)}
    nodes = list(_kept(node))
    of_modules = {
        id(one.value): (one, text.find(one.value.id))
        for one in nodes
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id not in local
    }
    for one in nodes:
        if not isinstance(one, ast.Name) or one.id in local:
            continue
        attribute, module = of_modules.get(id(one), (None, None))
        if not isinstance(module, str):
            attribute = None
        to = Named(module, attribute.attr) if isinstance(module, str) and attribute else text.find(one.id)
        if isinstance(to, Named) and (
            _is_parameters(to) or (id(one) in annotations and not to.module.startswith("app.nn"))
        ):
            continue
        if isinstance(to, Named | Import):
            yield attribute or one, to


def _bound(node: ast.AST) -> set[str]:
    """The names that a function binds, or those within it."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return set()
    stored = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    inner = {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef) and one is not node}
    return stored | inner | {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}


def _origin(place: Named) -> Named:
    found = source(place.module).find(place.name)
    return _origin(found) if isinstance(found, Named) and found != place else place


def _is_parameters(place: Named) -> bool:
    found = getattr(modules.get(place.module), place.name, None)
    return isclass(found) and issubclass(found, Parameters)


def _methods(parameters: type[Parameters]) -> Iterator[tuple[str, tuple[ModuleText, ast.FunctionDef]]]:
    """The methods of a demo's parameters, the nearest of a name last."""
    for kind in reversed(parameters.__mro__[: parameters.__mro__.index(Parameters)]):
        text = source(kind.__module__)
        body = text.definitions[kind.__name__]
        for one in body.body if isinstance(body, ast.ClassDef) else ():
            if isinstance(one, ast.FunctionDef):
                yield one.name, (text, one)
