"""Pictures and sounds of an import: the names that they get, and those that stay outside."""

import json
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from app.cards.check.check import check_content
from app.cards.file.pictures import LARGEST_PICTURE
from app.exchange.imports import pictures
from app.exchange.imports.draft import Draft, Reading, RefusedError
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.target_file import target_file
from app.exchange.imports.write import Imported, write
from tests.cards.file.test_pictures import JPEG, SVG, png

SOUND = b"ID3" + bytes(200)


def imported(content: Path, media: Mapping[str, bytes], *answers: str, name: str = "new") -> Imported:
    """Import cards with these answers into content/d, and check what is there then."""
    drafts = (Draft(f"note {at}", f"Question {at}?", answer) for at, answer in enumerate(answers))
    read = {name: partial(bytes, data) for name, data in media.items()}
    done = write(Reading("", drafts, media=read), target_file(content, f"d/{name}", Path("x")), None)
    assert check_content(content).mistakes == []
    return done


def files(content: Path) -> dict[str, bytes]:
    return {
        path.relative_to(content / "d").as_posix(): path.read_bytes()
        for path in content.rglob("*")
        if path.is_file() and path.suffix not in (".md", ".jsonl")
    }


@pytest.mark.parametrize(
    ("name", "data", "becomes"),
    [
        ("cell.png", png(4, 3), "img/cell.png"),
        ("paste-0a1f.jpg", JPEG, "img/paste-0a1f.jpg"),
        ("A Cell (1).PNG", png(4, 3), "img/a-cell-1.png"),
        ("Größe.jpeg", JPEG, "img/groe.jpg"),
        ("../../../etc/cron.d/evil.png", png(4, 3), "img/evil.png"),
        ("/root/.ssh/authorized_keys", png(4, 3), "img/authorized-keys.png"),
        (r"C:\Users\a\plot.png", png(4, 3), "img/plot.png"),
        (".hidden.png", png(4, 3), "img/hidden.png"),
        ("CON.png", png(4, 3), "img/picture-con.png"),
        ("a.md", png(4, 3), "img/a.png"),
        ("no ending", SOUND, "img/no-ending.mp3"),
        ("deck.yaml", SVG.format("<g/>").encode(), "img/deck.svg"),
        ("%2e%2e%2fup.png", png(4, 3), "img/2e-2e-2fup.png"),
        ("a\u202egnp.png", png(4, 3), "img/agnp.png"),
        ("x" * 300 + ".png", png(4, 3), None),
        ("注意力.png", png(4, 3), None),
    ],
)
def test_a_name_is_one_that_every_system_can_hold(tmp_path, name, data, becomes):
    done = imported(tmp_path, {name: data}, f"See ![it](<{name}>).")
    [(path, written)] = files(tmp_path).items()
    assert written == data
    assert path == (becomes or path)
    assert path.startswith("img/")
    assert len(path) < 80
    assert path.isascii()
    assert (done.cards, done.drafts, done.pictures) == (1, 0, 1)
    assert f"See ![it]({path})." in done.files[0].read_text()
    renamed = [says for _where, says in done.told if says.endswith(f"is saved as {path}")]
    assert len(renamed) == (path != f"img/{name}")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("x.png", b"not a picture", "by its bytes it is no PNG, JPEG"),
        ("x.png", b"\x89PNG\r\n\x1a\n" + bytes(30), "it is damaged"),
        ("x.png", bytes(LARGEST_PICTURE + 1), "it has more than 2 MB"),
        ("x.svg", SVG.format("<script>1</script>").encode(), "its line 1 has <script>"),
        ("x.svg", b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("").encode(), "its line 1 declares an entity"),
        ("x.mp4", b"\0\0\0\x18ftypmp42" + bytes(99), "cards show no films"),
        ("x.bmp", b"BM" + bytes(99), "by its bytes it is no PNG, JPEG"),
    ],
)
def test_what_cannot_be_shown_stays_outside_with_its_reason(tmp_path, name, data, why):
    done = imported(tmp_path, {name: data}, f"See ![it]({name}).", "Whole.")
    assert (done.cards, done.drafts, done.lossy, done.pictures, files(tmp_path)) == (1, 1, 1, 0, {})
    what = "film" if name.endswith("mp4") else "picture"
    assert f"See it.\n\nDraft: yes, the {what} {name} is left out: {why}" in done.files[0].read_text()


