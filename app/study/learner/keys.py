"""The single keys: what each does, and which of them a learner has changed or turned off."""

from collections.abc import Mapping
from dataclasses import dataclass

OFF = ""
"""Instead of a key: the action has none."""
SPACE = "Space"


class WrongKeysError(ValueError):
    """Some keys are invalid; `problems` has a sentence for each such action."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does. A learner may change `key`; the keys in `also` stay, unless the action is off.

    `more` is what the list of keys says beyond `does`.
    """

    name: str
    key: str
    does: str
    also: tuple[str, ...] = ()
    more: str = ""


ACTIONS = (
    Action("go-on", SPACE, "start; show the answer; read on; at its end rate it 4", ("Enter",)),
    Action("rate-1", "1", "rate the answer 1, not at all"),
    Action("rate-2", "2", "rate the answer 2"),
    Action("rate-3", "3", "rate the answer 3"),
    Action("rate-4", "4", "rate the answer 4"),
    Action("rate-5", "5", "rate the answer 5, perfectly"),
    Action("undo", "u", "undo the last rating", ("Ctrl+z",)),
    Action("demo", "d", "open the demo beneath the answer, or close it", more="Esc also closes it"),
    Action("play", "p", "in a demo: play its steps", more="← and → go from one to the next"),
    Action("edit", "e", "edit the card’s file"),
    Action("flag", "f", "flag the card"),
    Action("bury", "-", "skip the card until tomorrow"),
    Action("search", "/", "search"),
    Action("help", "?", "list the keys"),
)
"""Elements name the default key in data-key; recur.js replaces it with the learner's own."""
DEFAULT_KEYS = {action.name: action.key for action in ACTIONS}
ALL_OFF = dict.fromkeys(DEFAULT_KEYS, OFF)


def by_default_key(own: Mapping[str, str]) -> dict[str, str]:
    """For the page's script: each default key that was changed, with the learner's own key or OFF."""
    changed = {}
    for action in ACTIONS:
        key = own.get(action.name, action.key)
        if key != action.key:
            changed[action.key] = key
        if key == OFF:
            changed |= dict.fromkeys(action.also, OFF)
    return changed


def own_keys(typed: Mapping[str, str]) -> dict[str, str]:
    """The keys that differ from the defaults, from what was typed for each action (empty: off).

    An action that `typed` lacks keeps its default key. Raises WrongKeysError.
    """
    problems = {name: f"There is no action called {name!r}." for name in typed if name not in DEFAULT_KEYS}
    keys: dict[str, str | None] = {}
    taken: dict[str, Action] = {}
    # Of two actions with one key, the one that was changed is reported: those that keep their default come first.
    for action in sorted(ACTIONS, key=lambda action: typed.get(action.name, action.key) != action.key):
        text = typed.get(action.name, action.key)
        key = _key(text)
        keys[action.name] = key
        if key is None:
            problems[action.name] = (
                f"{_shown(text)} is not a single key: enter a letter, digit or sign, or Space; or leave it empty."
            )
        elif key in taken:
            problems[action.name] = f"{_shown(key)} is already the key for “{taken[key].does}”."
        elif key != OFF:
            taken[key] = action
    if problems:
        raise WrongKeysError(problems)
    return {name: key for name, key in keys.items() if key is not None and key != DEFAULT_KEYS[name]}


def _key(text: str) -> str | None:
    """The key as the script names it; None if `text` is not a single key."""
    if text.strip() == "":
        return SPACE if text == " " else OFF
    text = text.strip()
    if text.casefold() == SPACE.casefold():
        return SPACE
    return text.lower() if len(text) == len(text.lower()) == 1 and text.isprintable() else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 20 else f"{text[:20]}…")
