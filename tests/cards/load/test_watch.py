"""Saved files are in the database soon after, whatever went wrong before."""

import threading
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from app.cards.check.check import check_content
from app.cards.check.demo_links import demo_mistakes, is_of_one_draw, settle
from app.cards.load.load import LoadReport
from app.cards.load.watch import ContentWatch
from app.demos.machine.draws import Kept
from app.models import Card, ContentFile
from tests.eventually import PATIENCE, eventually


@pytest.fixture
def answer(database):
    def answer(name: str) -> str | None:
        with database.read() as session:
            card = session.exec(select(Card).where(Card.name == name)).first()
            return card.short_html if card else None

    return answer


@pytest.fixture
def mistakes(database):
    def mistakes() -> int:
        with database.read() as session:
            return sum(len(found) for found in session.exec(select(ContentFile.mistakes)).all())

    return mistakes


def clock() -> datetime:
    return datetime.now(UTC)


def test_a_saved_file_is_picked_up_and_a_broken_one_healed(database, content, write, topic, answer, mistakes):
    write("d/a.md", topic("## Q {#q}\nOne."))
    with ContentWatch(database, content, clock):
        eventually(lambda: answer("q") == "<p>One.</p>")
        write("d/a.md", topic("## Q {#q}\nTwo."))
        eventually(lambda: answer("q") == "<p>Two.</p>")
        write("d/a.md", topic("## Q {#q}\n$."))
        eventually(lambda: mistakes() == 1)
        assert answer("q") == "<p>Two.</p>"
        # As editors save: a new file, moved over the old one.
        write("d/.a.md.new", topic("## Q {#q}\nThree.")).rename(content / "d" / "a.md")
        eventually(lambda: answer("q") == "<p>Three.</p>")
        write("e/new.md", topic("## In a new folder {#new}\nHere."))
        eventually(lambda: answer("new") == "<p>Here.</p>")


def test_it_outlives_failures(database, content, write, topic, answer, caplog):
    failures = iter([RuntimeError("no clock"), RuntimeError("still none")])

    def failing() -> datetime:
        for failure in failures:
            raise failure
        return clock()

    write("d/a.md", topic("## Q {#q}\nOne."))
    loads: list[LoadReport | None] = []
    with ContentWatch(database, content, failing, loads.append):
        eventually(lambda: answer("q") == "<p>One.</p>")
    assert loads[0] is None
    assert "no clock" in caplog.text
    assert "still none" in caplog.text


def test_it_waits_for_a_folder_that_is_not_there(database, content, write, topic, answer, caplog):
    content.rename(content.with_name("elsewhere"))
    with ContentWatch(database, content, clock):
        eventually(lambda: f"Watching {content} failed; trying again." in caplog.text)
        content.with_name("elsewhere").rename(content)
        write("d/a.md", topic("## Q {#q}\nOne."))
        eventually(lambda: answer("q") == "<p>One.</p>")


def test_it_says_what_it_loaded_and_ends(database, content, write, topic):
    reports: list[LoadReport | None] = []
    write("d/a.md", topic("## Q {#q}\nOne."))
    watch = ContentWatch(database, content, clock, on_load=reports.append)
    watch.start()
    eventually(lambda: bool(reports))
    assert watches()
    watch.stop()
    watch.stop()
    assert reports[0] is not None
    assert reports[0].added == 1
    assert not watches()
    assert len(reports) == 1


def watches() -> bool:
    """True if a thread is there that could load what is saved."""
    return "content watch" in {thread.name for thread in threading.enumerate()}


def test_a_saved_card_is_live_before_its_numbers_over_draws_are_known(
    database, content, write, topic, answer, mistakes, monkeypatch, tmp_path
):
    """They are computed beside it; then the file is judged, and a wrong number is named."""
    monkeypatch.setattr("app.demos.machine.draws.KEPT", memory := Kept(tmp_path / "draws"))
    monkeypatch.setattr("app.cards.check.demo_links.KEPT", memory)
    demo_mistakes.cache_clear()
    is_of_one_draw.cache_clear()
    may_go_on = threading.Event()

    def slow(*given):
        may_go_on.wait(PATIENCE)
        return settle(*given)

    monkeypatch.setattr("app.cards.load.watch.settle", slow)
    claim = "[Draws](demo:gradient-flow?steps=10&gain=1&phi=relu&input=1&seed=0..39#median:ratio={})"
    write("d/a.md", topic("## Q {#q}\nOne.\n\n" + claim.format("0.077")))
    reports: list[LoadReport] = []

    def keep(report: LoadReport | None) -> None:
        assert report is not None
        reports.append(report)

    with ContentWatch(database, content, clock, keep):
        eventually(lambda: answer("q") == "<p>One.</p>")
        assert [(one.path, one.line) for one in reports[-1].pending] == [("d/a.md", 10)]
        assert check_content(content, waits=False).pending
        write("d/a.md", topic("## Q {#q}\nTwo.\n\n" + claim.format("0.077")))
        eventually(lambda: answer("q") == "<p>Two.</p>")
        assert mistakes() == 0
        may_go_on.set()
        eventually(lambda: mistakes() == 1)
        write("d/a.md", topic("## Q {#q}\nThree.\n\n" + claim.format("0.0502")))
        eventually(lambda: answer("q") == "<p>Three.</p>")
        assert (mistakes(), reports[-1].pending) == (0, ())


def test_a_link_is_watched_where_it_leads(database, content, write, topic, answer):
    """As a file or a deck of another folder, as one made later, and as one that is switched at once to another."""
    write(".first/d/q.md", topic("## Q {#q}\nOne."))
    write(".second/d/q.md", topic("## Q {#q}\nAnother."))
    write(".first/r.md", topic("## R {#r}\nOne."))
    (content / "d" / "r.md").symlink_to("../.first/r.md")
    with ContentWatch(database, content, clock):
        eventually(lambda: answer("r") == "<p>One.</p>")
        (content / ".now").symlink_to(".first")
        (content / "e").symlink_to(".now/d")
        eventually(lambda: answer("q") == "<p>One.</p>")
        write(".first/r.md", topic("## R {#r}\nTwo."))
        write(".first/d/q.md", topic("## Q {#q}\nTwo."))
        eventually(lambda: (answer("r"), answer("q")) == ("<p>Two.</p>", "<p>Two.</p>"))
        (content / ".next").symlink_to(".second")
        (content / ".next").replace(content / ".now")
        eventually(lambda: answer("q") == "<p>Another.</p>")
        write(".second/d/q.md", topic("## Q {#q}\nThe last."))
        eventually(lambda: answer("q") == "<p>The last.</p>")


def test_a_content_folder_that_is_a_link_may_be_switched(database, content, write, topic, answer, tmp_path):
    write("d/a.md", topic("## Q {#q}\nOne."))
    link = tmp_path / "current"
    link.symlink_to(content)
    other = tmp_path / "release-2"
    (other / "d").mkdir(parents=True)
    (other / "d" / "a.md").write_text(topic("## Q {#q}\nTwo."))
    with ContentWatch(database, link, clock):
        eventually(lambda: answer("q") == "<p>One.</p>")
        (tmp_path / "next").symlink_to(other)
        (tmp_path / "next").replace(link)
        eventually(lambda: answer("q") == "<p>Two.</p>")
        (other / "d" / "a.md").write_text(topic("## Q {#q}\nThree."))
        eventually(lambda: answer("q") == "<p>Three.</p>")
