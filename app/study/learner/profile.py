"""What a learner chooses: one entry a preference, kept in the database and read from the form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from sqlalchemy import select, update
from sqlmodel import Session

from app.settings import CardsPerDay, Hour, Retention, ZoneName
from app.study.learner.form_fields import PreferenceField
from app.study.learner.keys import ALL_OFF, DEFAULT_KEYS, WrongKeysError, own_keys
from app.study.learner.preferences import UnknownLearnerError
from app.tables import ACCOUNT, LEARNER, THE_LEARNER

LONGEST_NAME = 60
KEY = "key-"
"""Begins the name of the form's field for an action's key."""
_OF_FOUR = "Computed questions show four answers instead of a field to type in. A right one proposes a 4 at most."
_Keys = Annotated[Mapping[str, str], AfterValidator(own_keys)]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a row of the table learner says of a person. None means the server's setting, or for the look the browser's.

    A preference is one entry here and one column of the table. Its type has the bounds, `PreferenceField` its words.
    The settings page, the form and the exported history follow from it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00]*$")]
    time_zone: Annotated[
        ZoneName | None,
        PreferenceField(
            "zone", "day", "Time zone", "Decides what “today” is. Empty: this server’s default, {default}."
        ),
    ] = None
    day_starts_at: Annotated[
        Hour | None,
        PreferenceField(
            *("number", "day", "Day ends at"),
            "Reviews before this hour ({low} to {high}) count for the previous day. Empty: this server’s default, "
            "{default}.",
            noun="an hour",
        ),
    ] = None
    new_per_day: Annotated[
        CardsPerDay | None,
        PreferenceField(
            *("number", "schedule", "Maximum new cards per day"),
            "From {low} to {high}. Each new card comes back several times in its first weeks. Until an interview its "
            "plan decides instead. Empty: this server’s default, {default}.",
            noun="a number of cards",
        ),
    ] = None
    desired_retention: Annotated[
        Retention | None,
        PreferenceField(
            *("percent", "schedule", "Desired retention (per cent)"),
            "The chance of recall at which a card is asked again, {low} to {high}. Higher means better recall and more "
            "reviews. Applies from your next rating. Empty: this server’s default, {default}.",
            noun="a chance of recall",
            unit=" per cent",
        ),
    ] = None
    types_answers: Annotated[
        bool,
        PreferenceField(
            *("tick", "sitting", "Type the answer"),
            "Asks you to write your answer first, and keeps it with the review. You still rate yourself.",
        ),
    ] = False
    says_sure: Annotated[
        bool,
        PreferenceField(
            *("tick", "sitting", "Say how sure you are"),
            "Lets you say so as you show the answer. Statistics then show how often you were right when you were sure.",
        ),
    ] = False
    of_four: Annotated[bool, PreferenceField("tick", "sitting", "Choose from four answers", _OF_FOUR)] = False
    say_within: Annotated[
        Annotated[int, Field(ge=5, le=300)] | None,
        PreferenceField(
            *("number", "sitting", "Soft timer (seconds)"),
            "Shows how long you have been saying the answer aloud, {low} to {high}. It never cuts you off. Empty: off.",
            noun="a number of seconds",
        ),
    ] = None
    theme: Annotated[
        Literal["light", "dark"] | None,
        PreferenceField("choice", "look", "Theme", "Light, or dark.", empty="same as the system"),
    ] = None
    text_size: Annotated[
        Literal[110, 125, 150, 175, 200] | None,  # per cent; static/recur.css has a rule for each
        PreferenceField(
            *("choice", "look", "Text size"),
            "Applies on top of your browser’s setting.",
            unit=" %",
            empty="same as the browser",
        ),
    ] = None
    hides_hints: Annotated[
        bool,
        PreferenceField(
            *("tick", "look", "Hide explanations"),
            "The sentences that say how a page works. “Got it” beside one of them does the same.",
        ),
    ] = False
    own_keys: _Keys = field(default_factory=dict)


def _with_bounds(name: str, hint: Any, words: PreferenceField) -> PreferenceField:
    schema = TypeAdapter(hint).json_schema()
    value = schema.get("anyOf", [schema])[0]
    low, high = value.get("minimum"), value.get("maximum")
    return replace(words, name=name, low=low, high=high, choices=tuple(value.get("enum", ())))


PREFERENCES = tuple(
    _with_bounds(name, hint, one)
    for name, hint in get_type_hints(Profile, include_extras=True).items()
    for one in getattr(hint, "__metadata__", ())
    if isinstance(one, PreferenceField)
)
"""All of them, in the order of the columns."""


class WrongProfileError(ValueError):
    """Some fields are invalid; `problems` has a sentence for each."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


