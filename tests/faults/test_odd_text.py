"""Texts that one database stores and the other refuses: each is taken by both or refused by both, with a sentence."""

import json
import random
from urllib.parse import quote

import pytest

from app.settings import Settings
from tests.examples import share_of
from tests.faults.lives import WRITES, Form
from tests.faults.writing import Lived, client_of

LONE = "a\ud800b"
ODD = ("a\0b", "9" * 30, "\x7f\u202e", "\U0010ffff", "")
QUERIES = (
    "/browse?q={}", "/browse?sort={}", "/browse?tag={}", "/browse?topic={}", "/browse?source={}",
    "/browse?level={}", "/browse?state={}", "/browse?deck={}", "/browse?page={}", "/review?q={}", "/review?deck={}",
    "/review?topic={}", "/review?cards={}", "/review?card={}", "/review?mode={}", "/review?since={}",
    "/review?shown_at={}", "/?deck={}", "/quiz?q={}", "/quiz/{}", "/quiz/{}/compare", "/quiz/asked/compare?with={}",
    "/stats?topic={}", "/stats?deck={}", "/stats?period={}", "/cards/{}", "/cards/small/{}", "/cards/{}/q1",
    "/cards/small/{}/versions", "/topics/{}/first", "/topics/small/{}", "/content/small/{}", "/content/{}/a",
    "/sources?q={}", "/learners/{}/delete", "/demos/{}", "/api/v1/demos/{}",
)  # fmt: skip


@pytest.mark.parametrize("kind", WRITES)
def test_no_text_in_a_form_is_an_error_of_the_database(kind: str, lived: Lived, settings: Settings) -> None:
    with lived() as database:
        client = client_of(settings, database)
        form = WRITES[kind](client)
        for name in form.data:
            for odd in ODD:
                answer = Form(form.path, {**form.data, name: odd}).send(client)
                assert answer.status_code < 500, (name, odd)


def test_no_text_in_an_address_is_an_error_of_the_database(lived: Lived, settings: Settings) -> None:
    with lived() as database:
        client = client_of(settings, database)
        WRITES["answer in a quiz"](client)
        for path in QUERIES:
            for odd in ODD:
                assert client.get(path.format(quote(odd, safe=""))).status_code < 500, (path, odd)


@pytest.mark.proof
def test_no_text_in_a_history_is_an_error_of_the_database(lived: Lived, settings: Settings) -> None:
    with lived() as database:
        client = client_of(settings, database)
        assert WRITES["answer in a quiz"](client).send(client).status_code == 200
        form = WRITES["import a history"](client)
        assert form.files
        name, history = form.files["file"]
        lines = [json.loads(line) for line in history.splitlines()]
        first = {line["kind"]: number for number, line in reversed([*enumerate(lines)])}  # of each kind
        texts = [(n, key) for n in first.values() for key, value in lines[n].items() if isinstance(value, str)]
        cases = [(n, key, odd) for n, key in texts for odd in (*ODD, LONE)]
        for n, key, odd in random.Random(1).sample(cases, min(share_of(8), len(cases))):
            sent = "\n".join(map(json.dumps, [*lines[:n], lines[n] | {key: odd}, *lines[n + 1 :]])).encode()
            answer = Form(form.path, files={"file": (name, sent)}).send(client)
            assert answer.status_code < 500, (lines[n]["kind"], key, odd)
