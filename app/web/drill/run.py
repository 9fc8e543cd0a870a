"""/drill/run: computed questions one after another, each judged at once, and in the end what came of them.

A drill is an address: its kinds, its seed and what came of each answer stand there, and nothing is in the database.
So a reload, the way back and a second press show what they should, and nothing counts for the schedule.
"""

import random
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from app.ask.drill import LONGEST_LOG, Drill
from app.ask.four import four
from app.ask.judge import Judged, judge
from app.demos.registry import all_demos
from app.study.selection.fields import NONE_IF_EMPTY
from app.web.drill.choose import MOST_MINUTES, Kinds, form, title_of, titles_of_topics
from app.web.drill.over import over
from app.web.frame.here import Here

SEEDS = 1_000_000
PATH = "/drill/run"


class Run(Kinds, frozen=True):
    """A drill as its address has it. `ends` is in seconds since 1970; `answer` is one to the question after the log.

    `shown` asks for the working without an answer.
    """

    by: Literal["", "typed", "four"] = ""
    minutes: Annotated[Annotated[int, Field(ge=1, le=MOST_MINUTES)] | None, NONE_IF_EMPTY] = None
    seed: Annotated[int, Field(ge=0, lt=SEEDS)] | None = None
    ends: Annotated[int, Field(ge=0, lt=2**33)] | None = None
    log: Annotated[str, Field(max_length=LONGEST_LOG, pattern="^[rws0-9A-J]*$")] = ""
    answer: Annotated[str, Field(max_length=500)] = ""
    shown: bool = False
    over: bool = False

    def fields(self, **changed: Any) -> list[tuple[str, str]]:
        """The fields of the address without its answer, and with these changes."""
        state = {"by": self.by, "seed": self.seed, "ends": self.ends, "log": self.log} | changed
        return [*self.pairs, *((name, str(value)) for name, value in state.items() if value not in (None, ""))]

    def address(self, **changed: Any) -> str:
        """The address without its answer, and with these changes."""
        return f"{PATH}?{urlencode(self.fields(**changed))}"

    def is_late(self, now: datetime) -> bool:
        """True if its time is up."""
        return self.ends is not None and now >= datetime.fromtimestamp(self.ends, UTC)


def run(here: Here, asked: Annotated[Run, Query()]) -> Response:
    """The question of the address, its judgement, or the end. Without a seed a new drill begins.

    Once the time is up, the question that is open can still be answered.
    """
    kinds = asked.questions()
    if not kinds:
        return form(here, asked, "These topics have no question of this kind.", HTTPStatus.UNPROCESSABLE_ENTITY)
    if asked.seed is None:
        ends = int(here.now.timestamp()) + 60 * asked.minutes if asked.minutes else None
        seed = random.SystemRandom().randrange(SEEDS)
        return RedirectResponse(asked.address(seed=seed, ends=ends, log=""), HTTPStatus.SEE_OTHER)
    drill = Drill(kinds, asked.seed, asked.log)
    is_answered = asked.shown or bool(asked.answer.strip())
    if asked.over or drill.is_full or (asked.is_late(here.now) and not is_answered):
        links = {
            "again": f"{PATH}?{urlencode([*asked.pairs, ('by', asked.by)])}",
            "missed": f"{PATH}?{urlencode([('ask', ','.join(one.name for one in drill.missed)), ('by', asked.by)])}",
            "on": "" if asked.is_late(here.now) or drill.is_full else asked.address(),
        }
        return over(here, drill, links, is_late=asked.is_late(here.now))
    return _question(here, asked, drill, is_answered)


def _question(here: Here, asked: Run, drill: Drill, is_answered: bool) -> Response:
    instance = drill.current
    judged = None
    if is_answered:
        judged = Judged("wrong") if asked.shown else judge(instance, asked.answer)
    unread = judged.says if judged and judged.verdict == "unreadable" else ""
    judged = None if unread else judged
    done = drill.after(judged) if judged else drill
    is_last = bool(judged) and (asked.is_late(here.now) or done.is_full)
    with here.reading() as session:
        titles, learner = titles_of_topics(session), here.learner(session)
    is_chosen = asked.by == "four" or (not asked.by and learner.of_four)
    choices = four(instance) if is_chosen else ()
    return here.page(
        "drill/run.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if unread else HTTPStatus.OK,
        part="drill",
        instance=instance,
        topic=title_of(instance.question.topic, titles),
        demo=all_demos().get(instance.question.demo),
        judged=judged,
        unread=unread,
        answer=next((one.shown for one in choices if one.sent == asked.answer), asked.answer),
        choices=choices,
        place=len(drill.log) + 1,
        done=done,
        ends_at=datetime.fromtimestamp(asked.ends, learner.zone) if asked.ends is not None else None,
        seconds_left=max(0, (asked.ends or 0) - int(here.now.timestamp())),
        fields=asked.fields(),
        is_last=is_last,
        onward=asked.address(log=done.log, over="1" if is_last else ""),
        other_way=asked.address(by="typed" if is_chosen else "four"),
        skip=asked.address(log=drill.after(None).log),
        show=asked.address(shown="1"),
        end=asked.address(log=done.log, over="1"),
    )
