"""Pages of questions in the layouts that people paste and publish."""

from pathlib import Path

import pytest

from app.cards.check.check import examine
from app.exchange.imports.draft import Draft, Reading, Skipped
from app.exchange.imports.from_flashcards import claims_flashcards, read_flashcards
from app.exchange.imports.from_markdown import read_markdown
from app.exchange.imports.from_questions import claims_questions, read_questions
from app.exchange.imports.from_theory import claims_theory, read_theory
from app.exchange.imports.import_cards import import_cards

THEORY = """

Trees in questions

Q1: What is a *leaf*?

Answer

A node without children:

- it ends a path,
 - every path,
- it holds a value.

Source: trees.example.org

Q2: Why balance a tree?

Problem

What does it cost?

Answer

So that no path is long; $O(\\log n)$ per insert.

Source: forest.example.org

Q3: What is pruning?
"""

FLASHCARDS = """Lecture 3 Flashcards

Trees and forests

1
Q

Tree

A

A graph
without cycles.

How well did you know this?
1
Not at all
2
3
4
5
Perfectly
2
Q

Forest

A
  • Many trees, each
    on its own bootstrap sample
  • Votes
How well did you know this?
1
Not at all
2
3
4
5
Perfectly
an advertisement
3
Q

Tree

A

Parameters: 2
Example:
3
4
Q

What is left over?

A
"""

METHOD = """Decision trees

Preview

User ask:
give me two questions

ChatGPT answer:
  1. What is a split?
  2. When does one stop?

Explain

User ask:
Explain trees

ChatGPT answer:

A tree asks one thing at a time.

It costs $5 nothing.

Keypoint

  1. Trees split.

  2. Trees
overfit.

Review

  1. How is a split chosen?

Answer: By the purity gained:
  1. try each feature,
  2. keep the best.

  1. What is entropy?

Answer: A measure of disorder.
"""

PAGE = """---
html_meta:
  "keywords": "trees"
---

(trees)=
## Trees

```{warning}
Unfinished.
```

A tree splits. See {ref}`the forest <forest>` and {math}`x_1`.

```{figure} ../tree.PNG
---
name: tree
---
A tree with *two* leaves
```

### Kinds of tree

- binary

:::{admonition} Mind
the depth
:::

### Training:

Greedy.

#### How to stop

```{code-block} python
# no heading
stop = True
```

See [the book][book] and [notes](notes.md).

### Pruning

[book]: https://books.example.org/trees
"""

OWN = """---
title: Trees
order: 10
---
An explanation.

## Key points
- Trees split.

## What is a leaf? {#leaf}
A node without children.

### In more words
It ends a path.

Level: easy
Tags: trees, nodes
Source: book-1
"""


def drafts(reading: Reading) -> list[Draft]:
    return [item for item in reading.items if isinstance(item, Draft)]


def parts(text: str, read) -> tuple[list[Draft], list[Skipped], Reading]:
    reading = read(text)
    items = list(reading.items)
    return (
        [item for item in items if isinstance(item, Draft)],
        [item for item in items if isinstance(item, Skipped)],
        reading,
    )


def test_theory():
    cards, skipped, reading = parts(THEORY, read_theory)
    assert reading.title == "Trees in questions"
    assert [(card.where, card.question) for card in cards] == [
        ("line 5", "What is a *leaf*?"),
        ("line 17", "Why balance a tree?\n\n\nWhat does it cost?"),
        ("line 29", "What is pruning?"),
    ]
    assert cards[0].answer.startswith("A node without children:\n\n- it ends a path,\n  - every path,\n- it holds")
    assert cards[0].answer.endswith("\n\nSource: trees.example.org")
    assert cards[2].answer == ""
    assert skipped == []


def test_flashcards():
    cards, skipped, reading = parts(FLASHCARDS, read_flashcards)
    assert (reading.title, reading.explanation) == ("Lecture 3 Flashcards", "Trees and forests")
    assert [(card.where, card.question, card.answer) for card in cards] == [
        ("line 5", "Tree", "A graph\nwithout cycles."),
        ("line 23", "Forest", "- Many trees, each\non its own bootstrap sample\n- Votes"),
        ("line 41", "Tree", "Parameters: 2\nExample:\n3"),
        ("line 51", "What is left over?", ""),
    ]
    assert skipped == [Skipped("line 40", "stands between a card's rating and the next card")]


