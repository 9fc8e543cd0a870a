"""/demos/NAME: a demo's page, its table as CSV and JSON, and its number to predict."""

import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import Request
from sqlmodel import Session, col, select
from starlette.responses import PlainTextResponse, Response

from app.ask.judge import judge
from app.ask.questions import registry
from app.cards.render.highlight import highlight
from app.database import Database
from app.demos.machine.demo import BadParametersError
from app.demos.machine.numbers import show
from app.demos.machine.result import Result
from app.demos.machine.state import beside, parameters_of, state_of
from app.demos.path import neighbours
from app.demos.program.layered import NoProgramError, layered
from app.demos.program.program import program
from app.demos.registry import find
from app.models import Card, CardDemo, Deck
from app.web.demos.in_turn import in_turn, may_train
from app.web.demos.picture import drawn
from app.web.demos.results import asked, bad_values, grown, part, results_of
from app.web.frame.errors import NotHereError, bad_parameters
from app.web.frame.here import card_before, page, wants_part

SEEDS = 1_000_000
A_DAY = "max-age=86400"


@may_train
def as_csv(request: Request, name: str) -> Response:
    """The numbers of a state's figures, as CSV."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return _numbers(request, name, lambda result: PlainTextResponse(result.csv(), 200, headers, "text/csv"))


@may_train
def as_json(request: Request, name: str) -> Response:
    """A state's numbers and figures, as JSON."""
    return _numbers(request, name, lambda result: Response(result.json(), media_type="application/json"))


def as_python(request: Request, name: str) -> Response:
    """A state as a program that prints its numbers with NumPy alone."""
    demo, given = asked(request, name)
    try:
        return PlainTextResponse(program(demo, demo.parse(parameters_of(given))))
    except BadParametersError as error:
        return bad_parameters(error, f"/demos/{name}")


def as_layers(request: Request, name: str, framework: str) -> Response:
    """A state as a program that prints the numbers of its layers with Keras or PyTorch."""
    demo, given = asked(request, name)
    try:
        return PlainTextResponse(layered(demo, demo.parse(parameters_of(given)), framework))
    except NoProgramError as error:
        raise NotHereError(str(error)) from None
    except BadParametersError as error:
        return bad_parameters(error, f"/demos/{name}")


@may_train
def as_picture(request: Request, name: str) -> Response:
    """A state's picture, as PNG."""
    return _numbers(
        request,
        name,
        lambda result: Response(
            drawn(find(name).title, result), media_type="image/png", headers={"Cache-Control": A_DAY}
        ),
    )


def _numbers(request: Request, name: str, answer: Callable[[Result], Response]) -> Response:
    demo, given = asked(request, name)
    try:
        return answer(demo.result(parameters_of(given)))
    except BadParametersError as error:
        return bad_parameters(error, f"/demos/{name}")


def predict(request: Request, name: str, seed: str = "", guess: str = "") -> Response:
    """A question to predict a number; with `guess`, whether it is right. Seeds in a row ask different questions."""
    demo, _ = asked(request, name)
    number = int(seed) % SEEDS if seed.isdecimal() and len(seed) < 19 else random.SystemRandom().randrange(SEEDS)
    question = registry.about(demo.name)
    instance = question.instance(number)
    judged = judge(instance, guess) if guess.strip() else None
    unread = judged is not None and judged.verdict == "unreadable"
    return page(
        request,
        "demos/predict.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if unread else HTTPStatus.OK,
        demo=demo,
        seed=number,
        next_seed=(number + 1) % SEEDS,
        instance=instance,
        query=demo.query(demo.parse(instance.parameters)) if question.name == demo.name else "",
        guess=guess,
        unread=unread,
        judged=judged,
    )


async def demo(request: Request) -> Response:
    """A demo at the state that the address says; when htmx asks, its results alone."""
    name = request.path_params["name"]
    return await part(request, name) if wants_part(request) else await in_turn(_whole, request, name)


@may_train
def beneath(request: Request, name: str) -> Response:
    """The demo that opens beneath a card's answer: its results and its form alone."""
    found, given = asked(request, name)
    try:
        state = state_of(found, given)
    except BadParametersError as error:
        return bad_values(request, error)
    return page(
        request,
        "demos/beneath.html",
        demo=found,
        error=None,
        texts=found.texts(state.parameters),
        compare="",
        back=card_before(request, given.get("from", "")),
        show=show,
        **results_of(state),
    )


def _whole(request: Request, name: str) -> Response:
    """The whole page. With bad values (422) the form keeps what was typed, and the results say what is wrong."""
    found, given = asked(request, name)
    texts = found.texts(found.parse({}))
    results: dict[str, Any] = {"state": None, "other": None, "at": ""}
    error, status = None, HTTPStatus.OK
    try:
        if found.training and not (parameters_of(given) or "tour" in given):
            # It begins untrained; the form is set to train in full.
            untrained = state_of(found, {**given, found.training.updates: "0"})
            results = results_of(grown(untrained, float(texts[found.training.updates])), beside(untrained, given))
        else:
            state = state_of(found, given)
            texts = found.texts(state.parameters)
            results = results_of(state, beside(state, given))
    except BadParametersError as bad:
        error, status = bad, HTTPStatus.UNPROCESSABLE_ENTITY
        texts |= {parameter: text for parameter, text in given.items() if parameter in texts}
    database: Database = request.app.state.database
    with database.read() as session:
        cards = _cards_about(session, found.name)
    return page(
        request,
        "demos/demo.html",
        status,
        demo=found,
        error=error,
        texts=texts,
        tries=[(one, found.query(found.changed(one.change))) for one in found.try_this],
        code=[(dotted, highlight(source, "python")) for dotted, source in found.code()],
        cards=cards,
        neighbours=neighbours(found),
        back=card_before(request, given.get("from", "")),
        compare=results["other"].query if results["other"] else "",
        show=show,
        **results,
    )


def _cards_about(session: Session, name: str) -> list[tuple[str, Card]]:
    """(deck, card) of each card in use that links to the demo, in learning order."""
    linked = select(CardDemo.card_id).where(CardDemo.demo == name)
    found = session.exec(
        select(Deck.name, Card)
        .join(Deck)
        .where(col(Card.id).in_(linked), col(Card.retired_at).is_(None))
        .order_by(Deck.name, Card.place)
    )
    return [(deck, card) for deck, card in found]
