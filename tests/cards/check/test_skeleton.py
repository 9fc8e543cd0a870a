"""recur new writes skeletons that pass the check, and overwrites nothing."""

import re

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from app.cards.check.check import check_content
from app.cards.check.skeleton import NewError, new_card, new_topic
from tests.examples import examples

STRAIGHT = str.maketrans("‘’“”", "''\"\"")


def test_a_new_topic_is_a_draft_that_passes_and_comes_last(content, write, topic):
    write("d/a.md", topic("## Q {#q}\nA.", order=40))
    written = new_topic(content, "Gated units", None)
    assert (written.path, written.line) == ("d/gated-units.md", 10)
    lines = (content / written.path).read_text().splitlines()
    assert lines[1:3] == ["title: Gated units", "order: 50"]
    assert lines[9] == "## What is the first question on Gated units? {#what-is-the-first-question-on-gated-units}"
    checked = check_content(content)
    assert checked.mistakes == []
    assert checked.files[1].is_draft


def test_a_new_card_stands_at_the_end_and_what_was_there_stays(content, write, topic):
    before = topic("## Q {#q}\nA.")
    write("d/a.md", before)
    first = new_card(content, "Why  so?", "a", None)
    second = new_card(content, "Why so?", "a.md", "d")
    assert (first.name, second.name) == ("why-so", "why-so-2")
    text = (content / "d/a.md").read_text()
    assert text.startswith(before)
    for written in (first, second):
        assert text.splitlines()[written.line - 1] == f"## Why so? {{#{written.name}}}"
    checked = check_content(content)
    assert (checked.mistakes, checked.cards, checked.drafts) == ([], 1, 2)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\n\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_any_end_of_a_file_is_continued(end, newline, content, write):
    before = ("---\ntitle: T\n---\n## Q {#q}\nA.\n\nLevel: easy" + end).replace("\n", newline).encode()
    full = write("d/a.md", before)
    written = new_card(content, "Why?", "a", None)
    data = full.read_bytes()
    assert data.startswith(before)
    assert data.count(b"\n") == data.count(newline.encode())
    assert data.decode().splitlines()[written.line - 1] == "## Why? {#why}"
    assert check_content(content).mistakes == []


def test_nothing_is_overwritten(content, write, topic):
    write("d/gated-units.md", "## mine")
    with pytest.raises(NewError, match=r"d/gated-units\.md already exists"):
        new_topic(content, "Gated units", None)
    assert (content / "d/gated-units.md").read_text() == "## mine"


def test_a_file_with_mistakes_is_left_alone(content, write):
    text = "---\ntitle: T\n---\n## Q {#q}\nA\n\n```python\nx\n"
    write("d/a.md", text)
    with pytest.raises(NewError, match="fix them first") as refused:
        new_card(content, "Why?", "a", None)
    assert [mistake.line for mistake in refused.value.mistakes] == [7]
    assert (content / "d/a.md").read_text() == text


@pytest.mark.parametrize("question", ["", "  ", "A $x", "A {#b} c", "See [x](card:q)?", "![i](x)", "a\0b"])
def test_a_question_that_would_be_a_mistake_is_refused(question, content, write, topic):
    text = topic("## Q {#q}\nA.")
    write("d/a.md", text)
    with pytest.raises(NewError):
        new_card(content, question, "a", None)
    assert (content / "d/a.md").read_text() == text


def test_which_deck_and_which_topic_must_be_clear(content, write, topic):
    write("d/same.md", topic("## Q {#q}\nA."))
    write("e/same.md", topic("## Q {#q}\nA."))
    with pytest.raises(NewError, match="Say which of d, e it goes to: --deck NAME"):
        new_topic(content, "T", None)
    with pytest.raises(NewError, match="2 decks have a topic 'same'"):
        new_card(content, "Why?", "same", None)
    with pytest.raises(NewError, match=r"There is no topic 'sane'\. Did you mean 'same'\?"):
        new_card(content, "Why?", "sane", None)
    with pytest.raises(NewError, match="must be lower-case"):
        new_topic(content, "T", "../x")
    assert new_card(content, "Why?", "same", "e").path == "e/same.md"
    assert new_topic(content, "First of a new deck", "new-deck").path == "new-deck/first-of-a-new-deck.md"
    assert check_content(content).mistakes == []


@example(title="'")
@example(title="\"don't\" ('or do')")
@given(st.text(min_size=1, max_size=80))
@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_give_a_file_that_passes_or_nothing(content, title):
    """A title is shown as it was given, with curved quotes; what cannot be a title or a question leaves no file."""
    for path in (content / "d").iterdir():
        path.unlink()
    try:
        written = new_topic(content, title, "d")
    except NewError:
        assert list((content / "d").iterdir()) == []
        return
    checked = check_content(content)
    assert checked.mistakes == []
    as_given = " ".join(title.split())
    shown = checked.files[0].title.translate(STRAIGHT)
    assert shown in {words.translate(STRAIGHT) for words in (as_given, as_given.replace("-", " ").capitalize())}
    try:
        card = new_card(content, title, written.path.removeprefix("d/"), "d")
    except NewError:
        assert check_content(content).drafts == 1
    else:
        assert re.fullmatch(r"[a-z0-9-]+", card.name)
        assert check_content(content).mistakes == []
        assert check_content(content).drafts == 2