_PROFILE = select(*(LEARNER.c[f.name] for f in fields(Profile))).where(LEARNER.c.id == THE_LEARNER)

_ACCOUNT = select(ACCOUNT.c.id).where(ACCOUNT.c.learner_id == THE_LEARNER)


def profile(session: Session, learner_id: int) -> Profile:
    """The learner's own profile. Raises UnknownLearnerError."""
    row = session.connection().execute(_PROFILE, {"learner": learner_id}).one_or_none()
    if row is None:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")
    return Profile(*row)


def change(session: Session, learner_id: int, to: Profile) -> None:
    """Replace the learner's profile with `to`. Call it in a write session.

    Reviews keep their day and the retention in force when they were given: a new time zone, start of the day or
    retention counts from the next review on. Raises WrongProfileError if another learner has the name, and
    UnknownLearnerError.
    """
    if problem := name_taken(session, to.name, learner_id):
        raise WrongProfileError({"name": problem})
    done = session.connection().execute(update(LEARNER).where(LEARNER.c.id == learner_id).values(asdict(to)))
    if not done.rowcount:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")


def name_taken(session: Session, name: str, learner_id: int | None = None) -> str | None:
    """A sentence if a learner other than `learner_id` has this name.

    One who has an account may be called as others are: they sign in by another name, and must not learn who is here.
    """
    if learner_id is not None and session.connection().execute(_ACCOUNT, {"learner": learner_id}).first():
        return None
    rows = session.connection().execute(select(LEARNER.c.id, LEARNER.c.name))
    taken = next((row.name for row in rows if row.id != learner_id and row.name.casefold() == name.casefold()), None)
    return None if taken is None else f"A learner called {taken} already exists: choose another name."


def texts_of(shown: Profile) -> dict[str, str]:
    """The profile as the form's fields hold it."""
    texts = {"name": shown.name} | {one.name: one.text(getattr(shown, one.name)) for one in PREFERENCES}
    return texts | {KEY + action: shown.own_keys.get(action, key) for action, key in DEFAULT_KEYS.items()}


def read_profile(texts: Mapping[str, str], before: Profile) -> Profile:
    """The profile from the form's fields; a missing field is empty, like a box that is not ticked.

    `before` is the profile that the form changes. `all_keys` may be `off` or `usual`, whatever the single fields hold.
    Raises WrongProfileError, with every problem at once.
    """
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    try:
        values["name"] = read_name(texts.get("name", ""))
    except WrongProfileError as error:
        problems |= error.problems
    for one in PREFERENCES:
        try:
            values[one.name] = one.read(texts.get(one.name, "").strip(), getattr(before, one.name))
        except ValueError as error:
            problems[one.name] = str(error)
    try:
        values["own_keys"] = _read_keys(texts)
    except WrongKeysError as error:
        problems |= {KEY + action: sentence for action, sentence in error.problems.items()}
    if problems:
        raise WrongProfileError(problems)
    return Profile(**values)


def _read_keys(texts: Mapping[str, str]) -> dict[str, str]:
    if (everything := texts.get("all_keys", "").strip()) in ("off", "usual"):
        return dict(ALL_OFF) if everything == "off" else {}
    return own_keys({name.removeprefix(KEY): text for name, text in texts.items() if name.startswith(KEY)})


def read_name(text: str) -> str:
    """A learner's name as typed, without extra spaces. Raises WrongProfileError."""
    name = " ".join(text.split())
    if not name:
        raise WrongProfileError({"name": "Enter a name: it distinguishes the learners on this server."})
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise WrongProfileError({"name": f"A name has at most {LONGEST_NAME} characters, and no control characters."})
    return name
