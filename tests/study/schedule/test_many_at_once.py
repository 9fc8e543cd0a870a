"""Sixteen clients at once: each review once, no lock in anyone's way."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from app.study.schedule.rate import Answer, Rated, StaleFormError, rate

if TYPE_CHECKING:
    from tests.study.conftest import Study

CLIENTS = 16


def test_sixteen_threads_lose_nothing_and_count_nothing_twice(study: "Study") -> None:
    study.add_cards(CLIENTS * 10)
    start = Barrier(CLIENTS)

    def client(number: int) -> list[int]:
        start.wait()
        ids = []
        for turn in range(10):
            card = 1 + number * 10 + turn
            answer = Answer(card, 1 + turn % 5, f"client-{number}-{turn}", 0, None, study.now)
            for _ in range(2):  # every form is sent twice
                with study.database.write() as session:
                    ids.append(rate(session, study.prefs, answer, study.now).review.id)
        return ids

    with ThreadPoolExecutor(CLIENTS) as pool:
        ids = [number for found in pool.map(client, range(CLIENTS)) for number in found]
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == CLIENTS * 10
    assert study.rows("SELECT count(*), count(DISTINCT card_id) FROM review") == [(160, 160)]
    states = study.states()
    study.replay()
    assert study.states() == states


def test_of_sixteen_forms_for_one_card_the_first_counts(study: "Study") -> None:
    start = Barrier(CLIENTS)

    def client(number: int) -> Rated | None:
        answer = Answer(1, 4, f"tab-{number}", 0, None, study.now)
        start.wait()
        try:
            with study.database.write() as session:
                return rate(session, study.prefs, answer, study.now)
        except StaleFormError:
            return None

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = [rated for rated in pool.map(client, range(CLIENTS)) if rated]
    assert len(found) == 1
    assert study.rows("SELECT count(*) FROM review") == [(1,)]
