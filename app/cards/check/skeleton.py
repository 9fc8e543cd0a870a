"""Writes the skeleton of a topic or a card into the content, as a draft. Never overwrites anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cards.check.check import check_content
from app.cards.check.format import free_name
from app.cards.file.files import OpenedFile, TopicFile, Unreadable, open_file
from app.cards.file.mistake import Mistake
from app.cards.file.parse import parse, slug
from app.cards.file.yaml_files import LAST
from app.cards.render.prepare import ReadyFile, prepare
from app.nearest import did_you_mean
from app.whole_file import replace_file

STEP = 10  # between the orders of two topics, so that another fits between them

TOPIC = """\
---
title: {title}
order: {order}
---
The explanation: what it is, why it is needed, and how it works.

## Key points
- One short statement to remember.

"""
CARD = """\
## {question} {{#{name}}}
The short answer: one or two sentences to say aloud.

**Why:** the mechanism, with a formula such as $h_t$. Then an example with numbers, a common mistake, a follow-up.

Points:
- What a good answer says first.
- What it says next.
- What it says last.

Level: medium
Draft: yes
"""
FIRST_QUESTION = "What is the first question on {title}?"


class NewError(ValueError):
    """Nothing was written. The message says why; `mistakes` are the ones that prevent it."""

    def __init__(self, message: str, mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(message)
        self.mistakes = mistakes


@dataclass(frozen=True)
class Written:
    """The place of a new card, and its name."""

    path: str
    line: int
    name: str


def new_topic(content_dir: Path, title: str, deck: str | None) -> Written:
    """Write a file with one draft card. The file's name is made from the title. Raises NewError."""
    title = " ".join(title.split())
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", title):  # the file's name was given instead of the title
        title = title.replace("-", " ").capitalize()
    files = _files(content_dir)
    folder = _deck(files, content_dir, deck)
    path = f"{folder}/{slug(title)}.md"
    full = content_dir / path
    orders = [file.order for file in files if file.found.deck == folder and file.order < LAST]
    head = TOPIC.format(title=_quoted(title), order=min(max(orders, default=0) // STEP * STEP + STEP, LAST))
    name = free_name(slug(FIRST_QUESTION.format(title=title)), _names(files, folder))
    text = head + CARD.format(question=FIRST_QUESTION.format(title=title), name=name)
    _refuse_mistakes(path, text.encode())
    try:
        full.parent.mkdir(exist_ok=True)
        with full.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise NewError(f"{path} already exists: choose another title, or add a card to it.") from None
    except OSError as error:
        raise NewError(f"{path} cannot be written: {error.strerror}.") from None
    return Written(path, head.count("\n") + 1, name)


def new_card(content_dir: Path, question: str, topic: str, deck: str | None) -> Written:
    """Write a draft card at the end of a topic's file. Raises NewError."""
    question = " ".join(question.split())
    files = _files(content_dir)
    file = _topic(files, topic.removesuffix(".md"), deck)
    opened = open_file(file.found)
    try:
        text = opened.text()
    except Unreadable as error:
        raise NewError(f"{file.found.path}:{error.line}: {error}") from None
    if in_the_way := parse(file.found.path, text).mistakes:
        raise NewError(f"{file.found.path} has mistakes: fix them first.", in_the_way)
    name = free_name(slug(question), _names(files, file.found.deck))
    gap = "" if text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    added = gap + CARD.format(question=question, name=name)
    newline = b"\r\n" if b"\r\n" in opened.data else b"\n"
    made = opened.data + added.encode().replace(b"\n", newline)
    _refuse_mistakes(file.found.path, made)
    replace_file(Path(file.found.full), made)
    return Written(file.found.path, (text + gap).count("\n") + 1, name)


def _files(content_dir: Path) -> list[ReadyFile]:
    if not content_dir.is_dir():
        raise NewError(f"There is no content folder {content_dir}: set RECUR_CONTENT_DIR.")
    return check_content(content_dir).files


def _names(files: Sequence[ReadyFile], deck: str) -> set[str]:
    return {card.name for file in files if file.found.deck == deck for card in (*file.cards, *file.drafts)}


def _deck(files: Sequence[ReadyFile], content_dir: Path, deck: str | None) -> str:
    decks = sorted({file.found.deck for file in files})
    if deck is not None:
        if not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", deck):
            raise NewError(f"The deck's name {deck!r} must be lower-case letters, digits and hyphens.")
        return deck
    if len(decks) != 1:
        which = f"which of {', '.join(decks)} it goes to" if decks else "the new deck's name"
        raise NewError(f"Say {which}: --deck NAME.")
    return decks[0]


def _topic(files: Sequence[ReadyFile], topic: str, deck: str | None) -> ReadyFile:
    here = [file for file in files if deck in (None, file.found.deck)]
    found = [file for file in here if file.found.name == topic]
    if len(found) > 1:
        raise NewError(f"{len(found)} decks have a topic {topic!r}: say which, with --deck NAME.")
    if not found:
        near = did_you_mean(topic, [file.found.name for file in here]) or " `recur new topic` makes one."
        raise NewError(f"There is no topic {topic!r}.{near}")
    return found[0]


def _refuse_mistakes(path: str, data: bytes) -> None:
    mistakes = prepare(OpenedFile(TopicFile(path, "", len(data), 0), data), show=False).mistakes
    if mistakes:
        raise NewError("This text would contain a mistake, so nothing was written.", mistakes)


def _quoted(title: str) -> str:
    """The title as YAML: in quotes if YAML would read it as something else."""
    if re.fullmatch(r"[A-Za-z][\w ,.–()/+-]*", title) and title.lower() not in {"yes", "no", "true", "false", "null"}:
        return title
    return '"' + title.replace("\\", "\\\\").replace('"', '\\"') + '"'