def test_a_picture_without_words_is_a_draft_and_nothing_is_lost(tmp_path):
    answers = ["![](a_b.png)", "![](tone.mp3)", '![](a_b.png "A cell")']
    done = imported(tmp_path, {"a_b.png": png(4, 3), "tone.mp3": SOUND}, *answers)
    text = done.files[0].read_text()
    assert (done.cards, done.drafts, done.lossy) == (2, 1, 0)
    assert "![a\\_b](img/a-b.png)\n\nDraft: yes, say what the picture img/a-b.png shows, for those who" in text
    assert "\n![tone](img/tone.mp3)\n\n" in text
    assert text.endswith("\n![A cell](img/a-b.png)\n")


def test_the_same_picture_is_there_once_and_another_of_its_name_gets_a_number(tmp_path):
    media = {"a.png": png(4, 3), "A.PNG": png(5, 3), "again.png": png(4, 3), "a .png": png(6, 3)}
    imported(tmp_path, media, *(f"![x](<{name}>)" for name in media))
    assert files(tmp_path) == {"img/a.png": png(4, 3), "img/a-2.png": png(5, 3), "img/a-3.png": png(6, 3)}


def test_pictures_of_the_deck_are_kept_and_found_again(tmp_path):
    (tmp_path / "d" / "img").mkdir(parents=True)
    (tmp_path / "d" / "my 1st.png").write_bytes(png(4, 3))
    (tmp_path / "d" / "img" / "b.png").write_bytes(b"my own, and broken")
    done = imported(tmp_path, {"a.png": png(4, 3), "b.png": png(5, 3)}, "![x](a.png)", "![x](b.png)")
    text = done.files[0].read_text()
    assert "![x](my%201st.png)" in text
    assert "![x](img/b-2.png)" in text
    before = files(tmp_path)
    assert before == {"my 1st.png": png(4, 3), "img/b.png": b"my own, and broken", "img/b-2.png": png(5, 3)}
    done = imported(tmp_path, {"a.png": png(4, 3), "b.png": png(5, 3)}, "![x](a.png)", "![x](b.png)")
    assert (done.update.unchanged, done.pictures, files(tmp_path)) == (2, 0, before)


def test_a_changed_picture_comes_in_again_and_a_lost_one_is_restored(tmp_path):
    imported(tmp_path, {"a.png": png(4, 3)}, "![x](a.png)")
    done = imported(tmp_path, {"a.png": png(5, 3)}, "![x](a.png)")
    assert (done.update.updated, done.pictures) == (1, 1)
    assert "![x](img/a-2.png)" in done.files[0].read_text()
    (tmp_path / "d" / "img" / "a-2.png").unlink()
    (tmp_path / "d" / "img" / "a.png").unlink()
    imported(tmp_path, {"a.png": png(5, 3)}, "![x](a.png)")
    assert png(5, 3) in files(tmp_path).values()


def test_what_no_card_shows_is_named_and_stays_outside(tmp_path):
    done = imported(tmp_path, {"a.png": png(4, 3), "_font.ttf": b"x"}, "Nothing.")
    assert done.told == [("2 media files", "no card shows them, so they are not brought in: _font.ttf, a.png")]
    assert files(tmp_path) == {}


def test_all_together_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_TOGETHER", len(png(4, 3)) + 10)
    done = imported(tmp_path, {"a.png": png(4, 3), "b.png": png(5, 3)}, "![x](a.png)", "![x](b.png)")
    assert list(files(tmp_path)) == ["img/a.png"]
    assert any("more than 0 MB of pictures" in says for _where, says in done.told)


def test_nothing_is_written_through_a_link(tmp_path):
    outside, content = tmp_path / "outside", tmp_path / "content"
    outside.mkdir()
    (content / "d").mkdir(parents=True)
    (content / "d" / "img").symlink_to(outside)
    with pytest.raises(RefusedError, match="img is a link"):
        imported(content, {"a.png": png(4, 3)}, "![x](a.png)")
    assert list(outside.iterdir()) == []
    assert [path.name for path in content.rglob("*")] == ["d", "img"]


