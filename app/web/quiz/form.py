"""The form in which a quiz is chosen: read as it was sent, and shown again as it was when something in it is wrong."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from app.cards.file.metadata import LEVELS
from app.study.quiz.choose import FEWEST, MOST, Which, Wish

LONGEST_MINUTES = 180


class QuizForm(BaseModel):
    """What was sent, as text. `name` is the form's one-use id: the quiz that it makes is called so.

    `topic` are names of topics; `timed` is empty for no, and `minutes` then is of no account.
    """

    kind: str
    name: str
    deck: str = ""
    topic: list[str] = []
    number: str = "10"
    level: str = ""
    which: str = Which.BOTH.value
    timed: str = ""
    minutes: str = ""


@dataclass(frozen=True)
class Chosen:
    """What the form says: the wish, and for a timed quiz the minutes, None for one a question."""

    wish: Wish
    is_timed: bool
    minutes: int | None


class BadFormError(Exception):
    """What is wrong with a form: by field, a sentence that says what is right."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def read_form(form: QuizForm, topics: Mapping[str, int]) -> Chosen:
    """What the form asks for; `topics` are the ids of the deck's topics by name. Raises BadFormError."""
    problems: dict[str, str] = {}
    unknown = [name for name in form.topic if name not in topics]
    if unknown:
        problems["topic"] = f"There is no topic called {unknown[0]!r} in this deck."
    elif not form.topic:
        problems["topic"] = "Choose at least one topic."
    number = _whole(form.number, FEWEST, MOST)
    if number is None:
        problems["number"] = f"The number of questions must be a whole number from {FEWEST} to {MOST}."
    minutes = _whole(form.minutes, 1, LONGEST_MINUTES)
    if form.timed and form.minutes.strip() and minutes is None:
        problems["minutes"] = (
            f"The minutes must be a whole number from 1 to {LONGEST_MINUTES}, or empty for one a question."
        )
    _one_of(form.level, ("", *LEVELS), "level", problems)
    _one_of(form.which, list(Which), "which", problems)
    if problems or number is None:
        raise BadFormError(problems)
    wish = Wish(frozenset(topics[name] for name in form.topic), number, form.level or None, Which(form.which))
    return Chosen(wish, bool(form.timed), minutes)


def _whole(text: str, least: int, most: int) -> int | None:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    return int(text) if least <= int(text) <= most else None


def _one_of(value: str, allowed: Collection[str], field: str, problems: dict[str, str]) -> None:
    if value not in allowed:
        problems[field] = f"{field.capitalize()} must be one of {', '.join(filter(None, allowed))}, not {value!r}."
