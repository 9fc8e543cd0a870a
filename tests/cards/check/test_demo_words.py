"""The demos' Markdown files are right; and each mistake that one could make there is named with its line."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.cards.check.demo_words import demo_words_mistakes
from app.demos.gru_gates import DEMO
from app.demos.registry import all_demos


def test_the_words_of_all_demos_are_right() -> None:
    assert demo_words_mistakes() == []


def test_every_demo_is_a_pair_of_files() -> None:
    folder = Path(DEMO.file).parent
    assert {path.stem for path in folder.glob("*.md")} == {Path(demo.file).stem for demo in all_demos().values()}


def mistakes_after(tmp_path: Path, old: str, new: str) -> list[tuple[int, str]]:
    text = DEMO.path.read_text()
    assert text.count(old) == 1
    (tmp_path / "gru_gates.md").write_text(text.replace(old, new))
    shutil.copyfile(DEMO.file, tmp_path / "gru_gates.py")
    demo = replace(DEMO, file=str(tmp_path / "gru_gates.py"))
    found = demo_words_mistakes({**all_demos(), demo.name: demo})
    assert all(Path(mistake.path) == demo.path for mistake in found)
    return [(mistake.line, mistake.message) for mistake in found]


NEXT = "## Next\n- [On](demo:lstm-gate)\n\n## Sources"


RENEWS, SUMMARY = "](?convention=renews):", DEMO.summary


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("title: GRU gates\n", "", 1, "the front matter needs title: …"),
        ("idea: Gates", "idea: Gate", 1, "the idea must be one of The recurrence, Learning, Gates"),
        (
            "knobs: update_bias",
            "knobs: updat_bias",
            4,
            "knobs: updat_bias is not a parameter. Did you mean 'update_bias'?",
        ),
        ("idea: Gates", "author: me", 3, "the front matter has title: …, idea: …, knobs: …, not 'author: me'"),
        ("---\ntitle", "title", 1, "the file must begin with front matter"),
        (
            "The update gate mixes the old state with a candidate; the reset gate sets how much of the past "
            "the candidate sees.",
            "",
            1,
            "a summary",
        ),
        (
            "## Try this",
            "## Try that",
            15,
            "the sections are Tour, Try this, Sources, Next, Keras, PyTorch, each once, not 'Try that'",
        ),
        (
            "](?convention=renews):",
            "](?convention=renew):",
            16,
            "convention is 'renew', but must be one of keeps, renews.",
        ),
        ("&update_bias=-1", "&update_bias=-30", 17, "update_bias is '-30', but must be a number from −10 to 10."),
        (
            "?update=renew&reset=open&x=1,0,0,0,0,0):",
            "?updat=renew&reset=open&x=1,0,0,0,0,0):",
            18,
            "updat is not a parameter of gru-gates. The nearest is update.",
        ),
        (RENEWS, "](?convention=renews#h_last=0.5):", 16, "demo gru-gates: h_last=0.5 is stated, but"),
        (
            "](?convention=renews):",
            "](?convention=renews#h_lost=0):",
            16,
            "computes no number 'h_lost'. Did you mean 'h_last'?",
        ),
        ("- [Always", "[Always", 18, "under 'Try this' each line is - [label](?parameter=value): what to notice"),
        (RENEWS, "](convention=renews):", 1, "must have three or five states to try; here are 2"),
        (r"write $z$ for", r"write $\zed$ for", 16, r"formula $\zed$: "),
        ("## Sources", NEXT, 21, "there is no demo 'lstm-gate'. Did you mean 'lstm-gates'?"),
        ("- [Renew](", "[Renew](", 9, "under 'Tour' each line is - [title](?parameter=value#number=1.5)"),
        ("- [Renew](", "[Renew](", 1, "a section '## Tour' must have 5 steps; here are 4"),
        ("The pulse shuts", "At 0.3 the pulse shuts", 9, "the number 0.3 must be computed: state it in the link"),
        ("#h6=0.0274", "#h6=0.05", 12, "demo gru-gates: h6=0.05 is stated, but"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    found = mistakes_after(tmp_path, old, new)
    assert any(at == line and says in message for at, message in found), found


def test_a_number_that_a_link_states_may_be_right(tmp_path: Path) -> None:
    right = f"#z1={DEMO.result('convention=renews').numbers['z1']:.3f}):"
    assert mistakes_after(tmp_path, RENEWS, f"](?convention=renews{right}") == []
