"""History is never lost: thousands of random edits on real files, with reviews in the database."""

import random
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlmodel import select

from app.cards.load.load import load
from app.database import Database
from app.models import Card, Review, Topic
from tests.databases import Backend
from tests.examples import DRAWN, share_of

EXAMPLES, STEPS = share_of(12, DRAWN), 80
ODD = ["*", "`x`", "$h_t$", "é", "—", "C#", "[1]"]
PICK = st.integers(0, 10_000)


@dataclass(eq=False)
class Author:
    """A card as its author thinks of it. The `marker` is in its answer for ever, and says who it is."""

    marker: str
    id: str | None
    question: str
    words: str
    # Its name or what it could be known by changed, and no load has seen it yet: one such change at a time.
    is_pending: bool = False
    is_reworded: bool = False
    is_loaded: bool = False
    is_draft: bool = False

    def text(self) -> str:
        draft = "\nDraft: yes\n" if self.is_draft else ""
        return (
            f"## {self.question}{f' {{#{self.id}}}' if self.id else ''}\n{self.words} {self.marker}\n\nMore.\n{draft}"
        )


@dataclass(eq=False)
class File:
    """A content file; `trouble` is appended to it as it is, and keeps it from being loaded."""

    name: str
    cards: list[Author]
    order: int = 10
    newline: str = "\n"
    mark: bytes = b""
    trouble: bytes = b""
    is_old: bool = False

    def data(self) -> bytes:
        text = f"---\ntitle: {self.name}\norder: {self.order}\n---\n\n" + "\n".join(card.text() for card in self.cards)
        return self.mark + text.replace("\n", self.newline).encode() + self.trouble


