"""A way through the demos, from one neuron that remembers to attention that needs no recurrence."""

from collections.abc import Mapping
from typing import Any

from app.demos.machine.demo import Demo
from app.demos.registry import all_demos

# Each with the question that leads to it.
PATH = (
    ("unrolled-rnn", "What is a recurrent network, number by number?"),
    ("sequence-shapes", "Which steps read, and which write?"),
    ("layer-shapes", "What shapes flow through it, and how many weights does it have?"),
    ("bptt", "How does it learn over time?"),
    ("gradient-flow", "What is left of a gradient after fifty steps?"),
    ("gradient-clipping", "What if the gradient explodes?"),
    ("training-symptoms", "What does training look like when it goes wrong?"),
    ("lstm-gates", "What if the state had gates?"),
    ("gru-gates", "Are two gates enough?"),
    ("long-memory", "Which cell learns to remember?"),
    ("encoder-decoder", "What if it must hear the whole sentence before it speaks?"),
    ("attention", "What if it could look back at every word?"),
    ("self-attention", "What if nothing recurred at all?"),
)


def path() -> list[tuple[Demo[Any], str]]:
    """The demos of the path that there are, each with its question."""
    demos = all_demos()
    return [(demos[name], question) for name, question in PATH if name in demos]


def neighbours(demo: Demo[Any]) -> list[tuple[Demo[Any], str]]:
    """Where to go on from a demo: what its Markdown says, or the next on the path, or the next of its idea."""
    demos: Mapping[str, Demo[Any]] = all_demos()
    found = [(demos[name], words) for name, words in demo.words.next if name in demos]
    if found:
        return found
    way = path()
    here = next((index for index, (one, _) in enumerate(way) if one.name == demo.name), None)
    if here is not None and here + 1 < len(way):
        return [way[here + 1]]
    same = [one for one in demos.values() if one.idea == demo.idea]
    after = same[(same.index(demo) + 1) % len(same)]
    return [(after, after.summary)] if after is not demo else []
