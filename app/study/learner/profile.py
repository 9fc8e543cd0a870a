"""What a learner says of themselves and of how they want to study, as a form shows it and takes it."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from zoneinfo import available_timezones

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from app.study.learner.keys import ALL_OFF, USUAL, WrongKeysError, own_keys
from app.study.learner.preferences import UnknownLearnerError
from app.tables import LEARNER

LONGEST_NAME = 60
THEMES = ("light", "dark")
TEXT_SIZES = (110, 125, 150, 175, 200)
"""Per cent; static/recur.css has a rule for each."""
KEY = "key-"
"""Begins the name of the field of an action's key."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A row of the table learner, without its id: None follows the server's settings, the look that of the browser."""

    name: str
    time_zone: str | None = None
    day_starts_at: int | None = None
    new_per_day: int | None = None
    desired_retention: float | None = None
    types_answers: bool = False
    say_within: int | None = None
    interview_on: date | None = None
    theme: str | None = None
    text_size: int | None = None
    own_keys: Mapping[str, str] = field(default_factory=dict)


class WrongProfileError(ValueError):
    """What was typed cannot be; `problems` has a sentence for each field that is meant."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


_PROFILE = select(*(LEARNER.c[f.name] for f in fields(Profile))).where(LEARNER.c.id == bindparam("learner"))


def profile(session: Session, learner_id: int) -> Profile:
    """The learner's own profile. Raises UnknownLearnerError."""
    row = session.connection().execute(_PROFILE, {"learner": learner_id}).one_or_none()
    if row is None:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")
    return Profile(*row)


def change(session: Session, learner_id: int, to: Profile) -> None:
    """Put `to` in the place of the learner's profile. Call it in a write session.

    Reviews keep the day and the retention under which they were given, so what was learned stays as it is: a new time
    zone, turn of the day or retention counts from the next review on. Raises WrongProfileError for a taken name, and
    UnknownLearnerError.
    """
    if problem := name_taken(session, to.name, learner_id):
        raise WrongProfileError({"name": problem})
    done = session.connection().execute(update(LEARNER).where(LEARNER.c.id == learner_id).values(asdict(to)))
    if not done.rowcount:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")


def name_taken(session: Session, name: str, learner_id: int | None = None) -> str | None:
    """A sentence when another learner than `learner_id` has this name."""
    rows = session.connection().execute(select(LEARNER.c.id, LEARNER.c.name))
    taken = next((row.name for row in rows if row.id != learner_id and row.name.casefold() == name.casefold()), None)
    return None if taken is None else f"There is a learner called {taken} here already: choose another name."


def texts_of(shown: Profile) -> dict[str, str]:
    """The profile as the form's fields hold it."""
    texts = {f.name: _text(getattr(shown, f.name)) for f in fields(Profile) if f.name != "own_keys"}
    if shown.desired_retention is not None:
        texts["desired_retention"] = f"{shown.desired_retention * 100:.10g}"
    return texts | {KEY + action: shown.own_keys.get(action, key) for action, key in USUAL.items()}


def _text(value: object) -> str:
    return "" if value is None or value is False else "on" if value is True else str(value)


def read_profile(texts: Mapping[str, str], before: Profile, today: date) -> Profile:
    """The profile from the form's fields; one that is lacking is empty, as a box is that is not ticked.

    `before` is the profile that the form changes. `all_keys` may be `off` or `usual`, whatever the single fields say.
    Raises WrongProfileError, with every problem at once.
    """
    reader = _Reader(texts)
    made = Profile(
        name=reader.name(),
        time_zone=reader.time_zone(),
        day_starts_at=reader.whole("day_starts_at", 0, 23, "an hour"),
        new_per_day=reader.whole("new_per_day", 0, 9999, "a number of cards"),
        desired_retention=reader.retention(before.desired_retention),
        types_answers=reader.text("types_answers") != "",
        say_within=reader.whole("say_within", 5, 300, "a number of seconds"),
        interview_on=reader.interview(before.interview_on, today),
        theme=reader.choice("theme", THEMES),
        text_size=reader.whole_of("text_size", TEXT_SIZES),
        own_keys=reader.keys(),
    )
    if reader.problems:
        raise WrongProfileError(reader.problems)
    return made


def read_name(text: str) -> str:
    """A learner's name as typed, tidied. Raises WrongProfileError."""
    name = " ".join(text.split())
    if not name:
        raise WrongProfileError({"name": "Write a name: it tells learners of this server apart."})
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise WrongProfileError({"name": f"A name has at most {LONGEST_NAME} letters, and no control characters."})
    return name


class _Reader:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.problems: dict[str, str] = {}

    def text(self, field: str) -> str:
        return self.texts.get(field, "").strip()

    def name(self) -> str:
        try:
            return read_name(self.text("name"))
        except WrongProfileError as error:
            self.problems |= error.problems
            return ""

    def time_zone(self) -> str | None:
        text = self.text("time_zone").replace(" ", "_")
        if not text:
            return None
        by_letters = {name.casefold(): name for name in available_timezones()}
        if text.casefold() in by_letters:
            return by_letters[text.casefold()]
        near = difflib.get_close_matches(text.casefold(), by_letters, n=1)
        hint = f"Did you mean {by_letters[near[0]]}?" if near else "Choose one of the list, such as Europe/Berlin."
        self.problems["time_zone"] = f"{text[:60]!r} is not a time zone. {hint}"
        return None

    def whole(self, field: str, low: int, high: int, what: str) -> int | None:
        text = self.text(field)
        if not text:
            return None
        if text.isascii() and text.isdecimal() and len(text) < 6 and low <= int(text) <= high:
            return int(text)
        self.problems[field] = f"{text[:20]!r} is not {what} from {low} to {high}."
        return None

    def retention(self, before: float | None) -> float | None:
        text = self.text("desired_retention").removesuffix("%").strip()
        if not text or (before is not None and text == f"{before * 100:.10g}"):
            return before if text else None
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = math.nan
        chance = number if number <= 1 else number / 100
        if 0.70 <= chance <= 0.97:
            return chance
        self.problems["desired_retention"] = f"{text[:20]!r} is not a chance of recall from 70 to 97 per cent."
        return None

    def interview(self, before: date | None, today: date) -> date | None:
        text = self.text("interview_on")
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.problems["interview_on"] = f"{text[:20]!r} is not a date: write it as 2026-03-31."
            return None
        if day < today and day != before:
            self.problems["interview_on"] = "That day has passed. If it is over, well done: leave this empty."
        elif day.year >= 9000:
            self.problems["interview_on"] = f"The year {day.year} is too far to plan for."
        return day

    def choice(self, field: str, choices: tuple[str, ...]) -> str | None:
        text = self.text(field)
        if text and text not in choices:
            self.problems[field] = f"{text[:20]!r} is none of {', '.join(choices)}."
        return text or None

    def whole_of(self, field: str, choices: tuple[int, ...]) -> int | None:
        text = self.choice(field, tuple(map(str, choices)))
        return None if text is None or field in self.problems else int(text)

    def keys(self) -> dict[str, str]:
        if (everything := self.text("all_keys")) in ("off", "usual"):
            return dict(ALL_OFF) if everything == "off" else {}
        typed = {name.removeprefix(KEY): text for name, text in self.texts.items() if name.startswith(KEY)}
        try:
            return own_keys(typed)
        except WrongKeysError as error:
            self.problems |= {KEY + action: sentence for action, sentence in error.problems.items()}
            return {}
