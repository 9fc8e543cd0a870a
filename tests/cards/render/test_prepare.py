"""A file's bytes become a topic and cards that are ready to be stored."""

import multiprocessing
import subprocess
import sys
import threading
import time
from multiprocessing.context import BaseContext
from pathlib import Path
from unittest import mock

import pytest

from app.cards.file.files import OpenedFile, TopicFile
from app.cards.render import prepare as prepare_module
from app.cards.render.prepare import WORTH_PROCESSES, prepare, prepare_all

ROOT = Path(__file__).parents[3]

TEXT = """---
title: A
order: 7
---
Explained. See [the card](card:one).

## Key points
- A point. Source: book-1

## One? {#one}
Short, with a [demo](demo:line?x=2#double=4) and $x$.

Longer $.

Source: book-2

## Two? {#two}
See [one](card:one) and [far](card:e/far).

Draft: yes
"""


def opened(text: str, path: str = "d/a.md") -> OpenedFile:
    return OpenedFile(TopicFile(path, "", 0, 0), text.encode(), "digest")


def test_every_part_of_a_file():
    ready = prepare(opened(TEXT))
    assert (ready.title, ready.order, ready.place, ready.digest) == ("A", 7, "000007/a", "digest")
    assert ready.explanation_html == '<p>Explained. See <a href="/cards/d/one" class="card-link">the card</a>.</p>'
    assert (ready.sources, ready.stated) == (["book-1"], [("book-1", 8), ("book-2", 15)])
    assert ([card.name for card in ready.cards], [card.name for card in ready.drafts]) == (["one"], ["two"])
    assert [(link.line, link.target.kind) for link in ready.links] == [(5, "card"), (11, "demo")]
    assert [link.target.address for link in ready.draft_links] == ["/cards/d/one", "/cards/e/far"]
    assert [mistake.line for mistake in ready.mistakes] == [13]
    assert ready.cards[0].html is not None
    assert ready.drafts[0].html is not None
    assert ready.cards[0].html.demos == (("line", "x=2", "demo"),)
    assert ready.drafts[0].html.links == (("d", "one", False), ("e", "far", False))
    assert not ready.is_draft
    assert prepare(opened(TEXT.partition("## One")[0] + "## Two? {#two}\nB.\n\nDraft: yes")).is_draft


def test_without_html_the_mistakes_and_links_are_the_same():
    shown, unshown = prepare(opened(TEXT)), prepare(opened(TEXT), show=False)
    assert unshown.cards[0].html is None
    assert unshown.explanation_html == ""
    assert (unshown.mistakes, unshown.links) == (shown.mistakes, shown.links)


def test_a_known_card_is_not_rendered():
    (card,) = prepare(opened(TEXT)).cards
    again = prepare(opened(TEXT), known={card.content_hash})
    assert again.cards[0].html is None
    assert again.mistakes == []
    (moved,) = prepare(opened(TEXT, path="e/a.md"), known={card.content_hash}).cards
    assert moved.html is not None  # its links lead to another deck


def test_hashes_change_with_what_they_stand_for():
    def hashes(text: str) -> tuple[str, str]:
        (card,) = prepare(opened(text)).cards
        return card.content_hash, card.answer_hash

    whole, answer = hashes(TEXT)
    reworded = hashes(TEXT.replace("One?", "Which one?"))
    assert (reworded[0] != whole, reworded[1] == answer) == (True, True)
    rewritten = hashes(TEXT.replace("Longer", "Much longer"))
    assert (rewritten[0] != whole, rewritten[1] != answer) == (True, True)
    assert hashes(TEXT.replace("Explained.", "Explained at length.")) == (whole, answer)
    assert hashes(TEXT + "\n[somewhere]: https://example.org\n")[0] != whole  # a link of the card may use it


def test_a_file_without_text_has_its_mistakes():
    ready = prepare(OpenedFile(TopicFile("d/A.md", "", 0, 0), b"", problem=(3, "the file cannot be read")))
    assert [(mistake.line, mistake.message.split(":")[0]) for mistake in ready.mistakes] == [
        (1, "the file's name 'A' must be lower-case letters, digits and hyphens"),
        (3, "the file cannot be read"),
    ]
    assert not ready.is_text


def same_with_processes(method: str) -> None:
    """Assert that several processes, started by `method`, prepare many files as one process does."""
    started = []

    def start() -> BaseContext:
        started.append(method)
        return multiprocessing.get_context(method)

    filler = "word " * 10_000
    files = [opened(TEXT + filler, path=f"d/t{number:03d}.md") for number in range(WORTH_PROCESSES // 50_000 + 1)]
    known = {"d/t003.md": {prepare(files[3]).cards[0].content_hash}}
    with mock.patch.multiple(prepare_module, _start=start, _processors=lambda: 3):
        assert prepare_all(files, known) == [prepare(one, known.get(one.file.path, ())) for one in files]
    assert started == [method]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_many_files_are_prepared_by_several_processes_to_the_same_end(method):
    # In a process of its own: this one may hold threads of other tests' libraries, and such a process is never copied.
    code = f"from tests.cards.render.test_prepare import same_with_processes as same; same({method!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_a_process_with_threads_is_not_copied():
    """A copy would inherit locks that its threads hold, and wait for them for ever."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert prepare_module._start().get_start_method() == "spawn"
    finally:
        done.set()
        thread.join()


KILLED = """
import multiprocessing, os, signal, threading
from tests.cards.render import test_prepare as here

def kill():
    while len(multiprocessing.active_children()) < 2:
        pass
    print(*(one.pid for one in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

threading.Thread(target=kill).start()
here.prepare_module._processors = lambda: 3
here.prepare_all([here.opened(here.TEXT + "word " * 10_000, path=f"d/t{n:03d}.md") for n in range(2_000)])
"""


@pytest.mark.server
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_its_processes_end_with_one_that_is_killed(method):
    """They would hold its open files, and with them its locks."""
    code = f"import app.cards.render.prepare as p; p._start = lambda: p.multiprocessing.get_context({method!r})"
    done = subprocess.run(
        [sys.executable, "-c", code + KILLED], stdout=subprocess.PIPE, text=True, cwd=ROOT, timeout=60
    )
    processes = [Path(f"/proc/{pid}") for pid in done.stdout.split()]
    assert len(processes) == 2
    deadline = time.monotonic() + 20
    while any(one.exists() for one in processes):
        assert time.monotonic() < deadline
        time.sleep(0.05)
