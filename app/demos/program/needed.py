"""Which statements of a function its numbers need: figures and their words are left out."""

import ast
from collections.abc import Iterator, Sequence

RESULT = "Result"
"""What a demo returns; its first argument has the numbers."""


def results(function: ast.AST) -> list[ast.Call]:
    """The calls in a function that make a demo's result."""
    return [
        one
        for one in ast.walk(function)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == RESULT
    ]


def numbers_of(result: ast.Call) -> ast.expr:
    """The argument that has the numbers."""
    return result.args[0] if result.args else next(one.value for one in result.keywords if one.arg == "numbers")


def unneeded(function: ast.FunctionDef) -> set[ast.stmt]:
    """The statements that can go, if of each result only the numbers stay."""
    left_out = {one for call in results(function) for one in ast.walk(call) if isinstance(one, ast.Name)}
    left_out -= {one for call in results(function) for one in ast.walk(numbers_of(call))}
    needed: set[str] = set()
    kept: set[ast.stmt] = set()
    before = -1
    while before != len(kept) + len(needed):
        before = len(kept) + len(needed)
        for statement in _inner(function.body):
            if statement in kept or _is_needed(statement, needed, kept):
                kept.add(statement)
                needed |= {one.id for one in _own(statement) if isinstance(one, ast.Name) and one not in left_out}
    return {one for one in _inner(function.body) if one not in kept}


def _is_needed(statement: ast.stmt, needed: set[str], kept: set[ast.stmt]) -> bool:
    match statement:
        case ast.Return() | ast.Raise() | ast.Assert() | ast.Continue() | ast.Break() | ast.Global() | ast.Nonlocal():
            return True
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return any(one.id in needed for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
        case ast.Expr(ast.Call(ast.Attribute(of))):
            return any(one.id in needed for one in ast.walk(of) if isinstance(one, ast.Name))
        case ast.Expr(ast.Constant()):
            return True  # a docstring
        case ast.Expr(ast.Yield() | ast.YieldFrom()):
            return True
        case ast.FunctionDef():
            return statement.name in needed
    return any(one in kept for one in _inner([statement]) if one is not statement)


def _inner(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements and those in them; a function within counts as one."""
    for statement in statements:
        yield statement
        if not isinstance(statement, ast.FunctionDef):
            for body in _bodies(statement):
                yield from _inner(body)


def _bodies(statement: ast.stmt) -> list[list[ast.stmt]]:
    found = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    found += [handler.body for handler in getattr(statement, "handlers", ())]
    return found + [case.body for case in getattr(statement, "cases", ())]


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """What the statement holds itself, without the statements in it."""
    if isinstance(statement, ast.FunctionDef):
        yield from ast.walk(statement)
        return
    inner = {one for body in _bodies(statement) for one in body}
    waiting: list[ast.AST] = [statement]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [child for child in ast.iter_child_nodes(one) if child not in inner]


def emptied(function: ast.FunctionDef, gone: set[ast.stmt]) -> set[ast.stmt]:
    """Of what is gone, the first statement of each body that would be left empty: `pass` takes its place."""
    found = set()
    for statement in _inner(function.body):
        if statement not in gone:
            for body in _bodies(statement) if not isinstance(statement, ast.FunctionDef) else []:
                if body and all(one in gone for one in body):
                    found.add(body[0])
    return found
