"""/browse: find cards as one types, and do something to many at once."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl

import pydantic
from fastapi import Form, HTTPException
from fastapi import Query as InAddress
from pydantic import BaseModel, Field
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.cards.file.yaml_files import documents
from app.study.schedule.reset import reset, to_take_back
from app.study.selection import marks
from app.study.selection.browse import find, matching_ids
from app.study.selection.choices import choices, menus, unknown
from app.web.browse.query import Query
from app.web.browse.words import ORDERS, Done, sentence
from app.web.frame.decks import all_decks
from app.web.frame.here import Here, RowId

MARKING = {"suspend": marks.suspend, "resume": marks.resume, "flag": marks.flag, "unflag": marks.unflag}
TAGGING = {"tag": marks.add_tag, "untag": marks.remove_tag}


class Address(Query, frozen=True):
    """The query plus the outcome of the last action, shown once."""

    did: str = Field("", max_length=20)
    changed: int = Field(0, ge=0)
    of: int = Field(0, ge=0)


class Act(BaseModel):
    """The form around the list: the cards chosen there, or all that match, and what to do with them."""

    back: str = Field("", max_length=20_000)
    card: list[RowId] = Field(default_factory=list, max_length=1_000)
    all: bool = False
    do: str
    own_tag: str = ""
    token: str = ""
    ratings: int | None = Field(None, description="to be taken back, as it was asked; None before it is asked")

    def query(self) -> Query:
        """The address that the form was on. Raises HTTPException for what no form of ours sends."""
        try:
            return Query.model_validate(dict(parse_qsl(self.back)))
        except pydantic.ValidationError as error:
            said = "The form is out of date. Load the page again."
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, said) from error


def browse(here: Here, address: Annotated[Address, InAddress()]) -> Response:
    """The cards that the address asks for, a page of them; when htmx asks, the list alone."""
    done = sentence(Done(address.did, address.changed, address.of)) if address.did else ""
    with here.reading() as session:
        response = _list(here, session, address, done)
    if here.wants_part:
        typing = address.differs_only_in_words(here.request.headers.get("hx-current-url", ""))
        response.headers["HX-Replace-Url" if typing and address.page == 1 else "HX-Push-Url"] = address.address()
    return response


def _list(here: Here, session: Session, query: Query, notice: str = "", refused: Act | None = None) -> Response:
    """The list, with what was done; or with what was chosen and typed, and why nothing was done."""
    learner = here.learner(session)
    found = find(session, learner, here.now, query.wanted(session))
    is_whole = not here.wants_part
    known = choices(session, learner) if is_whole or not found.count else None
    listed = documents(here.settings.content_dir) if known else ()
    return here.page(
        "browse/browse.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK,
        part="results",
        query=query,
        asked=query.by_field if is_whole else {},
        found=found,
        explained=unknown(query, known, [one.key for one in listed]) if known and not found.count else [],
        today=found.today,
        notice=notice,
        selected=refused.card if refused else (),
        own_tag=refused.own_tag if refused else "",
        orders=ORDERS,
        decks=all_decks(session),
        menus=menus(known, listed) if known else {},
    )


def act(here: Here, form: Annotated[Act, Form()]) -> Response:
    """Do it to the cards that were chosen, and show the list again; a reset asks first."""
    query = form.query()
    with here.reading() as session:
        ids: Sequence[int] = sorted(set(form.card))
        if form.all:
            ids = matching_ids(session, here.learner(session), here.now, query.wanted(session))
        if not ids:
            return _list(here, session, query, "Select a card first, or all that match.", form)
        if form.do == "reset" and (asking := to_take_back(session, here.learner_id, ids)).ratings != form.ratings:
            changed = form.ratings is not None and asking.ratings > 0
            asked: dict[str, Any] = {"asking": asking, "chosen": len(ids), "changed": changed}
            return here.page("browse/reset.html", part="results", form=form, query=query, **asked)
    try:
        done = _do(here, form, ids)
    except ValueError as error:
        with here.reading() as session:
            return _list(here, session, query, str(error), form)
    if not here.wants_part:
        return RedirectResponse(query.address(did=done.what, changed=done.cards, of=done.of), HTTPStatus.SEE_OTHER)
    with here.reading() as session:
        response = _list(here, session, query, sentence(done))
    response.headers["HX-Replace-Url"] = query.address()
    return response


def _do(here: Here, form: Act, ids: Sequence[int]) -> Done:
    """Write it. Raises ValueError for an action that there is not, and for what cannot be a tag."""
    with here.writing() as session:
        if form.do in MARKING:
            return Done(form.do, MARKING[form.do](session, here.learner_id, ids), len(ids))
        if form.do in TAGGING:
            return Done(form.do, TAGGING[form.do](session, here.learner_id, ids, form.own_tag), len(ids))
        if form.do == "reset":
            return Done(form.do, reset(session, here.learner(session), ids, form.token, here.now).cards, len(ids))
        known = ", ".join([*MARKING, *TAGGING, "reset"])
        raise ValueError(f"There is no action {form.do[:40]!r} for cards. There are {known}.")
