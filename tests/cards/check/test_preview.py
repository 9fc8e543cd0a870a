"""The preview of one file: its cards as they will look, and every mistake in it."""

import pytest

from app.cards.check.check_cache import CheckCache
from app.cards.check.preview import content_file, preview


@pytest.fixture
def shown(content, write, topic, find_demo):
    """The preview of a file with a card, a draft, and a card that links to nowhere."""
    one, two = "## One? {#one}\nA $x$.", "## Two? {#two}\nB $.\n\nDraft: yes"
    write("d/a.md", topic(one, two, "## Three? {#three}\nSee [it](card:nowhere)."))
    write("d/b.md", topic("## Four? {#four}\n$.", title="B"))
    opened = content_file(content, "d/a.md")
    assert opened is not None
    return preview(content, opened, CheckCache(), find_demo)


def test_cards_and_drafts_are_shown_in_order(shown):
    assert [card.name for card in shown.cards] == ["one", "two", "three"]
    assert "<math" in shown.card("one").html.short_html
    assert shown.card("nowhere") is None


def test_its_mistakes_are_those_of_a_check_each_at_its_card(shown):
    assert [mistake.line for mistake in shown.mistakes] == [11, 16]
    assert [[mistake.line for mistake in shown.mistakes_of(card)] for card in shown.cards] == [[], [11], [16]]


def test_a_file_has_another_digest_after_each_change(content, write):
    digests = set()
    for data in (b"## a", b"## b", b"\0", b"## a" * 1_000_000):
        write("d/a.md", data)
        opened = content_file(content, "d/a.md")
        assert opened is not None
        digests.add(opened.digest)
    assert len(digests) == 4


@pytest.mark.parametrize("path", ["d/none.md", "../secret.md", "sources.yaml"])
def test_other_files_are_not_previewed(content, write, path):
    write("d/a.md", "text")
    assert content_file(content, path) is None
    assert content_file(content / "nowhere", "d/a.md") is None
