"""The damage corpus: pages zeroed, bits flipped, files cut short; each is named, and no readable review is lost."""

import random
import sqlite3
from pathlib import Path

import pytest

from app.database import UnusableDatabaseError
from app.upkeep.doctor.pages import TABLE_LEAF, Pages
from tests.examples import share_of
from tests.upkeep.lived import OF_PEOPLE, Place, copy_of

pytestmark = [pytest.mark.proof, pytest.mark.slow]
SHARES = 4
DERIVED = ("card_state", "day_total", "month_total")


def owners_of_pages(place: Place) -> dict[int, str]:
    """Every page that belongs to a tree, with the name of its table or index."""
    pages = Pages.of(place.file)
    roots = place.run("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0")
    return {page: name for name, root in [*roots, ("sqlite_master", 1)] for page in pages.tree(root)}


def overwrite(place: Place, page: int, data: bytes) -> None:
    with place.file.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(data)


def lost_reviews(whole: Place, place: Place) -> set[str]:
    """The tokens of the reviews that are not as they were, apart from what was typed."""
    columns = "token, rating, learner_id, card_id, rated_at, day, revealed_at"
    right, now = (set(one.run(f"SELECT {columns} FROM review")) for one in (whole, place))
    return {row[0] for row in right - now}


def on_page(place: Place, page: int) -> set[str]:
    """The tokens of the reviews on a leaf of their table."""
    pages = Pages.of(place.file)
    return {str(cell.values()[3]) for cell in pages.rows(page)} if pages.kind(page) == TABLE_LEAF else set()


@pytest.mark.parametrize("share", range(SHARES))
def test_each_page_zeroed(whole: Place, tmp_path: Path, share: int) -> None:
    owners = owners_of_pages(whole)
    free = Pages.of(whole.file).free()
    pages = [page for page in range(1, Pages.of(whole.file).count + 1) if page not in free]
    random.Random(1).shuffle(pages)
    unnamed, lost, left = [], {}, {}
    tried = pages[: share_of(14)][share::SHARES]
    for page in tried:
        place = copy_of(whole, tmp_path / str(page))
        overwrite(place, page, bytes(4096))
        if not place.examine():
            unnamed.append((page, owners.get(page)))
        still = place.mend()
        if any(one.cure for one in still):
            left[page] = owners.get(page), list(map(str, still))
        gone = lost_reviews(whole, place)
        may = on_page(whole, page) if owners.get(page) == "review" else set()
        if gone - may:
            lost[page] = owners.get(page), gone - may
        elif not gone and any(place.rows(table) != whole.rows(table) for table in DERIVED):
            left[page] = owners.get(page), ["what is derived is another"]
    named = len(tried) - len(unnamed)
    print(f"{len(tried)} pages zeroed: {named} named, {len(left)} not mended, {len(lost)} lost more")  # noqa: T201
    assert lost == {}
    assert left == {}
    assert len(unnamed) <= len(tried) * 0.02, unnamed


def flip(place: Place, offset: int, bit: int) -> None:
    with place.file.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def review_bytes(place: Place) -> list[range]:
    """Where in the file each review is stored, without what is on overflow pages."""
    pages = Pages.of(place.file)
    (root,) = place.run("SELECT rootpage FROM sqlite_master WHERE name = 'review'")[0]
    found = []
    for page in pages.tree(root):
        for cell in pages.rows(page) if pages.kind(page) == TABLE_LEAF else ():
            at = pages.page(page).find(cell.payload[:100])
            found.append(range((page - 1) * 4096 + at, (page - 1) * 4096 + at + min(len(cell.payload), 300)))
    return found


@pytest.mark.parametrize("share", range(SHARES))
def test_a_bit_flipped_in_a_review(whole: Place, tmp_path: Path, share: int) -> None:
    chance = random.Random(share)
    stored = review_bytes(whole)
    right = whole.rows("review")
    unnamed, wrong = [], []
    tried = share_of(2)
    for n in range(tried):
        place = copy_of(whole, tmp_path / str(n))
        at, bit = chance.choice(chance.choice(stored)), chance.randrange(8)
        flip(place, at, bit)
        if not any("review" in str(one).lower() for one in place.examine()):
            unnamed.append((at, bit))
        place.mend()
        if place.rows("review") != right:
            wrong.append((at, bit))
    print(f"{tried} bits flipped in reviews: {tried - len(unnamed)} named, {tried - len(wrong)} set back")  # noqa: T201
    assert unnamed == []
    assert len(wrong) <= tried * 0.02, wrong


def test_a_file_cut_short(whole: Place, tmp_path: Path) -> None:
    """Every review on a page that is left comes back."""
    tried = share_of(3)
    size = whole.file.stat().st_size
    for n in range(tried):
        place = copy_of(whole, tmp_path / str(n))
        kept = size * (n + 1) // (tried + 1) // 4096 * 4096 + 1_000
        with place.file.open("r+b") as file:
            file.truncate(kept)
        leaves = [page for page, name in owners_of_pages(whole).items() if name == "review" and page <= kept // 4096]
        readable = set().union(*(on_page(whole, page) for page in leaves))
        assert any(one.cure for one in place.examine())
        if not readable:
            continue  # perhaps nothing is left that a person wrote
        place.mend()
        assert {token for (token,) in place.run("SELECT token FROM review")} >= readable
        assert not any(one.cure for one in place.examine())


@pytest.mark.parametrize("head", [bytes(100), b"# A text file\n" * 8])
def test_a_file_without_its_head(whole: Place, tmp_path: Path, head: bytes) -> None:
    place = copy_of(whole, tmp_path / "here")
    overwrite(place, 1, head)
    assert "is damaged: SQLite says" in str(place.examine()[0])
    assert place.mend() == []
    assert place.rows("review") == whole.rows("review")
    assert {table: len(place.rows(table)) for table in OF_PEOPLE} == {
        table: len(whole.rows(table)) for table in OF_PEOPLE
    }
    damaged = next(place.file.parent.glob("recur-damaged-*.sqlite"))
    assert damaged.stat().st_size == whole.file.stat().st_size


def test_reviews_in_the_log_of_a_damaged_file_come_back(whole: Place, tmp_path: Path) -> None:
    place = copy_of(whole, tmp_path / "here")
    writer = sqlite3.connect(place.file, isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("UPDATE card_mark SET note = 'the last words' WHERE card_id = 1")
    log = place.file.with_name("recur.sqlite-wal").read_bytes()
    writer.close()
    copy_of(whole, tmp_path / "here")
    place.file.with_name("recur.sqlite-wal").write_bytes(log)
    overwrite(place, 1, bytes(100))
    assert place.mend() == []
    assert place.run("SELECT DISTINCT note FROM card_mark WHERE card_id = 1") == [("the last words",)]


def test_a_file_of_something_else_is_left_alone(whole: Place, tmp_path: Path) -> None:
    place = copy_of(whole, tmp_path / "here")
    place.file.write_text("My shopping list.\n" * 5_000)
    with pytest.raises(UnusableDatabaseError, match="Nothing can be read"):
        place.mend()
    assert place.file.read_text().startswith("My shopping list.")
    assert [file.name for file in place.file.parent.iterdir()] == ["recur.sqlite"]


@pytest.mark.parametrize("size", [None, 0])
def test_a_missing_or_empty_file_is_named(whole: Place, tmp_path: Path, size: int | None) -> None:
    place = copy_of(whole, tmp_path / "here")
    place.file.unlink()
    if size is not None:
        place.file.touch()
    (found,) = place.examine()
    assert str(found).endswith("to start again.")
    assert place.file.exists() == (size is not None), "looking makes no file"
