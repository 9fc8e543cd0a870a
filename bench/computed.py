"""Judging and rating a computed card against a written one: the rating alone, and with the answer before it."""

import html
import http.client
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from sqlalchemy import update

from app.database import Database
from app.tables import CARD
from bench.cards import loaded
from bench.figures import Timing, heading, ratio, row
from bench.review import ALL_DAY, FORM, PART, post
from bench.serving import RECUR, recur_env, serving

LEFT = 50
"""Written cards that are never rated: so each answer holds a written card as the next one."""
EACH = 150
ASKS = ("forget-bias", "lstm-from-sums", "lstm-gates", "layer-shapes?layer=lstm")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
AIM = 1.2
NAMES = ("written", "computed")


def run() -> None:
    """Print the ratios."""
    heading("Judging and rating a computed card against a written one whose answer is typed")
    with TemporaryDirectory() as folder:
        cards = loaded(Path(folder), LEFT + 2 * EACH)
        written, computed = cards[LEFT : LEFT + EACH], cards[LEFT + EACH :]
        database = Database(f"sqlite:///{folder}/recur.sqlite")
        with database.write() as session:
            for number, card in enumerate(computed):
                asks = update(CARD).where(CARD.c.id == card).values(asks=ASKS[number % len(ASKS)])
                session.connection().execute(asks)
        database.close()
        with serving(RECUR, recur_env(Path(folder)) | ALL_DAY) as recur:
            connection = recur.connect()
            answers = [[_answer(connection, card) for card in some] for some in (written, computed)]
            forms = [[_rating(connection, answer) for answer in some] for some in answers]
            seconds: list[list[tuple[float, float]]] = [[], []]
            for number in range(EACH):
                for side in (0, 1):
                    answered = post(connection, "/review/answer", answers[side][number], PART)
                    seconds[side].append((answered, post(connection, "/review", forms[side][number], PART)))
    for what, first in (("rating", 1), ("answer and rating", 0)):
        written_timing, computed_timing = (
            Timing(f"{name}: {what}", [sum(one[first:]) for one in some])
            for name, some in zip(NAMES, seconds, strict=True)
        )
        row(written_timing)
        row(computed_timing)
        ratio(f"{what}, computed over written", computed_timing.median / written_timing.median, AIM)


def _fields(connection: http.client.HTTPConnection, form: str) -> dict[str, str]:
    page = connection.getresponse().read().decode()
    begin = page.index(form)
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page[begin : page.index("</form>", begin)])}


def _answer(connection: http.client.HTTPConnection, card: int) -> str:
    """The form with an answer to the card, as its question's page has it."""
    connection.request("GET", f"/review?{urlencode({'card': card, 'deck': 'bench'})}", headers=PART)
    return urlencode(_fields(connection, 'id="asking"') | {"typed": "0.5"})


def _rating(connection: http.client.HTTPConnection, answer: str) -> str:
    """The form that rates it, as the page with the answer has it."""
    connection.request("POST", "/review/answer", answer, FORM | PART)
    return urlencode(_fields(connection, 'class="rating"') | {"rating": 3})
