"""Tables of cards: commas, semicolons or tabs, with a header or without, and Anki's own text export."""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exchange.imports.draft import Draft, Notice, RefusedError
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.kinds import HowToRead
from app.exchange.imports.table.read_table import claims_table, read_table
from app.exchange.imports.table.records import DELIMITERS
from tests.examples import examples


def cards(text: str, header: bool | None = None) -> list[Draft]:
    return [item for item in read_table(text, header).items if isinstance(item, Draft)]


CELL = st.text('ab c,;\t|"\nÄ', max_size=12)


@examples(200)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.sampled_from(DELIMITERS))
def test_what_python_writes_is_read_back(rows, delimiter):
    out = io.StringIO()
    table = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    table.writerow(["Question", "Answer", "Tags"])
    table.writerows([f"q {question}", answer, "one, two"] for question, answer in rows)
    found = cards(out.getvalue())
    assert [(card.question, card.answer) for card in found] == [(f"q {q}".strip(), a.strip()) for q, a in rows]
    assert all(card.tags == ("one", "two") for card in found)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_without_a_header(delimiter):
    text = "".join(f'"What, or; who|{n}?"{delimiter}"It is {n}."\n' for n in range(5))
    assert [(card.where, card.question, card.answer) for card in cards(text)][4] == (
        "line 5",
        "What, or; who|4?",
        "It is 4.",
    )


def test_the_header_says_which_column_is_what():
    text = "level,Back,x,Front,id\neasy,B,?,F,my-id\n"
    assert list(read_table(text).items) == [
        Notice("line 1", "these columns have no place of their own, and stand below the answer: x"),
        Draft("line 2", "F", "B\n\n**x:** ?", level="easy", name="my-id", text="easy\nB\n?\nF\nmy-id"),
    ]


def test_lines_are_those_of_the_file():
    text = 'q,a\n"two\nlines",x\n,empty\nlast,y\n'
    assert [item.where for item in read_table(text).items] == ["line 2", "line 4", "line 5"]


LITERAL = ("its quotation marks do not match: they are read as text",)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('question,answer\na,b\n"c,d\ne,f\n', [("line 2", "a", "b"), ("line 3", '"c', "d"), ("line 4", "e", "f")]),
        ('question,answer\n"a"x,b\nc,d\n', [("line 2", '"a"x', "b"), ("line 3", "c", "d")]),
        ('question,answer\na,"b\nc,"d"\ne,"f\ng,h', [("line 2", "a", '"b'), ("line 3", "c", "d")]),
        (
            'q,a\n1,"two\nlines"\n3,"4\n5,6',
            [("line 2", "1", "two\nlines"), ("line 4", "3", '"4'), ("line 5", "5", "6")],
        ),
    ],
)
def test_a_wrong_quotation_mark_swallows_no_row(text, rows):
    found = cards(text)
    assert [(card.where, card.question, card.answer) for card in found][: len(rows)] == rows
    for card in found:
        assert (LITERAL[0] in card.left_out) == (
            (card.question + card.answer).count('"') % 2 == 1 or '"a"x' in card.question
        )


def test_a_pair_of_wrong_marks_over_several_rows_is_named():
    (first, second) = cards('question,answer\na,"b\nc,d\ne,f\ng,h"\ni,j\n')
    assert first.left_out == ("one cell holds lines 2 to 5, which look like rows: is a quotation mark missing?",)
    assert (second.question, second.left_out) == ("i", ())


def test_cells_beyond_the_table_stay_in_the_answer_and_make_a_draft(tmp_path):
    text = "front,back\nWhat is h?,state, memory, both\nWhat is x?,input\n"
    told = "the row has 4 cells and the table 2: the last ones stand in the answer"
    assert [(card.answer, card.left_out) for card in cards(text)] == [("state, memory, both", (told,)), ("input", ())]
    (tmp_path / "a.csv").write_text(text)
    _kind, done = import_cards(tmp_path / "a.csv", tmp_path, "d")
    assert (done.cards, done.drafts, done.lossy, done.is_draft) == (1, 1, 1, False)
    assert dict(done.read) == {"rows": 2, "cells": 6, "words": 10}
    assert done.written == 10
    assert f"state, memory, both\n\nDraft: yes, {told}\n" in done.files[0].read_text()


def test_columns_without_a_name_stand_below_the_answer():
    text = "".join(f"What is {n}?;It is {n}.;rnn, gates;See page {n}.\n" for n in range(3))
    assert [(card.answer, card.tags) for card in cards(text)][2] == ("It is 2.\n\nSee page 2.", ("rnn", "gates"))
    assert cards("a b?;c;It is so. And more.\nd?;e;Words.\n")[0].answer == "c\n\nIt is so. And more."


