"""Every count of cards that a page shows is what a plain look at every row finds."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from app.cards.load.load import load
from app.main import create_app
from app.settings import Settings
from app.study.schedule.totals import move_cards
from app.study.selection.marks import bury, flag, suspend
from app.study.selection.standing import KNOWN_FROM, LEECH_FROM
from tests.examples import examples
from tests.study.conftest import Study
from tests.study.conftest import new_study as new_study

FILES = {
    "rnn/one.md": {
        "plain": "Yes.",
        "level": "Yes, too.\n\nLevel: easy\nTags: a",
        "both": "It is *that*.\n\nReversed: yes",
        "parts": "The {{c1::first}}, the {{c2::second}} and ==the last==.",
        "later": "Not yet.\n\nDraft: yes",
    },
    "rnn/two.md": {"single": "No.", "turned": "Maybe.\n\nReversed: yes"},
    "other/three.md": {"plain": "Elsewhere."},
}
SIDES = {"both": 2, "parts": 3, "turned": 2}
CARD = st.integers(0, 10)
ACTIONS = st.one_of(
    st.tuples(st.just("rate"), CARD, st.integers(1, 5)),
    st.tuples(st.just("rate"), CARD, st.integers(1, 5)),
    st.tuples(st.sampled_from(["suspend", "flag"]), CARD, st.just(0)),
    st.tuples(st.just("bury"), CARD, st.integers(1, 3)),
    st.tuples(st.just("retire"), st.sampled_from([(path, name) for path in FILES for name in FILES[path]]), st.just(0)),
    st.tuples(st.just("tomorrow"), st.integers(1, 9), st.just(0)),
)


def write(folder: Path, gone: set[tuple[str, str]]) -> None:
    (folder / "sources.yaml").write_text("documents: []\n")
    for path, cards in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        text = "".join(f"## Is it {n}? {{#{n}}}\n{a}\n\n" for n, a in cards.items() if (path, n) not in gone)
        (folder / path).write_text(f"---\ntitle: {path}\n---\nWords.\n\n{text}")


def number(pattern: str, page: str) -> int:
    """The number in the first match; 0 if there is none."""
    found = re.search(pattern, " ".join(re.sub("<[^>]*>", "", page).split()))
    return int(found[1].replace(",", "")) if found else 0


class Recount:
    """The cards that are in the files, each with what the tables say of it, as dictionaries."""

    def __init__(self, study: Study) -> None:
        self.today = study.prefs.day(study.now)
        names = ["id", "deck", "topic", "side_of", "due_on", "due_at", "stability", "lapses", "reviewed_on", "misses"]
        names += ["suspended", "flagged", "buried"]
        self.cards = [
            dict(zip(names, row, strict=True))
            for row in study.rows(
                "SELECT card.id, deck.name, topic.name, card.side_of, s.due_on, s.due_at, s.stability, s.lapses,"
                " s.reviewed_on, s.day_misses, m.is_suspended, m.is_flagged, m.buried_until FROM card"
                " JOIN deck ON deck.id = card.deck_id JOIN topic ON topic.id = card.topic_id"
                " LEFT JOIN card_state s ON s.card_id = card.id AND s.learner_id = 1"
                " LEFT JOIN card_mark m ON m.card_id = card.id AND m.learner_id = 1 WHERE card.retired_at IS NULL"
            )
        ]

    def day(self, value: Any) -> date | None:
        return value if value is None or isinstance(value, date) else date.fromisoformat(str(value)[:10])

    def is_aside(self, card: dict[str, Any]) -> bool:
        until = self.day(card["buried"])
        return bool(card["suspended"]) or (until is not None and until > self.today)

    def has_its_turn(self, card: dict[str, Any]) -> bool:
        today = [one["id"] for one in self.cards if self.day(one["reviewed_on"]) == self.today]
        same = [one["id"] for one in self.cards if (one["deck"], one["side_of"]) == (card["deck"], card["side_of"])]
        return card["side_of"] is None or card["id"] in today or not set(today) & set(same)

    def is_(self, state: str, card: dict[str, Any]) -> bool:
        due, seen = self.day(card["due_on"]), card["stability"] is not None
        known = seen and card["stability"] >= KNOWN_FROM and card["due_at"] is None
        return {
            "": True,
            "new": not seen,
            "seen": seen,
            "known": known,
            "learning": seen and not known,
            "due": seen
            and ((due is not None and due <= self.today) or card["due_at"] is not None)
            and not (card["due_at"] and card["misses"] >= 4 and due and due >= self.today)
            and not self.is_aside(card)
            and self.has_its_turn(card),
            "leech": seen and card["lapses"] >= LEECH_FROM,
            "suspended": bool(card["suspended"]),
            "buried": self.is_aside({**card, "suspended": False}),
            "flagged": bool(card["flagged"]),
        }[state]

    def count(self, state: str = "", **where: str) -> int:
        found = [card for card in self.cards if all(card[name] == value for name, value in where.items())]
        return sum(self.is_(state, card) for card in found)


def do(study: Study, content: Path, actions: list[Any]) -> set[tuple[str, str]]:
    gone: set[tuple[str, str]] = set()
    for kind, what, detail in actions:
        live = study.rows("SELECT id FROM card WHERE retired_at IS NULL ORDER BY id")
        card = live[what % len(live)][0] if isinstance(what, int) and live else 0
        if kind == "tomorrow":
            study.later(days=what)
        elif kind == "retire":
            gone ^= {what}  # and back, the second time
            write(content, gone)
            assert not load(study.database, content, study.now, move_cards=move_cards).mistakes
        elif live and kind == "rate":
            study.later(seconds=70)
            study.rate(card, detail)
        elif live:
            with study.database.write() as session:
                if kind == "bury":
                    bury(session, 1, [card], study.prefs.day(study.now) + timedelta(days=detail))
                else:
                    {"suspend": suspend, "flag": flag}[kind](session, 1, [card])
    return gone


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the settings do not change
@given(actions=st.lists(ACTIONS, max_size=14))
@example([("rate", 2, 1)] * 5 + [("rate", 9, 2)] * 4)
@example([("rate", 2, 1)] * 4 + [("tomorrow", 1, 0)])
@example([("rate", card, 3) for card in range(11)] + [("tomorrow", 9, 0)] * 3 + [("rate", 4, 4), ("rate", 9, 1)])
def test_every_count_is_a_plain_recount(
    new_study: Callable[[int], AbstractContextManager[Study]], settings: Settings, actions: list[Any]
) -> None:
    with new_study(1) as study, TemporaryDirectory() as name:
        with study.database.write() as session:
            for table in ("card", "topic"):  # its own, which are in no file
                session.connection().exec_driver_sql(f"DELETE FROM {table}")
        content = Path(name)
        write(content, set())
        assert not load(study.database, content, study.now, move_cards=move_cards).mistakes
        gone = do(study, content, actions)
        with study.database.write() as session:
            session.connection().exec_driver_sql(f"UPDATE learner SET time_zone = '{study.prefs.zone}'")
        found = Recount(study)
        chosen = settings.model_copy(update={"content_dir": content})
        client = TestClient(create_app(chosen, study.database, lambda: study.now), base_url="http://127.0.0.1:8000")
        check_lists(client, found)
        check_topics_and_stats(client, found, study)
        check_content(client, gone)


def check_lists(client: TestClient, found: Recount) -> None:
    for deck in ("", "rnn", "other"):
        for state in ("", "new", "seen", "learning", "known", "due", "leech", "suspended", "buried", "flagged"):
            page = client.get(f"/browse?deck={deck}&state={state}").text
            said = number(r"(\d+) cards?", page[page.index('class="count') :])
            assert said == found.count(state, **({"deck": deck} if deck else {})), (deck, state)


def check_topics_and_stats(client: TestClient, found: Recount, study: Study) -> None:
    for path in FILES:
        deck, topic = path.removesuffix(".md").split("/")
        counted = [found.count(state, deck=deck, topic=topic) for state in ("", "new", "due")]
        if not counted[0] and client.get(f"/topics/{deck}/{topic}").status_code == 404:
            continue  # a topic without cards in the files is no topic
        page = client.get(f"/topics/{deck}/{topic}").text
        said = re.search(r"(\d+) cards? in this topic: (\d+) new, (\d+) due", page)
        assert said
        assert [int(one) for one in said.groups()] == counted, path
        in_list = client.get(f"/topics?deck={deck}").text.partition(f"/topics/{deck}/{topic}")[2].partition("</li>")[0]
        new = counted[0] if "all new" in in_list else number(r"(\d+) new", in_list)
        assert [number(r"(\d+) cards?", in_list), new, number(r"(\d+) due", in_list)] == counted
        quiz = client.get(f"/quiz?deck={deck}").text.partition(f'value="{topic}"')[2].partition("</li>")[0]
        assert number(r"(\d+)$", quiz) == counted[0]
    for deck in ("rnn", "other"):
        page = client.get(f"/stats?deck={deck}").text
        seen = [card for card in found.cards if card["deck"] == deck and found.is_("seen", card)]
        asked = [card for card in seen if not card["suspended"]]
        assert number(r"of (\d+) seen card", page) == len(seen)
        assert number(r"; (\d+) suspended and not included", page) == len(seen) - len(asked)
        assert number(r"Study the (\d+) cards? due today", page) == found.count("due", deck=deck), deck
        later = number(r"in 30 days, (\d+) later", page)
        assert number(r"today, (\d+) cards? in 30 days", page) + later == len(asked)
        given = study.rows(
            "SELECT count(*) FROM review r JOIN card ON card.id = r.card_id JOIN deck ON deck.id = card.deck_id"
            f" WHERE deck.name = '{deck}' AND r.rating IS NOT NULL AND r.learner_id = 1"
        )[0][0]
        assert number(r"(\d+) reviews? on \d+ day", page) == given


def check_content(client: TestClient, gone: set[tuple[str, str]]) -> None:
    page = client.get("/content").text
    for path, cards in FILES.items():
        names = [name for name in cards if (path, name) not in gone]
        summary = page.partition(f">{Path(path).name}<")[2].partition("</summary>")[0]
        drafts = sum(name == "later" for name in names)
        live = sum(SIDES.get(name, 1) for name in names) - drafts
        assert (number(r"(\d+) cards?", summary), number(r"(\d+) draft", summary)) == (live, drafts), path
