"""/practice: one computed question after another for practice, on a page of its own or within a card's page."""

import random
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.ask.four import four
from app.ask.judge import judge
from app.ask.questions.line import BadLineError, read
from app.demos.registry import all_demos
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here, card_before

SEEDS = 1_000_000


class Practice(BaseModel, frozen=True):
    """What to ask, as a card's line `Ask:` has it, the seed of its numbers, and an answer."""

    ask: Annotated[str, Field(min_length=1, max_length=500)]
    seed: Annotated[int, Field(ge=0, lt=SEEDS)] | None = None
    guess: Annotated[str, Field(max_length=500)] = ""
    before: Annotated[str, Field(max_length=500, alias="from")] = ""


def practice(here: Here, asked: Annotated[Practice, Query()]) -> Response:
    """A question with new numbers, or the judgement of an answer. Seeds in a row ask different numbers.

    When htmx asks, it is the question alone, to stand below a card. Nothing is kept.
    """
    try:
        line = read(asked.ask)
    except BadLineError as error:
        raise NotHereError(f"Recur cannot ask {asked.ask!r}: {error}") from None
    seed = random.SystemRandom().randrange(SEEDS) if asked.seed is None else asked.seed
    instance = line.instances[seed % len(line.instances)]
    judged = judge(instance, asked.guess) if asked.guess.strip() else None
    unread = judged.says if judged and judged.verdict == "unreadable" else ""
    with here.reading() as session:
        choices = four(instance) if here.learner(session).of_four else ()
    fields = [("ask", asked.ask), *([("from", asked.before)] if asked.before else [])]
    return here.page(
        "drill/practice.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if unread else HTTPStatus.OK,
        part="practice",
        title=line.title,
        instance=instance,
        demo=all_demos().get(instance.question.demo),
        judged=None if unread else judged,
        unread=unread,
        guess=next((one.shown for one in choices if one.sent == asked.guess), asked.guess),
        choices=choices,
        fields=[*fields, ("seed", seed)],
        another=f"/practice?{urlencode([*fields, ('seed', (seed + 1) % SEEDS)])}",
        back=card_before(here.request, asked.before),
    )
