"""A learner's history as Anki takes it, and as it comes back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from sqlalchemy import insert, select

from app.exchange.imports.anki.own_notes import FIELDS
from app.study.schedule.checksum import checksum
from app.study.schedule.replay import replay
from app.tables import CARD, CARD_MARK, CARD_STATE, OWN_TAG, REVIEW

NOW = datetime.now(UTC).replace(microsecond=250_000)
RATINGS = {"one": [(30, 4), (25, 3), (20, 5)], "two": [(3, 4), (1, 2)], "four": []}
EASE = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}


@pytest.fixture
def studied(run_recur, settings, database) -> None:
    """Four cards, two of them rated, one suspended and flagged."""
    (settings.content_dir / "d").mkdir(parents=True)
    cards = "".join(f"## What is {name}? {{#{name}}}\nA number.\n\n" for name in ("one", "two", "three", "four"))
    (settings.content_dir / "d" / "t.md").write_text(f"---\ntitle: T\n---\n\n{cards}")
    assert run_recur("load").code == 0
    with database.write() as session:
        connection = session.connection()
        ids = {row.name: row.id for row in connection.execute(select(CARD.c.name, CARD.c.id))}
        for name, ratings in RATINGS.items():
            for days, rating in ratings:
                at = NOW - timedelta(days=days)
                row = {
                    "learner_id": 1, "card_id": ids[name], "token": f"t-{name}-{days}", "rating": rating,
                    "undoes_id": None, "shown_at": at - timedelta(seconds=9), "revealed_at": at, "rated_at": at,
                    "counts_at": at, "day": at.date(), "desired_retention": 0.9, "typed": None, "sitting": None,
                }  # fmt: skip
                connection.execute(insert(REVIEW), row | {"checksum": checksum(row)})
        mark = {"learner_id": 1, "card_id": ids["four"], "is_suspended": True, "is_flagged": True, "note": ""}
        connection.execute(insert(CARD_MARK), mark)
        connection.execute(insert(OWN_TAG), {"learner_id": 1, "card_id": ids["four"], "tag": "blue flag"})
        replay(session)


def test_anki_goes_on_where_recur_stopped(studied, run_recur, database, tmp_path: Path):
    assert run_recur("export", "d.apkg", "--history", RECUR_TIME_ZONE="UTC").code == 0
    with database.read() as session:
        due = dict(
            session.connection()
            .execute(select(CARD.c.name, CARD_STATE.c.due_on).join(CARD_STATE, CARD_STATE.c.card_id == CARD.c.id))
            .all()
        )
    anki = Collection(str(tmp_path / "collection.anki2"))
    options = ImportAnkiPackageOptions(with_scheduling=True)
    anki.import_anki_package(ImportAnkiPackageRequest(package_path=str(tmp_path / "d.apkg"), options=options))
    today, name_at = anki.sched.today, FIELDS.index("Id")
    cards = {anki.get_note(card.nid).fields[name_at]: card for card in map(anki.get_card, anki.find_cards(""))}
    for name in ("one", "two"):
        card = cards[f"d/{name}"]
        assert (card.type, card.queue, card.reps) == (2, 2, len(RATINGS[name]))
        assert abs((card.due - today) - (due[name] - NOW.date()).days) <= 1  # the day may turn at another hour there
        assert anki.db
        log = anki.db.all("SELECT ease, time FROM revlog WHERE cid = ? ORDER BY id", card.id)
        assert log == [[EASE[rating], 9_000] for _days, rating in RATINGS[name]]
    assert (cards["d/three"].type, cards["d/three"].queue) == (0, 0)
    assert (cards["d/four"].queue, cards["d/four"].flags & 7) == (-1, 4)
    problems, is_sound = anki.fix_integrity()
    assert is_sound, problems
    anki.close()


def test_what_went_out_to_anki_is_known_when_it_comes_back(studied, run_recur, settings):
    assert run_recur("export", "d.apkg", "--history", RECUR_TIME_ZONE="UTC").code == 0
    ended = run_recur("import", "d.apkg", "--into", "d", RECUR_TIME_ZONE="UTC")
    assert (ended.code, ended.err) == (0, "")
    assert "4 unchanged" in ended.out
    assert "From Anki: 0 reviews added, 5 known already; 1 mark." in ended.out
    refused = run_recur("export", "d.csv", "--history")
    assert (refused.code, "Only an Anki package takes a history along" in refused.err) == (2, True)
    assert run_recur("export", "e.apkg", "--history", "--learner", "7").code == 2


def test_a_package_without_a_history_has_none(studied, run_recur, tmp_path):
    assert run_recur("export", "d.apkg").code == 0
    ended = run_recur("import", "d.apkg", "--into", "other")
    assert "From Anki" not in ended.out
