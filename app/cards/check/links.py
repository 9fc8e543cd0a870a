"""Whether a link leads where it says, and whether a demo computes the numbers that a card quotes."""

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.cards.file.mistake import nearest
from app.cards.render.render import Link
from app.demos.machine.demo import BadParametersError
from app.demos.registry import UnknownDemoError, find

FindDemo = Callable[[str], Any]
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@dataclass(frozen=True)
class Neighbourhood:
    """What links may lead to: the demos, the cards of every deck, and the files around a deck's folder.

    `drafts` are a deck's drafts, or None where they are not known, which leaves drafts' links to cards unjudged.
    """

    cards: Callable[[str], Collection[str]]
    folder: Path
    deck: str
    find_demo: FindDemo = find
    drafts: Callable[[str], Collection[str]] | None = None


def broken(link: Link, around: Neighbourhood, is_of_draft: bool = False) -> list[str]:
    """What is wrong with a link, one sentence each. Only a draft may link to a draft."""
    to = link.target
    if to.kind == "demo":
        return demo_mistakes(to.name, to.query, to.numbers, around.find_demo)
    if to.kind == "card":
        deck = to.deck or around.deck
        return _broken_card(to.name, deck, around.cards(deck), around.drafts and around.drafts(deck), is_of_draft)
    if to.kind == "file" and not _exists(around.folder / to.name):
        return [f"there is no file {to.name!r} beside this one: correct the name, or remove the link"]
    return []


def _broken_card(
    name: str, deck: str, cards: Collection[str], drafts: Collection[str] | None, is_of_draft: bool
) -> list[str]:
    if name in cards or (is_of_draft and (drafts is None or name in drafts)):
        return []
    if drafts and name in drafts:
        return [f"the card {name!r} is a draft, which learners do not see: link it once it is none, or not at all"]
    near = (
        nearest(name, {*cards, *(drafts or () if is_of_draft else ())})
        or " A card's name is the {#id} of its question."
    )
    return [f"there is no card {name!r} in {deck}.{near}"]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


@lru_cache(maxsize=20_000)
def _computed(find_demo: FindDemo, name: str, query: str) -> tuple[dict[str, float], tuple[str, ...]]:
    """The numbers that a demo computes, or what is wrong with the address."""
    try:
        demo = find_demo(name)
        return dict(demo.compute(demo.parse(query)).numbers), ()
    except UnknownDemoError as error:
        return {}, (str(error),)
    except BadParametersError as error:
        return {}, (f"demo {name}: {error}",)
    except Exception as error:  # a demo that fails must not keep the other cards from being checked
        return {}, (f"demo {name} failed: {error!r}",)


def demo_mistakes(name: str, query: str, numbers: str, find_demo: FindDemo = find) -> list[str]:
    """What is wrong with a demo link: its name, its parameters, or a stated number that is not what it computes.

    `numbers` is what stands after #, as name=value joined by &. A value must equal the computed number rounded to the
    digits that are printed.
    """
    computed, problems = _computed(find_demo, name, query)
    if problems or not numbers:
        return list(problems)
    found = []
    for stated in numbers.split("&"):
        number, equals, value = stated.partition("=")
        if not equals or not number:
            found.append(f"demo {name}: state a number as #name=value, not {stated!r}")
        elif number not in computed:
            near = nearest(number, computed) or f" Its numbers are {', '.join(computed)}."
            found.append(f"demo {name} computes no number {number!r}.{near}")
        elif problem := _unlike(value, computed[number]):
            found.append(f"demo {name}: {number}={value} {problem}")
    return found


def _unlike(printed: str, computed: float) -> str | None:
    """Why a printed number is not the computed one, or None when it is."""
    value = float(computed)
    if printed in _NOT_FINITE or not math.isfinite(value):
        same = repr(value) == printed.replace("+", "")
        return None if same else f"is stated, but {value!r} is computed"
    if not _NUMBER.fullmatch(printed):
        return "is no number: write digits with a point, without spaces or thousands separators"
    stated = Decimal(printed.replace("−", "-"))
    step = Decimal(1).scaleb(int(stated.as_tuple().exponent))
    # Half a step of the last printed digit either way, and a hair for ties that binary fractions cannot hold.
    if abs(Decimal(value) - stated) <= step / 2 * (1 + Decimal("1e-9")):
        return None
    places = max(0, -int(stated.as_tuple().exponent))
    return f"is stated, but {value:.10g} is computed: write {value:.{min(places, 20)}f}, and so in the words around it"
