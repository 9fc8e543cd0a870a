"""What a device keeps: the worker, the page that stands for others, and today's cards with their answers."""

import re

from fastapi.testclient import TestClient

from app.database import Database
from app.web.phone.worker import SHELL
from tests.web.sitting.test_sync import event, told

TEMPLATE = re.compile(r'<template data-card="(\d+)" data-after="([\w-]*)"[^>]*>')


def kept(client: TestClient) -> dict[int, str]:
    """The cards of /kept, each with the token that the next rating builds on."""
    return {int(card): token for card, token in TEMPLATE.findall(client.get("/kept").text)}


def test_the_worker_keeps_files_that_are_there_and_is_asked_for_each_time(client: TestClient) -> None:
    answer = client.get("/sw.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    (version,) = re.findall(r'VERSION = "(/static/\w+/)"', answer.text)
    assert all(client.get(version + name).status_code == 200 for name in SHELL)


def test_the_page_without_a_connection_names_nobody(client: TestClient) -> None:
    assert "data-of" not in client.get("/offline").text


def test_todays_cards_are_kept_with_their_answers_and_what_their_ratings_build_on(
    client: TestClient, database: Database
) -> None:
    cards = kept(client)
    assert set(cards.values()) == {""}
    page = client.get("/kept").text
    assert page.count('id="hidden-answer"') == len(cards)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET says_sure = true")
    assert client.get("/kept").text.count('name="sure" value="3"') == len(cards)
    first = next(iter(cards))
    assert told(client, event("missed", card=first, rating=1)) == [("missed", "counted")]
    assert kept(client)[first] == "missed"


def test_typed_answers_wait_for_the_net(client: TestClient, database: Database) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET types_answers = true")
    assert kept(client) == {}
    assert "Typed answers need a connection" in client.get("/kept").text