def test_ankis_text_export():
    text = (
        "#separator:tab\n#html:true\n#guid column:1\n#deck column:2\n#tags column:6\n"
        'g1\tD\tWhat is <b>x</b>?\t"a &lt; ""b"""\tmore\tone two::y\n'
        "g2\tD\tAn {{c1::LSTM}} has {{c2::three}} gates\tsince 2000\t\t\n"
    )
    assert [(card.where, card.question, card.answer, card.tags) for card in cards(text)] == [
        ("line 6", "What is **x**?", 'a < "b"\n\nmore', ("one", "two::y")),
        ("line 7", "An […] has three gates", "An **LSTM** has three gates\n\nsince 2000", ()),
        ("line 7", "An LSTM has […] gates", "An LSTM has **three** gates\n\nsince 2000", ()),
    ]


def test_a_set_of_quizlet_has_lines_in_its_definitions():
    text = "Gate\tA switch\nbetween 0 and 1\nState\tWhat is kept\nAsked?\nCell\tOne step"
    assert claims_table(text)
    assert [(card.question, card.answer) for card in cards(text)] == [
        ("Gate", "A switch\\\nbetween 0 and 1"),
        ("State", "What is kept"),
        ("Asked?", ""),
        ("Cell", "One step"),
    ]


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("RNN\ta loop;LSTM\ta cell; gates;GRU\ttwo", [("RNN", "a loop"), ("LSTM", "a cell; gates"), ("GRU", "two")]),
        ("RNN - a loop; GRU - two gates;", [("RNN", "a loop"), ("GRU", "two gates")]),
        ("RNN,a loop;GRU,two gates\n", [("RNN", "a loop"), ("GRU", "two gates")]),
    ],
)
def test_a_set_of_quizlet_may_be_one_line(line, pairs):
    assert claims_table(line)
    assert [(card.question, card.answer) for card in cards(line)] == pairs


def test_a_table_in_markdown_is_a_table_of_cards():
    text = "| Question | Answer |\n|---|:--:|\n| $P(x|y)$? | `a|b` |\n| h? | **it** |\n"
    assert claims_table(text)
    assert [(card.where, card.question, card.answer) for card in cards(text)] == [
        ("line 3", "$P(x|y)$?", "`a|b`"),
        ("line 4", "h?", "**it**"),
    ]


def test_marks_of_hidden_words_in_a_table_hide_them():
    assert [
        (card.question, card.answer) for card in cards("Text,Extra\n{{c1::RNN}} *loops*,so\nx {{c1::a::hint}},\n")
    ] == [
        ("[…] *loops*", "<b>RNN</b> *loops*\n\nso"),
        ("x [hint]", "x <b>a</b>"),
    ]


def test_a_file_of_two_encodings_is_read_line_by_line(tmp_path):
    (tmp_path / "t.csv").write_bytes("question,answer\nÄ?,é\n".encode() + "Ö?,ü\n".encode("cp1252"))
    (tmp_path / "content").mkdir()
    _kind, done = import_cards(tmp_path / "t.csv", tmp_path / "content", "d")
    assert [where for where, _says in done.told] == ["line 3"]
    text = done.files[0].read_text()
    assert all(piece in text for piece in ("## Ä?", "\né\n", "## Ö?", "\nü\n"))


@pytest.mark.parametrize("head", ["Frage;Antwort", "Вопрос;Ответ", "質問;答え", "Pregunta;Respuesta", "سؤال;جواب"])
def test_a_header_is_known_in_many_languages(head):
    assert [card.question for card in cards(f"sep=;\n{head}\nWas ist h?;Der Zustand\n")] == ["Was ist h?"]


