"""/drill: choose kinds of computed questions to answer one after another."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel
from sqlmodel import Session, col, select
from starlette.responses import Response

from app.ask.question import ESTIMATE, HAND, HEAD, Effort, Question
from app.ask.questions.registry import UnknownQuestionError, all_questions, find, topics_asked
from app.models import Deck, Topic
from app.study.selection.fields import Names, no_such
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here

MOST_MINUTES = 240
EFFORTS: Mapping[str, Effort] = {"head": HEAD, "hand": HAND, "estimate": ESTIMATE}


class Kinds(BaseModel, frozen=True):
    """Which kinds of questions: those of these topics and those of these names, or all; one effort, or any."""

    topic: Names = ()
    ask: Names = ()
    effort: Literal["", "head", "hand", "estimate"] = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The fields that are not empty, as an address has them."""
        fields = (("topic", ",".join(self.topic)), ("ask", ",".join(self.ask)), ("effort", self.effort))
        return [(name, value) for name, value in fields if value]

    def questions(self) -> Sequence[Question]:
        """The kinds themselves; there may be none. Raises NotHereError for a topic or a name that does not exist."""
        known = all_questions().values()
        if wrong := [name for name in self.topic if name not in topics_asked()]:
            raise NotHereError(no_such("topic with computed questions", wrong[0], sorted(topics_asked())))
        try:
            named = {find(name).name for name in self.ask}
        except UnknownQuestionError as error:
            raise NotHereError(str(error)) from None
        return [
            one
            for one in known
            if (not (self.topic or self.ask) or one.topic in self.topic or one.name in named)
            and one.effort == EFFORTS.get(self.effort, one.effort)
        ]


def choose(here: Here, chosen: Annotated[Kinds, Query()]) -> Response:
    """The form, with the topics in the address checked, or all."""
    chosen.questions()
    return form(here, chosen)


def form(here: Here, chosen: Kinds, problem: str = "", status: int = HTTPStatus.OK) -> Response:
    """The page with the form, and what is wrong with the choice."""
    with here.reading() as session:
        titles = titles_of_topics(session)
        of_four = here.learner(session).of_four
    by_topic: dict[str, list[Question]] = {name: [] for name in titles}
    for question in all_questions().values():
        by_topic.setdefault(question.topic, []).append(question)
    topics = [(name, title_of(name, titles), kinds) for name, kinds in by_topic.items() if kinds]
    return here.page(
        "drill/choose.html",
        status,
        topics=topics,
        checked=chosen.topic or tuple(by_topic),
        chosen=chosen,
        efforts=EFFORTS,
        of_four=of_four,
        most_minutes=MOST_MINUTES,
        problem=problem,
    )


def titles_of_topics(session: Session) -> Mapping[str, tuple[str, str]]:
    """The deck and the title of every topic in use, by its name, in learning order."""
    topics = select(Topic.name, Deck.name, Topic.title).join(Deck).where(col(Topic.retired_at).is_(None))
    return {name: (deck, title) for name, deck, title in session.exec(topics.order_by(Deck.name, Topic.place))}


def title_of(name: str, titles: Mapping[str, tuple[str, str]]) -> str:
    """The title of a topic; of one without cards, its name in words."""
    return titles[name][1] if name in titles else name.replace("-", " ").capitalize()
