"""/demos: every demo by its idea, with a picture of its default state and its cards; and a way through them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from sqlmodel import Session, col, select
from starlette.responses import Response

from app.demos.machine.demo import Demo
from app.demos.machine.drawing import miniature
from app.demos.machine.figures import Trace
from app.demos.machine.markdown import IDEAS
from app.demos.machine.numbers import words
from app.demos.machine.state import state_of
from app.demos.path import path
from app.demos.registry import all_demos
from app.models import Card, CardDemo
from app.web.demos.in_turn import may_train
from app.web.frame.here import Here

LONGEST_SEARCH = 100


@may_train
def index(here: Here, q: str = "") -> Response:
    """The list of demos. With `q`, those whose text, or a question that links to them, contains all of its words."""
    q = q.strip()[:LONGEST_SEARCH]
    with here.reading() as session:
        questions = _questions(session)
    found = [demo for demo in all_demos().values() if _holds(demo, questions.get(demo.name, ()), q)]
    rows = [(demo, _miniature(demo.name), len(questions.get(demo.name, ()))) for demo in found]
    shelves = [(idea, [row for row in rows if row[0].idea == idea]) for idea in IDEAS]
    response = here.page(
        "demos/index.html",
        part="shelves",
        q=q,
        count=len(found),
        shelves=[(idea, demos) for idea, demos in shelves if demos],
        path=path(),
    )
    if here.wants_part:
        response.headers["HX-Replace-Url"] = f"/demos?q={quote(q)}" if q else "/demos"
    return response


def _questions(session: Session) -> Mapping[str, Sequence[str]]:
    """The questions of the cards in use, by the demo that they link to."""
    linked = select(CardDemo.demo, Card.id, Card.question).join(Card).where(col(Card.retired_at).is_(None)).distinct()
    by_demo: dict[str, list[str]] = defaultdict(list)
    for demo, _, question in session.exec(linked):
        by_demo[demo].append(question)
    return by_demo


def _holds(demo: Demo[Any], questions: Sequence[str], q: str) -> bool:
    text = " ".join([_text(demo.name), *questions]).casefold()
    return all(word in text for word in q.casefold().split())


@lru_cache(maxsize=256)
def _text(name: str) -> str:
    demo = all_demos()[name]
    tries = [part for one in demo.try_this for part in (one.label, one.notice)]
    fields = [field.title for field in demo.fields]
    papers = [source.paper for source in demo.sources]
    return words(" ".join([demo.name, demo.title, demo.idea, demo.summary, *fields, *tries, *papers]))


@lru_cache(maxsize=256)
def _miniature(name: str) -> Markup:
    """The first drawing of a demo in its default state. It is the same each time, so it is drawn once."""
    demo = all_demos()[name]
    figures = state_of(demo, {}).result.figures
    return Markup(miniature(next(figure for figure in figures if not isinstance(figure, Trace))))  # noqa: S704  (ours)
