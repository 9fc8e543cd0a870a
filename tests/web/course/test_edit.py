"""Editing a content file in the browser: what is written, and what is refused with nothing lost."""

import html
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.database import Database
from app.main import create_app
from app.settings import Settings
from tests.web.conftest import NOW

ADDRESS = "/content/small/first/edit"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
NearBy = Callable[..., TestClient]


@pytest.fixture
def near(settings: Settings, database: Database, content: Path) -> Iterator[NearBy]:
    """Makes a client on an address, of a server with these settings changed."""
    made: list[TestClient] = []

    def make(address: str = "127.0.0.1", **changes: Any) -> TestClient:
        app = create_app(settings.model_copy(update=changes), database, lambda: NOW)
        made.append(TestClient(app, base_url="http://127.0.0.1:8000", client=(address, 5_000)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def first(content: Path) -> Path:
    return content / "small" / "first.md"


def form(page: str) -> dict[str, str]:
    """The form's fields as a browser sends them: a line break in a text is two characters."""
    fields = dict(re.findall(r'type="hidden" name="(seen|line)" value="([^"]*)"', page))
    [text] = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    return fields | {"text": html.unescape(text).replace("\n", "\r\n")}


def save(client: TestClient, fields: dict[str, str]) -> Any:
    return client.post(ADDRESS, data=fields, follow_redirects=False)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_is_saved_unchanged_is_the_same_to_the_byte(near: NearBy, first: Path, newline: str, mark: bytes) -> None:
    text = "\n" + first.read_text() + "\nTrailing spaces  \n\n\n<textarea> & </textarea> \N{GREEK SMALL LETTER ALPHA}"
    data = mark + text.replace("\n", newline).encode()
    first.write_bytes(data)
    client = near()
    assert save(client, form(client.get(ADDRESS).text)).status_code == 303
    assert first.read_bytes() == data


def test_a_change_is_written_and_the_mode_stays(near: NearBy, first: Path) -> None:
    first.chmod(0o640)
    client = near()
    fields = form(client.get(f"{ADDRESS}?line=11").text)
    fields["text"] = fields["text"].replace("Answer 1.", "Answer one.")
    answer = save(client, fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ADDRESS}?saved=1&line=11")
    assert "Answer one." in first.read_text()
    assert first.stat().st_mode & 0o777 == 0o640
    assert os.listdir(first.parent) == ["first.md"]
    page = client.get(answer.headers["location"]).text
    assert "Saved." in page
    assert '<h1 dir="auto">Question 1?</h1>' in page


def test_a_file_changed_meanwhile_is_not_overwritten_unseen(near: NearBy, first: Path) -> None:
    client = near()
    fields = form(client.get(ADDRESS).text)
    fields["text"] = fields["text"].replace("Answer 1.", "Mine 1.")
    first.write_text(first.read_text().replace("Answer 1.", "Theirs 1."))
    theirs = first.read_bytes()
    answer = save(client, fields)
    assert answer.status_code == 409
    assert first.read_bytes() == theirs
    assert "<del>Theirs</del><ins>Mine</ins> 1." in answer.text
    again = form(answer.text)
    assert again["text"] == fields["text"]
    assert save(client, again).status_code == 303, "now it was seen"
    assert "Mine 1." in first.read_text()


def test_the_same_change_made_twice_is_no_conflict(near: NearBy, first: Path) -> None:
    client = near()
    fields = form(client.get(ADDRESS).text)
    fields["text"] = fields["text"].replace("Answer 1.", "Mine 1.")
    assert [save(client, fields).status_code for _ in range(2)] == [303, 303]


def test_a_file_that_is_gone_is_said_and_nothing_is_made(near: NearBy, first: Path) -> None:
    client = near()
    fields = form(client.get(ADDRESS).text)
    first.unlink()
    answer = save(client, fields)
    assert answer.status_code == 409
    assert "moved or deleted" in answer.text
    assert not first.exists()
    assert client.get(ADDRESS).status_code == 404


def test_what_is_typed_is_previewed_and_not_written(near: NearBy, first: Path) -> None:
    client = near()
    before = first.read_bytes()
    fields = form(client.get(ADDRESS).text)
    fields["text"] = fields["text"].replace("Answer 2.", "Answer $2.")
    line = fields["text"].split("\r\n").index("Answer $2.") + 1
    page = client.post("/content/small/first/preview", data=fields | {"line": str(line)}, headers=PART).text
    assert page.index("1 mistake in this card") < page.index('<h1 dir="auto">Question 2?</h1>')
    assert f">small/first.md:{line}</a> this $ does not open" in page
    assert f"{line} | Answer $2." in page
    assert "<html" not in page
    assert first.read_bytes() == before
    assert "1 mistake" not in client.get("/content/small/first").text


def link_the_file(first: Path) -> None:
    first.rename(first.parent / "real.txt")
    first.symlink_to("real.txt")


def link_the_deck(first: Path) -> None:
    elsewhere = first.parents[2] / "elsewhere"
    first.parent.rename(elsewhere)
    first.parent.symlink_to(elsewhere)


@pytest.mark.parametrize("link", [link_the_file, link_the_deck])
def test_nothing_is_written_through_a_link(near: NearBy, first: Path, link: Callable[[Path], None]) -> None:
    client = near()
    fields = form(client.get(ADDRESS).text)
    link(first)
    before = first.read_bytes()
    answer = save(client, fields | {"text": "changed"})
    assert answer.status_code in (403, 409), "a link out of the folder is not even read"
    assert "link" in answer.text
    assert first.read_bytes() == before


@pytest.mark.parametrize(
    ("address", "changes", "headers"),
    [
        ("192.168.1.5", {}, {}),
        ("127.0.0.1", {}, {"X-Forwarded-For": "192.168.1.5"}),
        ("127.0.0.1", {"host": "0.0.0.0", "password": SecretStr("long enough"), "editing": True}, {}),
        ("127.0.0.1", {"editing": False}, {}),
    ],
)
def test_only_an_author_on_the_server_s_own_machine_may_write(
    near: NearBy, first: Path, address: str, changes: dict[str, Any], headers: dict[str, str]
) -> None:
    fields = form(near().get(ADDRESS).text) | {"text": "changed"}
    before = first.read_bytes()
    client = near(address, **changes)
    client.auth = ("any", "long enough")
    for answer in (
        client.get(ADDRESS, headers=headers),
        client.post(ADDRESS, data=fields, headers=headers),
        client.post("/content/small/first/preview", data=fields, headers=headers),
    ):
        assert answer.status_code == 403
    assert first.read_bytes() == before
    assert "Edit it here" not in client.get("/content/small/first", headers=headers).text


def test_a_disk_that_refuses_leaves_the_text_in_the_form(
    near: NearBy, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    client = near()
    fields = form(client.get(ADDRESS).text)
    fields["text"] = fields["text"].replace("Answer 1.", "Mine 1.")
    monkeypatch.setattr("app.web.course.edit.replace_file", full)
    answer = save(client, fields)
    assert answer.status_code == 507
    assert "No space left on device" in answer.text
    assert form(answer.text)["text"] == fields["text"]


def test_a_file_with_bytes_that_are_no_text_is_not_shown_as_if_it_were(near: NearBy, first: Path) -> None:
    first.write_bytes(b"---\ntitle: T\n---\n\xff\n")
    answer = near().get(ADDRESS)
    assert answer.status_code == 409
    assert "small/first.md:4: byte 17 (0xff) is not UTF-8" in answer.text