def test_a_header_in_another_language_is_guessed_and_told():
    text = "Galdera,Erantzuna\nZer da h egoera hau?,Sarearen oroimena da\nZer da x hori?,Sarrera da bai\n"
    items = list(read_table(text).items)
    assert items[0] == Notice(
        "line 1",
        "it is read as the names of columns, 'Galdera' and 'Erantzuna': if it is a card, say --no-header",
    )
    assert [card.question for card in cards(text)] == ["Zer da h egoera hau?", "Zer da x hori?"]
    assert cards(text, header=False)[0].question == "Galdera"
    assert [card.question for card in cards("chat,cat\nchien,dog\noiseau,bird\n")] == ["chat", "chien", "oiseau"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig"])
def test_tables_of_spreadsheets_are_decoded(tmp_path, encoding):
    text = "front\tback\r\nWas heißt «Größe»?\tsize – naïve\r\nUnd Zustand?\tstate\r\n"
    (tmp_path / "a.tsv").write_bytes(text.encode(encoding))
    _kind, done = import_cards(tmp_path / "a.tsv", tmp_path, "d")
    assert "## Was heißt «Größe»? {#was-heit-groe}\nsize – naïve\n" in done.files[0].read_text()
    assert [sentence[:10] for _where, sentence in done.told] == (
        ["it is no U"] if encoding == "cp1252" else ["it is read"] if encoding[-2] in "lb" else []
    )


def test_another_encoding_is_said(tmp_path):
    (tmp_path / "a.csv").write_bytes("вопрос,ответ\nчто?,это\n".encode("cp1251"))
    _kind, done = import_cards(tmp_path / "a.csv", tmp_path, "d", HowToRead(encoding="cp1251"))
    assert "## что? " in done.files[0].read_text()
    with pytest.raises(RefusedError, match="no encoding 'x'"):
        import_cards(tmp_path / "a.csv", tmp_path, "d/b", HowToRead(encoding="x"))


WORDS = st.lists(st.from_regex(r"[a-z]{2,8}[0-9]?", fullmatch=True), max_size=4).map(" ".join)
MESS = st.one_of(
    WORDS, st.tuples(WORDS, st.sampled_from(['"', ",", '",', '"\n', "\n", ";", "<b>", "$", "\\(", "|"])).map("".join)
)


@examples(100)
@given(
    st.lists(st.lists(MESS, min_size=1, max_size=5), min_size=2, max_size=8, unique_by=tuple),
    st.sampled_from(",;\t"),
    st.booleans(),
)
def test_no_word_of_a_table_is_lost(rows, delimiter, quotes):
    """Words in = words out + words named, whatever the quotation marks, by a count of its own."""
    out = io.StringIO()
    if quotes:
        csv.writer(out, delimiter=delimiter).writerows(rows)
    else:
        out.write("\n".join(delimiter.join(row) for row in rows))
    text = out.getvalue()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text(text, newline="")
        try:
            _kind, done = import_cards(path, Path(folder), "d", HowToRead(kind="csv", header=False))
        except RefusedError:
            return
        written = "\n".join(file.read_text() for file in done.files) + "\n".join(says for _where, says in done.told)
    missing = Counter(re.findall(r"[a-z]{2,}", text)) - Counter(re.findall("[a-z]{2,}", written.lower()))
    assert not missing
    assert done.written <= done.read["words"]


def test_a_formula_of_a_spreadsheet_is_text_again():
    assert cards("question,answer\n'=a,'- b\nq,'tis\n")[0].question == "=a"
    assert cards("question,answer\n'=a,'- b\nq,'tis\n")[1].answer == "'tis"


def test_one_column_is_no_table(tmp_path):
    with pytest.raises(RefusedError, match="one column"):
        read_table("just a line\nand another\n")
    (tmp_path / "a.txt").write_text("Just a line, with a comma.\nAnd another.\nAnd more.\n")
    with pytest.raises(RefusedError, match="none of the kinds"):
        import_cards(tmp_path / "a.txt", tmp_path, "d")


def test_a_text_file_with_columns_is_a_table():
    assert claims_table("a\tb\nc\td\ne\tf\n")
    assert not claims_table("a, b\nno columns here\nnor here\n")


def test_a_cell_without_end_is_refused():
    with pytest.raises(RefusedError, match="line 2 holds more than"):
        list(read_table('question,answer\na,"' + "x" * 200_000 + '"\n').items)


def test_many_rows_become_several_files(tmp_path):
    (tmp_path / "many.csv").write_text("".join(f"What is {n}?,It is {n}.\n" for n in range(450)))
    told: list[int] = []
    _kind, done = import_cards(tmp_path / "many.csv", tmp_path, "d", progress=told.append)
    assert [path.name for path in done.files] == ["many-1.md", "many-2.md", "many-3.md"]
    assert 'title: "many, part 2"' in done.files[1].read_text()
    assert done.cards == 450
    assert told == [100, 200, 300, 400]


def test_a_card_that_is_there_twice_is_written_once_and_one_with_other_tags_is_another(tmp_path):
    (tmp_path / "a.csv").write_text(
        "front,back,tags\nWhat is h?,A state.,one\nWhat is h?,A state.,one\nWhat is h?,A state.,two\n"
    )
    _kind, done = import_cards(tmp_path / "a.csv", tmp_path, "d", HowToRead(kind="csv"))
    text = done.files[0].read_text()
    assert text.count("A state.") == 2
    assert ("Tags: one" in text, "Tags: two" in text) == (True, True)
    assert [where for where, says in done.told if "the same card as at line 2" in says] == ["line 3"]
