"""/sync: takes in what a device rated and undid without a net, and says of each what became of it."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from app.invalid import in_words
from app.study.schedule.late import Event, Fate, LateRating, LateUndo, Told, take_in
from app.study.sitting.points import kept_of
from app.web.frame.here import Here
from app.web.sitting.forms import PageForm
from app.web.sitting.sitting import check_learner

MOST_EVENTS = 200
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _RatingEvent(BaseModel, frozen=True, extra="forbid"):
    """A rating; see LateRating."""

    token: Token
    card: int
    rating: Annotated[int, Field(ge=1, le=5)]
    after: Token | None
    shown_at: AwareDatetime
    revealed_at: AwareDatetime
    rated_at: AwareDatetime
    points: tuple[str, ...] = ()
    made: tuple[int, ...] = ()

    def event(self) -> Event:
        """What the schedule takes. Raises ValueError for points that no page of ours shows."""
        times = (self.shown_at, self.revealed_at, self.rated_at)
        points = kept_of(self.points, self.made, self.rating)
        return LateRating(self.token, self.card, self.rating, self.after, *times, points)


class _UndoEvent(BaseModel, frozen=True, extra="forbid"):
    """An undo; see LateUndo."""

    token: Token
    undoes: Token
    rated_at: AwareDatetime

    def event(self) -> Event:
        """What the schedule takes."""
        return LateUndo(self.token, self.undoes, self.rated_at)


class Waiting(PageForm, frozen=True):
    """What a device kept for a learner: at most MOST_EVENTS, in the order in which they were made."""

    learner: int
    events: Annotated[list[dict[str, Any]], Field(max_length=MOST_EVENTS)]


_ADAPTERS: dict[bool, TypeAdapter[Any]] = {False: TypeAdapter(_RatingEvent), True: TypeAdapter(_UndoEvent)}


def sync(here: Here, waiting: Waiting) -> Response:
    """Count each event once, commit, and list what became of them by token, in their order."""
    check_learner(here, waiting)
    read = [_read(given) for given in waiting.events]
    with here.writing() as session:
        told = iter(
            take_in(session, here.learner(session), [one for one in read if not isinstance(one, Told)], here.now)
        )
    done = [one if isinstance(one, Told) else next(told) for one in read]
    if here.metrics is not None:
        for event, one in zip(read, done, strict=True):
            if one.fate is Fate.COUNTED and isinstance(event, LateRating):
                here.metrics.ratings.labels(event.rating).inc()
    answer = {"events": [{"token": one.token, "fate": one.fate, "why": one.why} for one in done]}
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _read(given: dict[str, Any]) -> Event | Told:
    """The event, or that it was refused for its values, by whatever token it has."""
    try:
        event: Event = _ADAPTERS["undoes" in given].validate_python(given).event()
    except ValidationError as error:
        why = " ".join(f"{in_words('.'.join(map(str, one['loc'])), one, tells_value=True)}." for one in error.errors())
        return Told(str(given.get("token", ""))[:64], Fate.REFUSED, why)
    except ValueError as error:
        return Told(given["token"], Fate.REFUSED, str(error))
    return event
