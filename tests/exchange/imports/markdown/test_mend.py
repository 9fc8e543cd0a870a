"""What a content file would read otherwise is escaped, and what it cannot show is told."""

import pytest

from app.exchange.imports.markdown.mend import mend, mend_question


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("It costs $5, or $6.", r"It costs \$5, or \$6."),
        (r"So \(h_t\) and \[x = 1\].", "So $h_t$ and $$x = 1$$."),
        (r"From \(a\)2 on", "From $a$ 2 on"),
        ("## A heading\n\ntext", "\\## A heading\n\ntext"),
        ("### A small one", "### A small one"),
        ("##Tight\ntext\n  ###tighter", "\\##Tight\ntext\n  \\###tighter"),
        ("one <!-- not\nyet -->two", "one two"),
        ("`<!-- a -->` stays", "`<!-- a -->` stays"),
        ("text\n---\nmore", "text\n\n---\nmore"),
        ("text\n===", "text\n\\==="),
        ("```python\nx = $1\n# no heading", "```python\nx = $1\n# no heading\n```"),
        ("```\na\n```python\nb\n```", "```\na\n```\n```python\nb\n```"),
        ("```nonsuch\na\n```", "```\na\n```"),
        ("~~~\n\ta\n~~~", "~~~\n\ta\n~~~"),
        ("Source: a book", "(Source: a book)"),
        ("text\n\ntags: a", "text\n\ntags\\: a"),
        ("Draft: 3", "Draft\\: 3"),
        ("[see](notes/a.md) it", "see it"),
        ("[see](https://a.org/x_(y)) it", "[see](https://a.org/x_(y)) it"),
        ("![a plot](p.png) of it", "a plot of it"),
        ("`$x` and ``a`b``", "`$x` and ``a`b``"),
        (r"$\frac{1}$ is broken", r"`\frac{1}` is broken"),
        ("a\n\n\n\nb", "a\n\nb"),
    ],
)
def test_what_would_be_read_otherwise_is_escaped(source, becomes):
    assert mend(source, []) == becomes


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (r"\(\nonsuch\)", r"the formula \nonsuch is kept as text: unknown command"),
        ("[see](a.md)", "the link to a.md is left out"),
        ("![](p.png)", "the picture p.png is left out"),
        ("```cobolt\nx\n```", "the language 'cobolt' of a code fence is not known"),
        ("```\nx", "a code fence was never closed"),
    ],
)
def test_what_is_left_out_is_told(source, says):
    told: list[str] = []
    mend(source, told)
    assert any(says in sentence for sentence in told), told


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("What is\n$h_t$?", "What is $h_t$?"),
        ("Is it C #", r"Is it C \#"),
        ("Key points", "Key points:"),
        ("What does {#x} do?", r"What does {\#x} do?"),
        ("What is [this](https://a.org)?", "What is this?"),
        ("One line\\\nand another", "One line and another"),
    ],
)
def test_a_question_is_one_line(source, becomes):
    assert mend_question(source, []) == becomes
