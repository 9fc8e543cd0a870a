"""Markdown becomes blocks and inline tokens with their lines."""

from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from app.cards.file import blocks
from app.cards.file.blocks import RAW, Token, curly, inline_tokens, plain, read, read_inline, said, to_html
from tests.examples import examples

TEXT = """\
First *line*
and [second][there].

## Question
- one
- two $x$

[there]: https://example.org
"""


def test_top_level_blocks_have_their_lines_and_inline_text_is_unread():
    read_text = read(TEXT)
    assert [(block.kind, block.level, block.line, block.end) for block in read_text.blocks] == [
        ("paragraph", 0, 1, 3),
        ("heading", 2, 4, 5),
        ("bullet_list", 0, 5, 8),
    ]
    assert read_text.blocks[0].text == "First *line*\nand [second][there]."
    assert all(token.children in (None, []) for block in read_text.blocks for token in block.tokens)
    assert list(read_text.references) == ["THERE"]


def test_inline_text_is_read_with_lines_and_references():
    read_text = read(TEXT)
    tokens = read_inline(read_text.blocks, read_text.references)
    inline = [(line, [child.type for child in token.children or []]) for token, line in tokens if token.children]
    assert [line for line, _types in inline] == [1, 4, 5, 6]
    assert inline[0][1].count("link_open") == 1
    assert "math_inline" in inline[3][1]


def test_inline_tokens_know_where_they_are():
    text = "a\nb [c](d)"
    (link,) = (token for token in inline_tokens(text, {}) if token.type == "link_open")
    assert text.count("\n", 0, link.meta["at"]) == 1


def test_plain_words_have_no_marks():
    assert plain(inline_tokens("*a*  `b`\n$c_1$ &amp; \\*", {})) == "a b c_1 & *"


def test_a_fence_that_is_never_closed_is_named_on_its_first_line():
    (mistake,) = read("text\n\n~~~python\nx\n").mistakes
    assert mistake[0] == 3
    assert read("~~~~\n~~~\n~~~~\n").mistakes == ()


def test_raw_tokens_are_written_as_they_are():
    assert to_html([Token(RAW, "", 0, content="<b>&")]) == "<b>&"
    assert to_html(inline_tokens("<p>&", {})) == "&lt;p&gt;&amp;"


def test_quotes_apostrophes_and_dashes_are_typographic():
    assert curly("""She said "it's 'so' in the '90s", (1990--2000) -- the units' "weights".""") == (
        "She said “it’s ‘so’ in the ’90s”, (1990–2000) – the units’ “weights”."
    )
    assert curly("""a 5" disk, x = --n, 3"" and צה"ל""") == """a 5" disk, x = --n, 3"" and צה"ל"""


ONE_AFTER_ANOTHER = blocks._parser()
ONE_AFTER_ANOTHER.block.ruler.disable("plain")
PLAIN = "|Words|w \t|a  |Äb, c|# a|## a {#b}|## |##|===|---|1. a|- a|  b|    c|\tc|> a|> ## a|```|$$|\\[|x\\]|\x0b"
LINES = st.sampled_from([*PLAIN.split("|"), "a | b", "## a | b", "|--|--|", "--|--", "[a]: b", "[^a]: b"])


@examples(500)
@given(st.lists(LINES, max_size=9).map("\n".join), st.sampled_from(["", "\n"]))
@example("```\nwords\n\n## a\n```", "")
@example("a\n\u2028b\n\x0c\nc", "")
def test_plain_lines_are_read_as_all_the_rules_would_read_them(text, end):
    at_once = read(text + end)
    with mock.patch.object(blocks, "_PARSER", ONE_AFTER_ANOTHER):
        in_turn = read(text + end)
    assert (at_once.references, at_once.mistakes) == (in_turn.references, in_turn.mistakes)
    for one, other in zip(
        (*at_once.blocks, *at_once.notes.values()), (*in_turn.blocks, *in_turn.notes.values()), strict=True
    ):
        assert one[:-1] == other[:-1]
        assert [token.as_dict() for token in one.tokens] == [token.as_dict() for token in other.tokens]


def test_a_message_has_curly_quotes_and_what_was_typed_as_it_was() -> None:
    typed = [repr(one) for one in ("it-s", "it's", "\\frac")]
    assert said(f"the deck's {typed[0]} is not {typed[1]}") == "the deck’s “it-s” is not “it's”"
    assert said(f"{typed[2]}: see --kind, and the others' 'x'") == "“\\frac”: see --kind, and the others’ “x”"
