"""The words of /browse: orders, and what was done."""

from dataclasses import dataclass

from app.web.frame.dates import plural

ORDERS = {
    "": "automatic",
    "place": "learning order",
    "due": "due soonest",
    "recall": "lowest recall first",
    "stability": "least stable",
    "difficulty": "hardest",
    "lapses": "most lapses",
    "reviewed": "last reviewed",
    "question": "question, A to Z",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: to `cards` of the `of` that were chosen; the others were so before."""

    what: str
    cards: int
    of: int


_DONE = {
    "suspend": ("Suspended {}: not asked until resumed.", "suspended already"),
    "resume": ("Resumed {}.", "not suspended"),
    "flag": ("Flagged {}.", "flagged already"),
    "unflag": ("Unflagged {}.", "not flagged"),
    "tag": ("Tagged {}.", "already tagged"),
    "untag": ("Untagged {}.", "not tagged by you"),
    "reset": ("Reset {} to new.", "new already"),
}


def sentence(done: Done) -> str:
    """What a person is told; nothing when nothing was done."""
    if done.what not in _DONE:
        return ""
    said, otherwise = _DONE[done.what]
    others = done.of - done.cards
    if done.cards <= 0:
        return f"Nothing to do: {plural(max(others, 0), 'card')} {'was' if others == 1 else 'were'} {otherwise}."
    rest = f" {others} more {'was' if others == 1 else 'were'} {otherwise}." if others > 0 else ""
    return said.format(plural(done.cards, "card")) + rest
