"""recur serve --phone: asks first, and shows a link and a code that let one phone in, once."""

import io
import os
from collections.abc import Callable, Iterator

import pytest
import segno
from fastapi.testclient import TestClient
from pydantic import SecretStr
from typer.testing import CliRunner

from app.accounts.once import COOKIE, OnceLink
from app.cli import app
from app.commands import phone
from app.main import create_app
from app.settings import Settings
from tests.forked import fork


def test_without_a_yes_nothing_is_served() -> None:
    ended = CliRunner().invoke(app, ["serve", "--phone", "--address", "127.0.0.1"], input="n\n")
    assert ended.exit_code == 1
    assert "Everyone on your network" in ended.output
    assert "Recur is at" not in ended.output


def test_a_password_is_made_up_or_kept() -> None:
    made = phone.on_home_network(Settings(), "127.0.0.1", is_sure=True)
    again = phone.on_home_network(Settings(), "127.0.0.1", is_sure=True)
    assert made.password
    assert again.password
    assert made.password != again.password
    own = Settings(password=SecretStr("long enough"))
    assert phone.on_home_network(own, "127.0.0.1", is_sure=True).password == own.password


def test_what_is_open_asks_for_the_password_on_the_network() -> None:
    assert phone.on_home_network(Settings(access="open"), "127.0.0.1", is_sure=True).access == "household"


def test_the_link_and_the_code_hold_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = Settings(host="192.168.1.7", password=SecretStr("p@ss word/1"))
    once = phone.show_link(chosen, 8000)
    shown = capsys.readouterr().out
    link = f"http://192.168.1.7:8000{once.path}"
    assert link in shown
    code = io.StringIO()
    segno.make(link, error="m").terminal(code, compact=True)
    assert code.getvalue() in shown
    assert "http://192.168.1.7:8000/ (any user name, password p@ss word/1)" in shown
    assert "neither install" in shown
    assert "certificate" in shown


@pytest.fixture
def once() -> OnceLink:
    return OnceLink()


@pytest.fixture
def served(settings: Settings, database_url: str, once: OnceLink) -> Iterator[Callable[[], TestClient]]:
    """Gives browsers, none of which knows the password."""
    assert database_url == settings.database_url
    chosen = phone.on_home_network(settings, "127.0.0.1", is_sure=True)
    served = create_app(chosen)
    served.state.once = once
    with TestClient(served, base_url="http://127.0.0.1"):
        yield lambda: TestClient(served, base_url="http://127.0.0.1")


def test_the_link_lets_in_one_browser_once(served: Callable[[], TestClient], once: OnceLink) -> None:
    first, second = served(), served()
    assert first.get("/nowhere").status_code == 401
    assert first.get(once.path + "x").status_code == 403
    assert first.head(once.path).status_code == 403  # this, and what follows, looks ahead
    assert first.get(once.path, headers={"Sec-Purpose": "prefetch"}).status_code == 403
    came = first.get(once.path, follow_redirects=False)
    assert (came.status_code, came.headers["Location"]) == (303, "/")
    assert first.get("/nowhere").status_code == 404
    assert first.get(once.path).url.path == "/"  # it was let in, and is again
    refused = second.get(once.path)
    assert (refused.status_code, "has been used" in refused.text) == (403, True)
    assert second.get("/nowhere").status_code == 401
    assert second.get("/nowhere", headers={"Cookie": f"{COOKIE}=guessed"}).status_code == 401


def test_a_copied_process_knows_that_the_link_was_used(once: OnceLink) -> None:
    def codes() -> list[int]:
        children = []
        for _ in range(4):
            if (child := fork()) == 0:
                os._exit(0 if once.use(once.path) else 1)
            children.append(child)
        return sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)

    assert codes() == [0, 1, 1, 1]
    assert not once.use(once.path)
