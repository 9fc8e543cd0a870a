"""recur format writes missing ids, and touches nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.check.format import format_content, with_ids
from app.cards.file.files import decode
from app.cards.file.parse import parse
from tests.examples import examples

TEXT = """\
---
title: T
---
## Key points
- a\x20\x20

##   Why *so* in C#?  \t
A.\x20\x20

## Named {#named}
B.
```
## no card
```

## Closed ##  \nC.

## Why, so in C#?
D."""
EXPECTED = (
    TEXT.replace("Why *so* in C#?  \t", "Why *so* in C#? {#why-so-in-c}  \t")
    .replace("## Closed ##  ", "## Closed {#closed} ##  ")
    .replace("Why, so in C#?", "Why, so in C#? {#why-so-in-c-2}")
)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_only_the_headings_change(newline, mark, content, write):
    full = write("d/a.md", mark + TEXT.replace("\n", newline).encode())
    done = format_content(content)
    assert done.mistakes == []
    assert [name for _path, _line, name in done.written] == ["why-so-in-c", "closed", "why-so-in-c-2"]
    assert full.read_bytes() == mark + EXPECTED.replace("\n", newline).encode()
    again = format_content(content)
    assert again.written == []
    assert full.read_bytes() == mark + EXPECTED.replace("\n", newline).encode()


def test_ids_are_unique_in_the_deck_and_stated_ones_win(content, write, topic):
    write("d/a.md", topic("## Why?\nA."))
    write("d/b.md", topic("## Else {#why}\nB."))
    write("e/c.md", topic("## Why?\nC."))
    done = format_content(content)
    assert done.written == [("d/a.md", 7, "why-2"), ("e/c.md", 7, "why")]


def test_files_with_mistakes_are_named_and_left_alone(content, write, topic):
    bad = write("d/a.md", topic("## Why?\n```\nA."))
    binary = write("d/b.md", b"\xff\xfe\0\0")
    write("d/c.md", topic("## Good?\nA."))
    before = bad.read_bytes(), binary.read_bytes()
    done = format_content(content)
    assert [name for _path, _line, name in done.written] == ["good"]
    assert [mistake.path for mistake in done.mistakes] == ["d/a.md", "d/b.md"]
    assert (bad.read_bytes(), binary.read_bytes()) == before


def test_permissions_and_links_stay(content, write, topic, tmp_path):
    elsewhere = content / "d" / "kept" / "elsewhere.md"
    elsewhere.parent.mkdir()
    elsewhere.write_text(topic("## Why?\nA."))
    elsewhere.chmod(0o640)
    (content / "d" / "a.md").symlink_to(elsewhere)
    format_content(content)
    assert (content / "d" / "a.md").is_symlink()
    assert "{#why}" in elsewhere.read_text()
    assert elsewhere.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.glob("**/.*")) == []


HEADING = st.lists(st.sampled_from([*"ab#`*$\\{}[]()?! \t", "é", "``", " #"]), max_size=10).map("".join)


@examples(300)
@given(st.lists(HEADING, min_size=1, max_size=3), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_written_id_is_read_back_and_taking_it_out_gives_the_file_back(headings, newline):
    text = newline.join(["---", "title: T", "---", *(f"## {heading}{newline}A.{newline}" for heading in headings)])
    data = text.encode()
    parsed = parse("d/a.md", decode(data))
    if parsed.mistakes:
        return
    ids = {card.line: f"id-{card.line}" for card in parsed.cards if not card.is_named}
    written = with_ids(data, ids)
    assert re.sub(rb" \{#id-\d+\}", b"", written) == data
    again = parse("d/a.md", decode(written))
    assert again.mistakes == []
    assert {card.line: card.name for card in again.cards if card.line in ids} == ids
    assert [card.question for card in again.cards] == [card.question for card in parsed.cards]
