"""The last lines of a card are its metadata."""

from datetime import date

import pytest

from app.cards.file.blocks import read
from app.cards.file.metadata import OF_A_CARD, Metadata, key_point_sources, take_metadata


def take(text: str, known: tuple[str, ...] = OF_A_CARD) -> tuple[int, Metadata, list[int]]:
    """How many blocks are left, the metadata, and the lines of its mistakes."""
    kept, metadata, mistakes = take_metadata("d/a.md", read(text).blocks, known)
    return len(kept), metadata, [mistake.line for mistake in mistakes]


def test_all_last_paragraphs_of_metadata_are_taken():
    text = "Answer.\n\nLevel: hard\nSource: a-1, a-2,\n b-1\n\nTags: one, two words\nDraft: yes\n"
    sources = [("a-1", 4), ("a-2", 4), ("b-1", 4)]
    assert take(text) == (1, Metadata("hard", sources, ["one", "two words"], is_draft=True, line=3), [])


def test_a_repeated_value_counts_once():
    assert take("A.\n\nSource: a, a\nTags: t, t")[1] == Metadata(None, [("a", 3)], ["t"], line=3)


@pytest.mark.parametrize(
    ("text", "left", "lines"),
    [
        ("A.\n\nLevel: hard and more words\n", 1, [3]),
        ("A.\n\nLevel: hard\n\nMore.", 3, [3]),
        ("A.\nLevel: hard", 1, [2]),
        ("A.\n\nlevel: hard", 1, [3]),
        ("A.\n\nLevel: hard\nLevel: easy", 1, [4]),
        ("A.\n\nTags: One", 1, [3]),
        ("A.\n\nSource: a,, b", 1, [3]),
        ("A.\n\nA level: hard", 2, []),
    ],
)
def test_what_is_misplaced_or_malformed_has_a_line(text, left, lines):
    blocks, _metadata, found = take(text)
    assert (blocks, found) == (left, lines)


def test_a_topic_has_sources_alone():
    assert take("A.\n\nSource: a\nLevel: hard", ("Source",))[2] == [4]


def test_the_sources_of_key_points_are_taken_off_their_ends():
    kept, sources = key_point_sources(read("- One (Source: a-1, a-2).\n- Two\n  on two lines. Source: b\n").blocks)
    assert sources == [("a-1", 1), ("a-2", 1), ("b", 3)]
    assert [token.content for token in kept[0].tokens if token.type == "inline"] == ["One", "Two\non two lines."]


def test_a_correction_has_a_day_and_a_sentence():
    _, found, _ = take_metadata(
        "a.md", read("A.\n\nCorrected: 2026-11-27 Bounded, not the gradient.").blocks, OF_A_CARD
    )
    assert found.corrected == (date(2026, 11, 27), "Bounded, not the gradient.")
