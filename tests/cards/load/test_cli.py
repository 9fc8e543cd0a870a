"""The commands, as they are typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT


@pytest.fixture
def recur(run_recur, content):
    """Run a command over the content; gives its exit code and everything it printed."""

    def recur(*words: str | Path, **variables: str) -> tuple[int, str]:
        ended = run_recur(*words, cwd=ROOT, **variables)
        return ended.code, ended.out + ended.err

    return recur


@pytest.mark.server
def test_a_program_of_its_own_ends_with_the_commands_code_and_message(settings, content):
    """The other tests run the command within their own process."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RECUR_")}
    environ |= {"RECUR_DATABASE_URL": settings.database_url, "RECUR_CONTENT_DIR": str(content / "nowhere")}
    command = [sys.executable, "-m", "app", "load"]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"{content}/nowhere cannot be read: No such file or directory" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_check_names_mistakes_and_counts_what_is_covered(recur, content, write, topic):
    write("d/a.md", topic("## Why? {#why}\nA.\n\nSource: book-1"))
    code, said = recur("check")
    assert code == 0
    assert "1 of 2 items covered." in said
    assert "book-2" in said
    assert "1 card, 0 mistakes." in said
    write("d/a.md", topic("## Why? {#Why}\nA $x.\n\nSource: book-1"))
    code, said = recur("check", content)
    assert code == 1
    assert f"{content}/d/a.md:7: the id" in said
    assert f"{content}/d/a.md:8: this $" in said
    assert "2 mistakes." in said


def test_check_says_when_all_is_covered(recur, write, topic):
    write("d/a.md", topic("## Why? {#why}\nA.\n\nSource: book-1, book-2"))
    assert recur("check")[1].splitlines()[0] == "2 of 2 items covered."


def test_load_migrates_and_loads(recur, write, topic):
    write("d/a.md", topic("## Why? {#why}\nA."))
    assert recur("load") == (0, "1 of 1 file read; cards: 1 added.\n")
    assert recur("load")[0] == 0
    write("d/b.md", "## Nothing")
    code, said = recur("load")
    assert code == 1
    assert "b.md:1: the file must begin with front matter" in said


def test_format_says_what_it_wrote(recur, content, write, topic):
    write("d/a.md", topic("## Why?\nA."))
    assert recur("format") == (0, f"{content}/d/a.md:7: {{#why}}\n1 id written.\n")
    assert recur("format") == (0, "0 ids written.\n")


def test_check_speaks_json_and_github(recur, content, write, topic):
    write("d/a.md", topic("## Why? {#why}\nA $x."))
    code, said = recur("check", "--format", "json")
    (mistake,) = json.loads(said)
    assert (code, mistake["path"], mistake["line"]) == (1, f"{content}/d/a.md", 8)
    assert mistake["text"] == "A $x."
    code, said = recur("check", "--format", "github", content)
    assert code == 1
    assert said.startswith(f"::error file={content}/d/a.md,line=8,title=recur check::this $ ")
    write("d/a.md", topic("## Why? {#why}\nA."))
    assert recur("check", "--format", "json") == (0, "[]\n")
    assert recur("check", "--format", "github", "--no-cache") == (0, "")


def test_new_writes_drafts_and_says_where(recur, content, write, topic):
    write("d/a.md", topic("## Why? {#why}\nA."))
    code, said = recur("new", "card", "Why so?", "--topic", "a")
    assert (code, said.splitlines()[0]) == (0, f"{content}/d/a.md:10: {{#why-so}}")
    code, said = recur("new", "topic", "Gated units", "--deck", "d")
    assert (code, said.splitlines()[0].split("/d/")[1]) == (
        0,
        "gated-units.md:10: {#what-is-the-first-question-on-gated-units}",
    )
    assert recur("new", "topic", "Gated units")[0] == 1
    assert recur("check")[1].splitlines()[-1] == "1 card, 2 drafts, 0 mistakes."


def test_sources_prints_what_covers_each_item(recur, write, topic):
    write("d/a.md", topic("## Why? {#why}\nA.\n\nSource: book-1", before="B.\n\nSource: book-1"))
    code, said = recur("sources")
    lines = [line.split(maxsplit=2) for line in said.splitlines()]
    assert code == 0
    assert lines[1:3] == [["book", "book-1", "d/a.md, d/why"], ["book", "book-2", "–"]]
    assert said.splitlines()[-1] == "1 of 2 items covered."


@pytest.mark.parametrize("command", ["check", "load", "format"])
def test_a_missing_folder_is_named(command, recur, tmp_path):
    code, said = recur(command, RECUR_CONTENT_DIR=str(tmp_path / "nowhere"))
    assert code == 1
    assert "nowhere cannot be read: No such file or directory" in said


def test_a_bad_setting_ends_the_command_and_an_unknown_one_is_named(recur):
    code, said = recur("load", RECUR_PORT="many", RECUR_PROT="1")
    assert code == 2
    assert "RECUR_PORT must be a whole number." in said
    assert "RECUR_PROT is not a setting of Recur. The nearest is RECUR_PORT." in said
