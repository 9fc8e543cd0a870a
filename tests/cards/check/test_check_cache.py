"""A check with a cache finds what a check without one finds."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from app.cards.check import check_cache
from app.cards.check.check import check_content
from app.cards.check.check_cache import CheckCache, found_once, place_for
from app.cards.file.files import OpenedFile
from app.cards.file.mistake import Mistake
from tests.cards.check.test_check import CASES, read_case


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "check.json"


def test_every_mistake_is_found_again_and_after_any_edit(content, write, find_demo, place):
    rng = random.Random(7)
    texts = [read_case(case)[0] for case in CASES]
    for number, text in enumerate(texts):
        write(f"d{number % 3}/case-{number}.md", text)
    for _round in range(6):
        fresh = check_content(content, find_demo)
        for _again in range(2):
            known = check_content(content, find_demo, CheckCache(place))
            assert known.mistakes == fresh.mistakes
            assert (known.covered, known.cards, known.drafts) == (fresh.covered, fresh.cards, fresh.drafts)
        for _edit in range(8):  # files change places, come and go
            one, other = (content / f"d{rng.randrange(3)}" / f"case-{rng.randrange(len(texts))}.md" for _ in range(2))
            if one.exists() and other.exists():
                text = one.read_bytes()
                one.write_bytes(other.read_bytes())
                other.write_bytes(text)
            elif one.exists():
                one.rename(other)


def test_a_file_is_parsed_once(content, write, topic, place, monkeypatch):
    write("d/a.md", topic("## Q {#q}\nA $x."))
    first = check_content(content, cache=CheckCache(place)).mistakes
    monkeypatch.setattr("app.cards.render.prepare.prepare", None)  # parsing again would fail
    assert check_content(content, cache=CheckCache(place)).mistakes == first != []


def test_other_code_and_other_files_forget(content, write, topic, place, monkeypatch):
    write("d/a.md", topic("## Q {#q}\nA."))
    ready = check_content(content, cache=CheckCache(place)).files[0]
    opened = OpenedFile(ready.found, b"", ready.digest)
    assert CheckCache(place).recall([opened])
    assert not CheckCache(place).recall([replace(opened, digest="another")])
    monkeypatch.setattr(check_cache, "_code_digest", lambda: "newer")
    assert check_content(content, cache=CheckCache(place)).files[0].digest != ready.digest


def test_a_link_is_followed_at_every_check(content, write, topic, place):
    write("d/a.md", topic("## Q {#q}\nA [r](card:r)."))
    write("d/b.md", topic("## R {#r}\nB.", title="B"))
    assert check_content(content, cache=CheckCache(place)).mistakes == []
    (content / "d" / "b.md").unlink()
    assert [one.path for one in check_content(content, cache=CheckCache(place)).mistakes] == ["d/a.md"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"d/a.md": {"digest": 1}}', b"\xff"])
def test_a_memory_that_is_none_is_empty(data, content, write, topic, place):
    write("d/a.md", topic("## Q {#q}\nA $x."))
    place.parent.mkdir()
    place.write_bytes(data)
    assert len(check_content(content, cache=CheckCache(place)).mistakes) == 1


def test_a_place_that_cannot_be_written_is_left_alone(content, write, topic, tmp_path):
    write("d/a.md", topic("## Q {#q}\nA."))
    (tmp_path / "file").write_text("")
    assert check_content(content, cache=CheckCache(tmp_path / "file" / "check.json")).mistakes == []


def test_each_content_folder_has_a_place_in_the_users_cache(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    places = {place_for(tmp_path / name, environ) for name in ("a", "b")}
    assert len(places) == 2
    assert all(place.is_relative_to(tmp_path) for place in places)


def test_what_was_right_is_not_looked_at_again_and_what_was_wrong_is(tmp_path: Path) -> None:
    looks: list[list[Mistake]] = []

    def look() -> list[Mistake]:
        looks.append([Mistake("a.md", 1, "wrong")] if len(looks) < 2 else [])
        return looks[-1]

    assert [found_once(tmp_path / "new", look) for _ in range(4)] == [looks[0], looks[1], [], []]
    assert len(looks) == 3
    found_once(None, look)
    assert len(looks) == 4
    for stamp in (tmp_path / "new").iterdir():
        stamp.rename(stamp.with_name("demos-of-other-code"))
    found_once(tmp_path / "new", look)
    assert (len(looks), len(list((tmp_path / "new").iterdir()))) == (5, 1)
