"""Pages of questions in the layouts that people paste and publish."""

from app.exchange.imports.draft import Draft, Reading, Skipped

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


def parts(text: str, read) -> tuple[list[Draft], list[Skipped], Reading]:
    reading = read(text)
    items = list(reading.items)
    return (
        [item for item in items if isinstance(item, Draft)],
        [item for item in items if isinstance(item, Skipped)],
        reading,
    )
