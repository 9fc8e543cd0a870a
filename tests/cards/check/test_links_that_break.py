"""A link that breaks because its target goes is named in its own file, though that file did not change."""

from datetime import UTC, datetime

import pytest

from app.cards.check.check import check
from app.cards.load.load import load

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
LINKING = "## Links? {#links}\nSee [it](card:target)."
TARGET = "## Target? {#target}\nThe answer."


@pytest.fixture
def reload(database, content, find_demo):
    """Load the content; gives the mistakes' places, which a check must name too."""

    def reload() -> list[tuple[str, int]]:
        found = [(one.path, one.line) for one in load(database, content, NOW, find_demo).mistakes]
        assert found == [(one.path, one.line) for one in check(content, find_demo)]
        return found

    return reload


@pytest.mark.parametrize(
    ("before", "card", "line"),
    [("", LINKING, 8), ("See [it](card:d/target).", "## Q {#q}\nA.", 5), ("## Key points\n- [it](card:target)", "", 6)],
    ids=["a card's", "an explanation's", "a key point's"],
)
def test_it_is_named_when_the_target_goes_and_forgotten_when_it_is_back(before, card, line, reload, write, topic):
    write("d/a.md", topic(card, before=before))
    write("d/b.md", topic(TARGET, "## Other? {#other}\nB.", title="B"))
    assert reload() == []
    write("d/b.md", topic("## Other? {#other}\nB.", title="B"))
    assert reload() == [("d/a.md", line)]
    assert reload() == [("d/a.md", line)]
    write("d/b.md", topic("## Other? {#other}\nB.", TARGET, title="B"))
    assert reload() == []


def test_a_new_id_a_draft_and_a_removed_file_break_links_too(reload, write, topic, content):
    write("d/a.md", topic(LINKING))
    write("e/c.md", topic("## C? {#c}\nSee [it](card:d/target) and [them](../d/b.md).", title="C"))
    both = [("d/a.md", 8), ("e/c.md", 8)]
    for broken in (TARGET.replace("#target", "#tarjet"), TARGET + "\n\nDraft: yes"):
        write("d/b.md", topic(TARGET, title="B"))
        assert reload() == []
        write("d/b.md", topic(broken, title="B"))
        assert reload() == both
    write("d/b.md", topic(TARGET, title="B"))
    assert reload() == []
    (content / "d" / "b.md").unlink()
    assert reload() == [*both, ("e/c.md", 8)]


def test_a_card_that_moves_to_another_file_breaks_nothing(reload, write, topic):
    write("d/a.md", topic(LINKING))
    write("d/b.md", topic(TARGET, title="B"))
    write("d/c.md", topic(title="C"))
    assert reload() == []
    write("d/b.md", topic(title="B"))
    write("d/c.md", topic(TARGET, title="C"))
    assert reload() == []


def test_both_in_one_file(reload, write, topic):
    write("d/a.md", topic(LINKING, TARGET))
    assert reload() == []
    write("d/a.md", topic(LINKING))
    assert reload() == [("d/a.md", 8)]
    write("d/a.md", topic(LINKING, TARGET))
    assert reload() == []
