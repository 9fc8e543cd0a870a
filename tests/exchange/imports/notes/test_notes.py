"""Decks as other programs write them: each is known for what it is, and no word of it is lost."""

import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.check.check import check_content
from app.exchange.imports.draft import Draft, RefusedError
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.notes.hashcards import read_hashcards
from app.exchange.imports.notes.mochi import read_mochi
from app.exchange.imports.notes.obsidian import claims_obsidian, read_obsidian
from app.exchange.imports.notes.org import read_org
from app.exchange.imports.notes.remnote import read_remnote
from app.exchange.imports.write import Imported
from tests.examples import examples

HASHCARDS = """---
name = "Gates"
---

Q: What does a forget gate do?
A: It scales the old state.

- near 0 it forgets
- near 1 it keeps

C: An [LSTM] has [three] gates, see [its page](https://a.example) and \\[this\\].

---

Q: What is
$c_t$?
A: The cell state.
"""
OBSIDIAN = """---
tags: [rnn]
---
#flashcards/rnn

Forget gate::scales the old state
LSTM:::long short-term memory <!--SR:!2026-01-02,3,250-->

What does
a gate do?
?
It scales.
- near 0

GRU
??
two gates

A ==cell state== runs through.

Some prose about std::vector<int> here.

```cpp
std::cout::x
```
"""
REMNOTE = """- Gates
    - Forget gate >> scales the old state
    - LSTM :: long short-term memory
        - gates ;; three
    - GRU <> two gates
    - cell << what runs through
    - Which gates? >>>
        - forget
        - input
    - just a remark
"""
MOCHI = {
    "~:version": 2,
    "~:decks": [
        {
            "~:id": "~:d1",
            "~:name": "Gates",
            "~:cards": {
                "~#list": [
                    {"~:id": "~:c1", "~:content": "What is a gate?\n---\nA switch.\n\n---\nMore."},
                    {
                        "~:id": "~:c2",
                        "~:content": "An {{1::LSTM}} has {{2::three}} gates.",
                        "~:tags": {"~#set": ["rnn"]},
                    },
                    {"~:id": "~:c3", "~:content": "# A note alone"},
                ]
            },
        },
        {
            "~:id": "~:d2",
            "~:name": "States",
            "~:cards": [{"id": "c4", "fields": {"a": {"id": "a", "value": "h?"}, "b": {"value": "state"}}}],
        },
    ],
}


def cards(reading) -> list[tuple[str, str]]:
    return [(item.question, item.answer) for item in reading.items if isinstance(item, Draft)]


def mochi(folder: Path, data: object = MOCHI) -> Path:
    with zipfile.ZipFile(folder / "a.mochi", "w") as package:
        package.writestr("data.json", json.dumps(data))
    return folder / "a.mochi"


def imported(path: Path, kind: str) -> tuple[Imported, str]:
    content = path.parent / "content"
    content.mkdir(exist_ok=True)
    found, done = import_cards(path, content, "d")
    assert found.name == kind
    assert [str(one) for one in check_content(content).mistakes] == []
    return done, "\n".join(file.read_text() for file in done.files)


def test_hashcards():
    assert cards(read_hashcards(HASHCARDS)) == [
        ("What does a forget gate do?", "It scales the old state.\n\n- near 0 it forgets\n- near 1 it keeps"),
        (f"An […] has three gates, {LINK}", f"An **LSTM** has three gates, {LINK}"),
        (f"An LSTM has […] gates, {LINK}", f"An LSTM has **three** gates, {LINK}"),
        ("What is\n$c_t$?", "The cell state."),
    ]
    assert read_hashcards(HASHCARDS).title == "Gates"


LINK = "see [its page](https://a.example) and \\[this\\]."


def test_obsidian():
    assert cards(read_obsidian(OBSIDIAN)) == [
        ("Forget gate", "scales the old state"),
        ("LSTM", "long short-term memory"),
        ("long short-term memory", "LSTM"),
        ("What does\na gate do?", "It scales.\n- near 0"),
        ("GRU", "two gates"),
        ("two gates", "GRU"),
        ("A […] runs through.", "A **cell state** runs through."),
    ]
    assert not claims_obsidian("# A page\n\nUse `std::vector`, or std::map(x).\n")


def test_remnote():
    assert cards(read_remnote(REMNOTE)) == [
        ("Forget gate", "scales the old state"),
        ("LSTM", "long short-term memory"),
        ("LSTM: gates", "three"),
        ("GRU", "two gates"),
        ("two gates", "GRU"),
        ("what runs through", "cell"),
        ("Which gates?", "- forget\n- input"),
    ]


ORG = """#+title: Recurrent nets
#+author: Ada
* TODO What is a *hidden state*? :rnn:basics:
:PROPERTIES:
:ID: 12ab
:END:
SCHEDULED: <2026-11-30 Mon>
A /summary/ of =x_t= so far, with $h_t$ and W_{hh}; see [[https://e.org/a][the page]], [[id:77][that note]].

+ one
+ +two+ _three_
** Answer
A vector.
#+begin_src python :results output
h = 1
,* no heading
#+end_src
* What is a gate?
| gate | range |
|------+-------|
| f    | 0     |

# a comment
#+BEGIN_QUOTE
It forgets.
#+END_QUOTE
"""


