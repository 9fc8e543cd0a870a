"""No state that git leaves the content in costs a review: random histories, made with git itself."""

import os
import random
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from app.cards.load.load import load
from app.database import Database
from app.study.schedule.totals import move_cards
from app.tables import CARD, REVIEW, TOPIC
from tests.databases import Backend, SQLiteBackend
from tests.examples import share_of

STEPS = 14
STYLES = ("merge", "diff3", "zdiff3")
QUIET = {
    **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_EDITOR": "true",
}  # fmt: skip
CARD_TEXT = re.compile(r"^## .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"(m\d+e)")
MARK = re.compile(r"m\d+e")


class Repository:
    """A content folder under git, a database, and a review of each card that was ever live.

    A card's answer has a `mark` for ever, which says who it is: wherever it is, its review must be with it.
    """

    def __init__(self, folder: Path, backend: Backend, rng: random.Random) -> None:
        self.folder, self.rng = folder / "repository", rng
        self.content = self.folder / "content"
        (self.content / "rnn").mkdir(parents=True)
        self.database = Database(backend.new(folder, backend.migrated))
        self.numbers = iter(range(1, 10_000))
        self.reviewed: dict[str, int] = {}
        self.git("init", "-q", "-b", "main")
        self.git("config", "merge.conflictStyle", rng.choice(STYLES))
        self.git("config", "core.autocrlf", "false")
        self.newline = rng.choice(["\n", "\n", "\r\n"])
        for name in ("a", "b"):
            self.write(self.content / "rnn" / f"{name}.md", [self.card() for _ in range(3)])
        self.commit()
        self.look()

    def git(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=QUIET, check=False, capture_output=True, text=True
        )  # fmt: skip
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def card(self) -> str:
        number = next(self.numbers)
        return f"## What is number {number}? {{#card-{number}}}\nIt is m{number}e."

    def write(self, path: Path, cards: list[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "---\ntitle: A topic\norder: 10\n---\n\n" + "\n\n".join(card.strip() for card in cards) + "\n"
        path.write_bytes(text.replace("\n", self.newline).encode())

    def files(self) -> list[Path]:
        return sorted(self.content.glob("*/*.md"))

    def file(self) -> Path:
        if not self.files():
            self.write(self.content / "rnn" / "a.md", [self.card()])
        return self.rng.choice(self.files())

    def cards_of(self, path: Path) -> list[str]:
        return CARD_TEXT.findall(path.read_bytes().decode().replace("\r\n", "\n"))

    # What people do. Each changes a card in one way, and is loaded before the next.

    def edit(self) -> None:
        """Reword an answer, a question, or an id with its question."""
        path = self.file()
        cards = self.cards_of(path)
        if not cards:
            return
        at, how, number = (
            self.rng.randrange(len(cards)),
            self.rng.choice(["answer", "question", "id"]),
            next(self.numbers),
        )
        if how == "answer":
            cards[at] = re.sub(r"\n.*?(m\d+e)", rf"\nReworded {number}: \1", cards[at], count=1)
        else:
            name = f"card-{number}" if how == "id" else re.search(r"\{#(.*?)\}", cards[at])[1]  # type: ignore[index]
            cards[at] = re.sub(r"## .*", f"## What now is {number}? {{#{name}}}", cards[at], count=1)
        self.write(path, cards)

    def add_or_move(self) -> None:
        """Add a card, or move one to another file."""
        path, to = self.file(), self.file()
        cards = self.cards_of(path)
        moved = cards.pop(self.rng.randrange(len(cards))) if cards and self.rng.random() < 0.6 else self.card()
        self.write(path, cards)
        there = self.cards_of(to)
        there.insert(self.rng.randint(0, len(there)), moved)
        self.write(to, there)

    def rename(self) -> None:
        """Rename a file or a deck, or move a file to another deck."""
        path = self.file()
        number = next(self.numbers)
        if self.rng.random() < 0.4:
            path.parent.rename(self.content / f"deck-{number}")
        else:
            deck = self.rng.choice(
                [path.parent, *{file.parent for file in self.files()}, self.content / f"deck-{number}"]
            )
            deck.mkdir(exist_ok=True)
            path.rename(deck / f"file-{number}.md")

    def branch(self) -> None:
        """Begin a branch, or go to another."""
        if self.rng.random() < 0.5:
            self.git("switch", "-q", "-c", f"branch-{next(self.numbers)}")
        else:
            self.git("switch", "-q", self.rng.choice(self.branches()))

    def branches(self) -> list[str]:
        return self.git("branch", "--format=%(refname:short)").split()

    def merge(self) -> None:
        """Merge another branch; a conflict is loaded as it is, and then resolved or given up."""
        self.git("merge", "-q", "--no-edit", self.rng.choice(self.branches()), check=False)
        self.resolve("merge")

    def revert(self) -> None:
        """Revert one of the last commits."""
        commits = self.git("log", "--no-merges", "--format=%h", "-n", "5").split()
        self.git("revert", "--no-edit", self.rng.choice(commits), check=False)
        self.resolve("revert")

    def resolve(self, what: str) -> None:
        unmerged = self.git("ls-files", "-u").strip()
        if not (unmerged or (self.folder / ".git" / f"{what.upper()}_HEAD").exists()):
            return
        self.look()
        if self.rng.random() < 0.4 or not self.is_resolved_by_hand():
            self.git(what, "--abort", check=False)
            self.git("reset", "-q", "--hard")
        else:
            self.commit()

    def is_resolved_by_hand(self) -> bool:
        """Take our side of every conflict; where git has no file of ours, there is nothing to take."""
        for line in self.git("diff", "--name-only", "--diff-filter=U").splitlines():
            self.git("checkout", "-q", "--ours", "--", line, check=False)
        return not any(b"<<<<<<<" in file.read_bytes() for file in self.files())

    # The load, and what must hold after it.

    def look(self) -> None:
        """Load, and look whether each review is with the card that has its mark."""
        report = load(self.database, self.content, datetime.now(UTC), move_cards=move_cards)
        refused = {mistake.path for mistake in report.mistakes}
        for file in self.files():
            text = file.read_text()
            if re.search("^(<<<<<<<|=======|>>>>>>>)", text, re.MULTILINE):
                lines = {one.line for one in report.mistakes if one.path == str(file.relative_to(self.content))}
                marked = {n for n, line in enumerate(text.splitlines(), 1) if re.match("<{7}|={7}|>{7}|[|]{7}", line)}
                assert lines == marked
        with self.database.write() as session:
            connection = session.connection()
            rows = select(CARD.c.id, CARD.c.short_html, TOPIC.c.path, CARD.c.retired_at).join_from(CARD, TOPIC)
            cards = connection.execute(rows).all()
            marks = {card.id: SHOWN.findall(card.short_html)[0] for card in cards}
            reviews = {token: card for token, card in connection.execute(select(REVIEW.c.token, REVIEW.c.card_id))}  # noqa: C416
            assert {token: marks[card] for token, card in reviews.items()} == {token: token for token in reviews}
            live = defaultdict(list)
            for card in cards:
                if card.retired_at is None:
                    live[marks[card.id]].append(card)
            in_files = defaultdict(list)
            for file in self.files():
                path = str(file.relative_to(self.content))
                for mark in MARK.findall(file.read_text()) if path not in refused else ():
                    in_files[mark].append(path)
            for mark, paths in in_files.items():
                # A file that is gone stays while one with mistakes has its cards.
                held = {card.path for card in live[mark]} - refused
                waiting = {path for path in held if refused and not (self.content / path).exists()}
                assert sorted(held - waiting) == sorted(set(paths))
                if mark in reviews:
                    assert reviews[mark] in {card.id for card in live[mark]}, f"the review of {mark} is with no card"
            for mark, there in live.items():
                if mark not in reviews:
                    now = datetime.now(UTC)
                    values = {"learner_id": 1, "card_id": there[0].id, "token": mark, "rating": 4, "rated_at": now}
                    values["counts_at"] = now
                    connection.execute(
                        insert(REVIEW).values(**values, day=now.date(), desired_retention=0.9, checksum="")
                    )


@contextmanager
def repository(seed: int, backend: Backend) -> Iterator[Repository]:
    with tempfile.TemporaryDirectory() as folder:
        made = Repository(Path(folder), backend, random.Random(seed))
        try:
            yield made
        finally:
            made.database.close()
            backend.drop(str(made.database.url))


@pytest.mark.proof
@pytest.mark.server  # git runs beside it
def test_no_history_of_git_loses_or_swaps_a_review(backend: Backend) -> None:
    done, histories = 0, share_of(10 if isinstance(backend, SQLiteBackend) else 3)
    for seed in range(histories):
        with repository(seed, backend) as made:
            acts = [made.edit, made.add_or_move, made.rename, made.branch, made.merge, made.revert]
            for act in made.rng.choices(acts, k=STEPS):
                act()
                try:
                    made.look()
                except AssertionError as error:
                    raise AssertionError(f"history {seed}, {act.__name__}: {error}") from error
                if made.git("status", "--porcelain").strip():
                    made.commit()
                done += 1
    assert done == histories * STEPS
