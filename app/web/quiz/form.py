"""The form in which a quiz is chosen: read as it was sent, and shown again as it was when something in it is wrong."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from app.invalid import in_words
from app.study.quiz.choose import FEWEST, MOST
from app.study.selection.fields import no_such
from app.study.selection.selection import FILTERS, Selection

LONGEST_MINUTES = 180


class QuizForm(BaseModel, extra="allow"):
    """What was sent, as text; the fields of a Selection too. `name` is the form's one-use id, and the quiz gets it.

    `timed` is empty for no, and `minutes` is not looked at then.
    """

    kind: str
    name: str
    deck: str = ""
    number: str = "10"
    timed: str = ""
    minutes: str = ""

    @property
    def filters(self) -> dict[str, str]:
        """The fields of the selection; several values of a field are separated by commas."""
        sent = {name: value for name, value in (self.model_extra or {}).items() if name in FILTERS}
        return {name: value if isinstance(value, str) else ",".join(value) for name, value in sent.items()}


@dataclass(frozen=True)
class Chosen:
    """What the form says: which cards and how many; and for a timed quiz the minutes, None for one a question."""

    selection: Selection
    number: int
    is_timed: bool
    minutes: int | None


class BadFormError(Exception):
    """What is wrong with a form: by field, a sentence that says what is right."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def read_form(form: QuizForm, topics: Collection[str]) -> Chosen:
    """What the form asks for; `topics` are the names of the deck's. Raises BadFormError."""
    problems: dict[str, str] = {}
    try:
        Selection.model_validate(form.filters)
    except ValidationError as error:
        problems = {str(one["loc"][0]): in_words(str(one["loc"][0]), one) + "." for one in error.errors()}
    selection = Selection.model_validate({name: text for name, text in form.filters.items() if name not in problems})
    if unknown := [name for name in selection.topic if name not in topics]:
        problems["topic"] = no_such("topic", unknown[0], topics)
    elif not selection.topic:
        problems["topic"] = "Choose at least one topic."
    if selection.why_not_asked:
        problems["state"] = selection.why_not_asked
    number = _whole(form.number, FEWEST, MOST)
    if number is None:
        problems["number"] = f"The number of questions must be a whole number from {FEWEST} to {MOST}."
    minutes = _whole(form.minutes, 1, LONGEST_MINUTES)
    if form.timed and form.minutes.strip() and minutes is None:
        problems["minutes"] = (
            f"The minutes must be a whole number from 1 to {LONGEST_MINUTES}, or empty for one minute per question."
        )
    if problems or number is None:
        raise BadFormError(problems)
    if set(selection.topic) == set(topics):
        selection = Selection.model_validate(dict(selection.pairs) | {"topic": ""})
    return Chosen(selection, number, bool(form.timed), minutes)


def _whole(text: str, least: int, most: int) -> int | None:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    return int(text) if least <= int(text) <= most else None