class Editing(RuleBasedStateMachine):
    """Edits files in any order, loads now and then, and looks whether every review is still with its card."""

    edits = 0
    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.deck = self.folder / "content" / "d"
        self.deck.mkdir(parents=True)
        self.database = Database(self.backend.new(self.folder, self.backend.migrated))
        self.files: list[File] = []
        self.gone: list[Author] = []
        self.numbers = count(1)
        self.reviewed: dict[int, str] = {}
        # Where each live card was at the last load, by its marker.
        self.held: dict[str, str] = {}

    def teardown(self) -> None:
        try:
            self.load()
            for file in self.files:
                file.trouble = b""
            self.load()
            assert all(card.is_loaded != card.is_draft for file in self.files for card in file.cards)
        finally:
            self.database.close()
            self.backend.drop(str(self.database.url))
            shutil.rmtree(self.folder)

    # What the rules choose from.

    def card(self, pick: int) -> Author | None:
        cards = [card for file in self.files for card in file.cards]
        return cards[pick % len(cards)] if cards else None

    def file(self, pick: int) -> File:
        return self.files[pick % len(self.files)]

    def home(self, card: Author) -> File:
        return next(file for file in self.files if card in file.cards)

    def fresh_question(self, pick: int) -> str:
        return f"Question {next(self.numbers)} {ODD[pick % len(ODD)]}?"

    def can_change_name(self, card: Author) -> bool:
        """Whether the next load can know the card again: the last one saw it as it is, and this one will read it."""
        is_as_seen = card.is_loaded and not card.is_pending and not card.is_reworded
        return is_as_seen and not any(file.trouble for file in self.files)

    def is_calm(self) -> bool:
        return not any(card.is_pending for file in self.files for card in file.cards)

    # The edits.

    @initialize(pick=PICK)
    def begin(self, pick: int) -> None:
        for number in range(3):
            self.files.append(File(f"f{number}", []))
            for _ in range(3):
                self.add_card(pick + number)
        self.load()

    @rule(pick=PICK)
    def add_card(self, pick: int) -> None:
        number = next(self.numbers)
        named = f"card-{number}" if pick % 2 else None
        author = Author(f"marker{number}end", named, self.fresh_question(pick), "Because")
        cards = self.file(pick).cards
        cards.insert(pick % (len(cards) + 1), author)
        self.done()

    @rule(pick=PICK)
    def reword_question(self, pick: int) -> None:
        card = self.card(pick)
        if card and ((card.id and not card.is_pending) or self.can_change_name(card)):
            card.is_pending, card.is_reworded = card.id is None, True
            card.question = self.fresh_question(pick)
            self.done()

    @rule(pick=PICK)
    def reword_answer(self, pick: int) -> None:
        card = self.card(pick)
        if card and not card.is_pending:
            card.words, card.is_reworded = f"Since {next(self.numbers)} {ODD[pick % len(ODD)]}", True
            self.done()

    @rule(pick=PICK)
    def write_id(self, pick: int) -> None:
        card = self.card(pick)
        # Its question, as the last load saw it, says who it is: the answer may have been reworded too.
        has_trouble = any(file.trouble for file in self.files)
        if card and card.id is None and card.is_loaded and not card.is_pending and not has_trouble:
            card.id, card.is_pending = f"named-{next(self.numbers)}", True
            self.done()

    @rule(pick=PICK)
    def change_or_remove_id(self, pick: int) -> None:
        card = self.card(pick)
        if card and card.id and self.can_change_name(card):
            card.id, card.is_pending = (f"renamed-{next(self.numbers)}" if pick % 3 else None), True
            self.done()

    @rule(pick=PICK, to=PICK)
    def move(self, pick: int, to: int) -> None:
        card = self.card(pick)
        if card:
            self.home(card).cards.remove(card)
            cards = self.file(to).cards
            cards.insert(to % (len(cards) + 1), card)
            self.done()

    @rule(pick=PICK)
    def reorder(self, pick: int) -> None:
        random.Random(pick).shuffle(self.file(pick).cards)
        self.file(pick).order = pick % 50
        self.done()

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        card = self.card(pick)
        if card and not card.is_pending:
            self.home(card).cards.remove(card)
            card.is_loaded = False
            self.gone.append(card)
            self.done()

    @precondition(lambda self: self.gone)
    @rule(pick=PICK)
    def bring_back(self, pick: int) -> None:
        self.file(pick).cards.append(self.gone.pop(pick % len(self.gone)))
        self.done()

    @rule(pick=PICK)
    def make_a_draft_or_publish_it(self, pick: int) -> None:
        card = self.card(pick)
        if card and not card.is_pending:
            card.is_draft, card.is_loaded = not card.is_draft, False
            self.done()

    @rule(pick=PICK)
    def rename_file(self, pick: int) -> None:
        file = self.file(pick)
        if not file.trouble:
            (self.deck / f"{file.name}.md").unlink(missing_ok=True)
            file.name, file.is_old = f"f{next(self.numbers)}", False
            self.done()

    @rule(pick=PICK)
    def delete_file(self, pick: int) -> None:
        file = self.file(pick)
        if len(self.files) > 1 and not any(card.is_pending for card in file.cards):
            self.files.remove(file)
            (self.deck / f"{file.name}.md").unlink(missing_ok=True)
            for card in file.cards:
                card.is_loaded = False
            self.gone.extend(file.cards)
            self.done()

    @rule(pick=PICK)
    def add_file(self, pick: int) -> None:
        if len(self.files) < 6:
            self.files.append(File(f"f{next(self.numbers)}", []))
            self.done()

    @rule(pick=PICK, newline=st.sampled_from(["\n", "\r\n", "\r"]), mark=st.sampled_from([b"", b"\xef\xbb\xbf"]))
    def save_as_another_editor_would(self, pick: int, newline: str, mark: bytes) -> None:
        self.file(pick).newline, self.file(pick).mark = newline, mark
        self.done()

    @precondition(lambda self: self.is_calm())
    @rule(pick=PICK, trouble=st.sampled_from([b"\n```\n", b"\n$\n", b"\0", b"\xff", b"\n## Empty {#empty}\n"]))
    def break_file(self, pick: int, trouble: bytes) -> None:
        if self.file(pick).is_old:
            self.file(pick).trouble = trouble
            self.done()

    @rule(pick=PICK, to=PICK)
    def copy_card_and_forget_the_id(self, pick: int, to: int) -> None:
        self.load()
        card, file = self.card(pick), self.file(to)
        if card and self.can_change_name(card) and card not in file.cards:
            file.trouble = f"\n{card.text().replace(card.marker, 'a copy')}".encode()
            self.load()
            file.trouble = b""
            self.done()

    @rule(pick=PICK)
    def heal_file(self, pick: int) -> None:
        if self.file(pick).trouble:
            self.file(pick).trouble = b""
            self.done()

    def done(self) -> None:
        type(self).edits += 1

    # The load, and what must hold after it.

    @rule()
    def load(self) -> None:
        for file in self.files:
            full = self.deck / f"{file.name}.md"
            if not full.exists() or full.read_bytes() != file.data():
                full.write_bytes(file.data())
        report = load(self.database, self.folder / "content", datetime.now(UTC))
        refused = {mistake.path for mistake in report.mistakes}
        assert refused >= {f"d/{file.name}.md" for file in self.files if file.trouble}
        for file in self.files:
            file.is_old = True
            if f"d/{file.name}.md" not in refused:
                for card in file.cards:
                    card.is_loaded, card.is_pending, card.is_reworded = not card.is_draft, False, False
        self.look(refused)
        self.review()

    # The checks run more often than the rule alone would be drawn.
    load_again = rule()(lambda self: self.load())
    load_and_load = rule()(lambda self: self.load())
    load_once_more = rule()(lambda self: self.load())

    def look(self, refused: set[str]) -> None:
        with self.database.read() as session:
            rows = {card.id: card for card in session.exec(select(Card)).all()}
            paths = dict(session.exec(select(Topic.id, Topic.path)).all())
            reviews = session.exec(select(Review)).all()
        assert {review.id for review in reviews} == set(self.reviewed)
        live = {marker_of(row): row for row in rows.values() if row.retired_at is None}
        for review in reviews:
            assert marker_of(rows[review.card_id]) == self.reviewed[review.id or 0], "a review is with another card"
        history = {self.reviewed[review.id or 0]: review.card_id for review in reviews}
        for file in self.files:
            if f"d/{file.name}.md" not in refused:
                for card in file.cards:
                    if card.is_draft and (row := live.get(card.marker)):
                        # It came here from a file whose last good version stays live, because it has trouble now, or
                        # because it is gone and its cards may be in one that has.
                        stays = paths[row.topic_id]
                        is_waiting = bool(refused) and not (self.folder / "content" / stays).exists()
                        assert stays == self.held[card.marker], "a draft is live"
                        assert stays in refused or is_waiting, "a draft is live"
                for place, card in enumerate(card for card in file.cards if not card.is_draft):
                    row = live[card.marker]
                    assert history.get(card.marker, row.id) == row.id, "a card lost its history"
                    assert paths[row.topic_id] == f"d/{file.name}.md"
                    assert row.place == f"{file.order:06d}/{file.name}/{place:05d}"
        for card in self.gone:
            assert not card.is_loaded
        self.held = {marker: paths[row.topic_id] for marker, row in live.items()}

    def review(self) -> None:
        """Give every live card that has none a review."""
        with self.database.write() as session:
            known = set(self.reviewed.values())
            for card in session.exec(select(Card).where(Card.retired_at == None)).all():  # noqa: E711
                if marker_of(card) not in known:
                    now = datetime.now(UTC)
                    made = Review(
                        learner_id=1,
                        card_id=card.id or 0,
                        token=marker_of(card),
                        rating=4,
                        rated_at=now,
                        counts_at=now,
                        day=now.date(),
                        desired_retention=0.9,
                        checksum="",
                    )
                    session.add(made)
                    session.flush()
                    self.reviewed[made.id or 0] = marker_of(card)


def marker_of(card: Card) -> str:
    return card.short_html.removesuffix("</p>").split(" ")[-1]


@pytest.mark.proof
def test_no_edit_loses_or_swaps_history(backend: Backend) -> None:
    Editing.backend = backend
    Editing.edits = 0
    run_state_machine_as_test(
        Editing,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Editing.edits >= 20 * EXAMPLES