def test_a_refused_import_leaves_no_picture(tmp_path, monkeypatch):
    def fails(*_words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.exchange.imports.target_file.write_list", fails)
    with pytest.raises(RefusedError, match="No space left"):
        imported(tmp_path, {"a.png": png(4, 3)}, "![x](a.png)")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_pictures_beside_a_text_come_in_with_it_and_no_others(tmp_path):
    page, content = tmp_path / "notes", tmp_path / "content"
    (page / "img").mkdir(parents=True)
    content.mkdir()
    (tmp_path / "secret.png").write_bytes(png(9, 9))
    (page / "img" / "a b.png").write_bytes(png(4, 3))
    (page / "out.png").symlink_to(tmp_path / "secret.png")
    shown = ["<img/a b.png>", "img/a%20b.png", "../secret.png", "out.png", str(tmp_path / "secret.png"), "gone.png"]
    (page / "a.md").write_text("".join(f"## Q{at}\n\n![words]({name})\n\n" for at, name in enumerate(shown)))
    _kind, done = import_cards(page / "a.md", content, "d")
    assert files(content) == {"img/a-b.png": png(4, 3)}
    assert (done.cards, done.drafts) == (2, 4)
    assert done.files[0].read_text().count("![words](img/a-b.png)") == 2
    (page / "t.csv").write_text('question,answer\nOne?,"See <b>it</b> <img src=""img/a b.png"" alt=""x"">"\nTwo?,So.\n')
    _kind, done = import_cards(page / "t.csv", content, "d/t")
    assert "![x](img/a-b.png)" in done.files[0].read_text()


def test_pictures_of_a_package_of_mochi_come_in(tmp_path):
    content = tmp_path / "content"
    content.mkdir()
    card = {"content": "What is it?\n---\n![A cell](@media/x.png) ![gone](@media/gone.png)", "id": "a"}
    with zipfile.ZipFile(tmp_path / "a.mochi", "w") as package:
        package.writestr("data.json", json.dumps({"version": 2, "decks": [{"name": "D", "cards": [card]}]}))
        package.writestr("x.png", png(4, 3))
    _kind, done = import_cards(tmp_path / "a.mochi", content, "d")
    assert files(content) == {"img/x.png": png(4, 3)}
    assert "![A cell](img/x.png) gone\n\nDraft: yes, the picture @media/gone.png is left" in done.files[0].read_text()


def test_obsidians_embeds_and_links_become_pictures_and_words(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    for folder in (".obsidian", "notes", "files"):
        (vault / folder).mkdir(parents=True)
    (vault / "files" / "Pasted image 1.png").write_bytes(png(3, 2))
    (vault / "notes" / "gru.png").write_bytes(png(4, 2))
    (tmp_path / "secret.png").write_bytes(png(5, 2))
    (vault / "notes" / "nets.md").write_text(
        "What is a [[Gated unit|GRU]]?::![[gru.png|A GRU]] as in [[GRU#Gates]], not [[1, 2], [3, 4]] or `[[x]]`.\n\n"
        "Which one?\n?\n![[Pasted image 1.png|200x100]]\n\n"
        "Where?\n?\nIn the table | [[a\\|b]] |, ![[Other note]]. %%a remark%%\n"
        "^block-1\n\nWhose?\n?\nMine ![[../../secret.png|hidden]].\n"
    )
    content = tmp_path / "content"
    content.mkdir()
    _kind, done = import_cards(vault / "notes" / "nets.md", content, "d")
    (file,) = done.files
    text = file.read_text()
    assert "## What is a GRU? {#" in text
    assert "![A GRU](img/gru.png) as in GRU > Gates, not [[1, 2], [3, 4]] or `[[x]]`." in text
    assert "![Pasted image 1](img/pasted-image-1.png)" in text
    assert "In the table | b |, ." in text
    assert (done.cards, done.drafts, done.pictures) == (1, 3, 2)
    told = "\n".join(says for _where, says in done.told)
    for sentence in (
        "the width 200x100 of",
        "the note Other note that",
        "to the note Gated unit is",
        "../../secret.png is left",
        "left out: a remark",
        "an id is left out: ^block-1",
    ):
        assert sentence in told
    assert check_content(content).mistakes == []


def test_brackets_in_a_table_are_no_links(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("question,answer\nWhat is the matrix?,It is [[a]].\nAnd this?,A scalar.\n")
    content = tmp_path / "content"
    content.mkdir()
    _kind, done = import_cards(tmp_path / "a.csv", content, "d")
    assert "It is \\[[a]]." in done.files[0].read_text()
