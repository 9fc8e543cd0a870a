"""recur serve --phone: asks first, and shows a link and a code that lead to a server with a password."""

import io

import pytest
import segno
from pydantic import SecretStr
from typer.testing import CliRunner

from app.cli import app
from app.commands import phone
from app.settings import Settings


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


def test_the_link_and_the_code_hold_the_address_and_the_password(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = Settings(host="192.168.1.7", password=SecretStr("p@ss word/1"))
    phone.show_link(chosen, 8000)
    shown = capsys.readouterr().out
    link = "http://recur:p%40ss%20word%2F1@192.168.1.7:8000/"
    assert link in shown
    code = io.StringIO()
    segno.make(link, error="m").terminal(code, compact=True)
    assert code.getvalue() in shown
    assert "neither install" in shown
    assert "certificate" in shown