def test_org():
    reading = read_org(ORG)
    assert reading.title == "Recurrent nets"
    drafts = [item for item in reading.items if isinstance(item, Draft)]
    assert [(draft.where, draft.question, draft.tags) for draft in drafts] == [
        ("line 3", "What is a **hidden state**?", ("rnn", "basics")),
        ("line 18", "What is a gate?", ()),
    ]
    assert drafts[0].answer == (
        "A *summary* of `x_t` so far, with $h_t$ and W<sub>hh</sub>; see [the page](https://e.org/a), that note.\n\n"
        "- one\n- ~~two~~ <u>three</u>\n\nA vector.\n```python\nh = 1\n* no heading\n```"
    )
    assert drafts[1].answer.split("\n") == [
        *("| gate | range |", "| --- | --- |", "| f    | 0     |", "", "", "", "> It forgets."),
    ]


def test_mochi(tmp_path):
    assert cards(read_mochi(mochi(tmp_path))) == [
        ("What is a gate?", "A switch.\n\nMore."),
        ("An […] has three gates.", "An **LSTM** has three gates."),
        ("An LSTM has […] gates.", "An LSTM has **three** gates."),
        ("# A note alone", ""),
        ("h?", "state"),
    ]
    done, text = imported(tmp_path / "a.mochi", "mochi")
    assert sorted(path.name for path in done.files) == ["a-gates.md", "a-states.md"]
    assert "Tags: rnn" in text
    broken: tuple[object, ...] = ({}, [], {"decks": 1})
    for data in broken:
        with pytest.raises(RefusedError, match="not a Mochi package"):
            read_mochi(mochi(tmp_path, data))
    with zipfile.ZipFile(tmp_path / "a.mochi", "w", zipfile.ZIP_DEFLATED) as package:  # 20 KB that would take 1.6 GB
        package.writestr("data.json", '{"decks":[' + "{}," * 6_000_000 + "{}]}")
    with pytest.raises(RefusedError, match="larger than 16 MB"):
        read_mochi(tmp_path / "a.mochi")
    with zipfile.ZipFile(tmp_path / "a.mochi", "w") as package:
        package.writestr("data.json", '{"decks": []}')
        for number in range(200):  # names of half a gigabyte, were there more of them
            package.writestr(f"{number}{'x' * 60_000}", "")
    with pytest.raises(RefusedError, match="table of contents takes 12,0"):
        read_mochi(tmp_path / "a.mochi")
    (tmp_path / "a.mochi").write_bytes(b"PK\3\4 no zip")
    with pytest.raises(RefusedError, match="not a zip archive"):
        read_mochi(tmp_path / "a.mochi")


@pytest.mark.parametrize(
    ("text", "kind"), [(HASHCARDS, "hashcards"), (OBSIDIAN, "obsidian"), (REMNOTE, "remnote"), (ORG, "org")]
)
def test_each_is_known_and_loses_no_word(tmp_path, text, kind):
    (tmp_path / "a.md").write_text(text)
    done, written = imported(tmp_path / "a.md", kind)
    written += "\n".join(says for _where, says in done.told)
    lost = Counter(re.findall(r"[a-z]+", text.lower())) - Counter(re.findall(r"[a-z]+", written.lower()))
    of_org = {"title", "answer", *("begin", "end", "src", "results", "output", "quote"), "e"}
    assert set(lost) <= {"q", "a", "c", "name", "tags", "flashcards", *of_org}, done.told
    assert not done.is_draft
    _same, text = imported(tmp_path / "a.md", kind)
    assert _same.files == []


LINE = st.tuples(
    st.sampled_from(
        ["", "- ", "    - ", "Q: ", "A: ", "C: ", "> ", "#flashcards ", "```", "* ", "** TODO ", "#+x: ", ": ", "| "]
    ),
    st.lists(st.from_regex("[b-z]{3,7}", fullmatch=True), min_size=1, max_size=3).map(" ".join),
    st.sampled_from(
        [
            "",
            " >> yes",
            "::no",
            " ;; so",
            " <> two",
            "\n?\nthen",
            "\n??",
            " [hid]",
            " ==mark==",
            " <!--SR:!x-->",
            "\n---",
            " :tag:",
            " =code= [[id:a][b]]",
            "\n#+end_src",
            "\n:drawer:",
            "\n",
        ]
    ),
).map("".join)


@examples(60)
@given(
    st.lists(LINE, min_size=1, max_size=10), st.sampled_from([read_hashcards, read_obsidian, read_remnote, read_org])
)
def test_no_word_of_any_notes_is_lost_between_the_lines(lines, read):
    """Every word is in a card, in a sentence, or among the marks of the program."""
    text = "\n".join(lines)
    reading = read(text)
    items = list(reading.items)
    held = "\n".join([*map(str, items), reading.title, reading.explanation, *reading.layout]).replace("\\n", " ")
    lost = Counter(re.findall("[b-z]{3,}", text)) - Counter(re.findall("[b-z]{3,}", held))
    assert not lost