def test_the_four_parts_of_a_study_page():
    cards, skipped, reading = parts(METHOD, read_questions)
    assert reading.title == "Decision trees"
    assert reading.explanation == "A tree asks one thing at a time.\n\nIt costs $5 nothing."
    assert reading.key_points == "- Trees split.\n- Trees overfit."
    assert [(card.question, card.answer) for card in cards] == [
        ("What is a split?", ""),
        ("When does one stop?", ""),
        ("How is a split chosen?", "By the purity gained:\n  1. try each feature,\n  2. keep the best."),
        ("What is entropy?", "A measure of disorder."),
    ]
    assert [item.where for item in skipped] == ["lines 5–8", "lines 14–17"]


def test_a_plain_list_of_questions():
    text = "1. What?\n\nAnswer: This.\nAnd that.\n2) Why is it so\nand not otherwise?\nAnswer: Because.\n"
    cards, skipped, _reading = parts(text, read_questions)
    assert [(card.where, card.question, card.answer) for card in cards] == [
        ("line 1", "What?", "This.\nAnd that."),
        ("line 5", "Why is it so\nand not otherwise?", "Because."),
    ]
    assert skipped == []


def test_a_myst_page_by_heading():
    cards, skipped, reading = parts(PAGE, read_markdown)
    assert reading.title == "Trees"
    assert "> **Warning**\n>\n> Unfinished." in reading.explanation
    assert "See the forest and $x_1$." in reading.explanation
    assert "A tree with *two* leaves" in reading.explanation
    assert [(card.where, card.question) for card in cards] == [
        ("line 22", "Kinds of tree"),
        ("line 30", "Training:"),
        ("line 34", "Training: How to stop"),
        ("line 43", "Pruning"),
    ]
    assert "> **Mind**\n>\n> the depth" in cards[0].answer
    assert "```python\n# no heading\nstop = True\n```" in cards[2].answer
    assert "[the book](https://books.example.org/trees)" in cards[2].answer
    assert cards[3].answer == ""
    assert skipped == [Skipped("line 15", "the picture ../tree.PNG is left out, its caption kept")]


def test_a_page_of_recurs_own_keeps_its_cards_whole():
    cards, skipped, reading = parts(OWN, read_markdown)
    assert (reading.title, reading.explanation, reading.key_points) == ("Trees", "An explanation.", "- Trees split.")
    assert cards == [
        Draft(
            "line 10",
            "What is a leaf?",
            "A node without children.\n\n### In more words\nIt ends a path.",
            ("trees", "nodes"),
            "easy",
            ("book-1",),
            "leaf",
        )
    ]
    assert skipped == []


@pytest.mark.parametrize("text", [THEORY, FLASHCARDS, METHOD, PAGE, OWN])
def test_each_layout_is_claimed_by_its_reader_and_not_by_those_before_it(text):
    claims = [claims_flashcards(text), claims_theory(text), claims_questions(text)]
    assert claims == [text is FLASHCARDS, text is THEORY, text is METHOD]


@pytest.mark.parametrize(
    ("name", "text", "kind", "cards", "unanswered"),
    [
        ("a.txt", THEORY, "theory", 2, 1),
        ("b.txt", FLASHCARDS, "flashcards", 3, 1),
        ("c.txt", METHOD, "questions", 2, 2),
        ("d.txt", PAGE, "markdown", 3, 1),
        ("e.md", OWN, "markdown", 1, 0),
    ],
)
def test_every_layout_becomes_content_without_a_mistake(tmp_path, name, text, kind, cards, unanswered):
    content = tmp_path / "content"
    content.mkdir()
    source = tmp_path / name
    source.write_text(text.replace("\n", "\r\n"), encoding="utf-8-sig", newline="")
    found, done = import_cards(source, content, "d")
    checked = examine(content)
    assert found.name == kind
    assert (done.cards, done.drafts) == (cards, unanswered) == (checked.cards, checked.drafts)
    assert [str(one) for one in checked.mistakes] == []
    assert done.files == [content / "d" / f"{Path(name).stem}.md"]


def test_the_same_question_twice_gets_two_ids(tmp_path):
    (tmp_path / "b.txt").write_text(FLASHCARDS)
    _kind, done = import_cards(tmp_path / "b.txt", tmp_path, "d")
    text = done.files[0].read_text()
    assert "## Tree {#tree}\n" in text
    assert "## Tree {#tree-2}\n" in text


def test_front_matter_that_is_not_yaml_is_told():
    _cards, skipped, _reading = parts("---\n[: x\n---\n# A\na\n# B\nb\n", read_markdown)
    assert len(skipped) == 1
    assert skipped[0].why.startswith("the front matter: not valid YAML")
