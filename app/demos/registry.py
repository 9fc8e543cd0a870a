"""Which demos there are: every module of this package that defines `DEMO`."""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import app.demos
from app.nearest import UnknownNameError, nearest

if TYPE_CHECKING:
    from app.demos.machine.demo import Demo

FindDemo = Callable[[str], Any]


class UnknownDemoError(UnknownNameError):
    what = "demo"


@cache
def all_demos() -> "Mapping[str, Demo[Any]]":
    """Every demo by its name, by idea and then by title."""
    from app.demos.machine.markdown import IDEAS  # with the demos: a check of cards without any need not wait for them

    modules = [
        importlib.import_module(f"app.demos.{module.name}") for module in pkgutil.iter_modules(app.demos.__path__)
    ]
    found: list[Demo[Any]] = [module.DEMO for module in modules if hasattr(module, "DEMO")]
    found.sort(key=lambda demo: (IDEAS.index(demo.idea) if demo.idea in IDEAS else len(IDEAS), demo.title))
    return MappingProxyType({demo.name: demo for demo in found})


def find(name: str) -> "Demo[Any]":
    """The demo of this name. Raises UnknownDemoError, which knows the nearest."""
    demos = all_demos()
    if name not in demos:
        raise UnknownDemoError(name, nearest(name.lower(), demos, cutoff=0) or "")
    return demos[name]


def gates_of(names: Collection[str]) -> str:
    """The letters that are gates in these demos; a name without a demo has none."""
    return "".join(sorted({gate for name in names if name in all_demos() for gate in all_demos()[name].gates}))
