"""Settings: safe, named, documented."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import ROOT, Settings, unknown_variables


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "recur.example"])
def test_beyond_loopback_a_password_is_needed(host: str) -> None:
    with pytest.raises(ValidationError, match="set RECUR_PASSWORD"):
        Settings(host=host)
    assert not Settings(host=host, password="long enough").is_loopback


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"allowed_hosts": "recur.example"}, "RECUR_ALLOWED_HOSTS is set, .* set RECUR_PASSWORD"),
        ({"trusted_proxies": "10.0.0.2"}, "RECUR_TRUSTED_PROXIES is set, .* set RECUR_PASSWORD"),
        ({"access": "open", "trusted_proxies": "127.0.0.1"}, "RECUR_TRUSTED_PROXIES is set"),
        ({"access": "open", "password": "long enough"}, "remove one of the two"),
        ({"access": "household"}, "household: set RECUR_PASSWORD"),
        ({"access": "accounts", "password": "long enough"}, "accounts, which has no use for RECUR_PASSWORD"),
        ({"access": "accounts", "host": "0.0.0.0"}, "accounts need https: .*RECUR_TRUSTED_PROXIES.*RECUR_PLAIN_HTTP"),
        ({"access": "all"}, "'open', 'household' or 'accounts'"),
    ],
)
def test_nobody_is_let_in_by_mistake(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings(**given)
    with_password = {"password": "long enough"} | given | {"access": "household"}
    assert not Settings(**with_password).is_open


@pytest.mark.parametrize(
    "more",
    [{}, {"host": "0.0.0.0", "plain_http": True}, {"host": "0.0.0.0", "trusted_proxies": "10.0.0.2"}],
)
def test_accounts_start_where_they_are_sent_by_https_or_somebody_gave_that_up(more: dict[str, Any]) -> None:
    made = Settings(access="accounts", **more)
    assert made.has_accounts
    assert not made.is_open


def test_a_proxy_that_is_trusted_by_default_or_not_at_all_keeps_nobody_out() -> None:
    assert Settings(trusted_proxies="").is_open
    assert Settings(access="open").is_open


EASY = [
    "12345678",
    "password",
    "Password1!",
    "P@ssw0rd",
    "qwertyuiop",
    "1q2w3e4r",
    "iloveyou2",
    "trustno1!",
    "letmein123",
    "administrator",
    "aaaaaaaa",
    "abcdefgh",
    "11112222",
    "changeme1",
    "recurrent",
    "recur2026",
    "hunter2hunter2",
    "welcome2024",
    "football1",
    "87654321",
]


@pytest.mark.parametrize("easy", EASY)
def test_a_password_that_many_would_try_is_refused(easy: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{easy}\n")
    for given in ({"password": easy}, {"password_file": file}):
        with pytest.raises(ValidationError, match="too easy to guess") as refused:
            Settings(**given)
        assert easy not in str(refused.value.errors()[0]["msg"]).replace("The password is", "")


@pytest.mark.parametrize(
    "hard", ["long enough", "correct horse", "Tr0ub4dor&3", "sieben graue Gänse", "x" + "yz7" * 80]
)
def test_a_password_of_no_common_kind_is_taken(hard: str) -> None:
    assert not Settings(host="0.0.0.0", password=hard).is_open


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_none(host: str) -> None:
    assert Settings(host=host).is_loopback


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_NEW_PER_DAY", "7")
    monkeypatch.setenv("RECUR_ALLOWED_HOSTS", "a.example, b.example")
    monkeypatch.setenv("RECUR_PASSWORD", "long enough")
    assert Settings().new_per_day == 7
    assert Settings().allowed_hosts == ("a.example", "b.example")


def test_an_unknown_variable_is_named_with_the_nearest() -> None:
    assert unknown_variables({"RECUR_NEW_A_DAY": "3", "RECUR_PORT": "1", "PATH": ""}) == [
        "RECUR_NEW_A_DAY is not a setting of Recur. The nearest is RECUR_NEW_PER_DAY."
    ]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("time_zone", "Europe/Berln", "Did you mean Europe/Berlin"),
        ("desired_retention", 0.99, "less than or equal to 0.97"),
        ("port", 70000, "65535"),
        ("password", "short", "at least 8"),
    ],
)
def test_bad_values_are_refused_with_a_reason(name: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings(**{name: value})  # type: ignore[arg-type]


def test_a_password_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    password = Settings(host="0.0.0.0", password_file=file).password
    assert password is not None
    assert password.get_secret_value() == "correct horse"
    for text, says in ((b"short\n", "at least 8"), (b"\xff\xfe", "cannot be read: it is no UTF-8 text")):
        file.write_bytes(text)
        with pytest.raises(ValidationError, match=says):
            Settings(password_file=file)
    with pytest.raises(ValidationError, match="cannot be read: No such file"):
        Settings(password_file=tmp_path / "nowhere")
    with pytest.raises(ValidationError, match="not both"):
        Settings(password_file=file, password="correct horse")


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({}, "vscode://file{folder}/d/a%20b.md:7"),
        ({"host": "0.0.0.0", "password": "long enough"}, ""),
        (
            {"host": "0.0.0.0", "password": "long enough", "edit_url": "idea://open?file={path}&line={line}"},
            "idea://open?file={folder}/d/a%20b.md&line=7",
        ),
        (
            {"host": "0.0.0.0", "password": "long enough", "edit_url": "https://code.example/{file}#L{line}"},
            "https://code.example/d/a%20b.md#L7",
        ),
    ],
)
def test_only_this_machine_is_told_where_its_files_are(tmp_path: Path, more: dict[str, Any], address: str) -> None:
    made = Settings(content_dir=tmp_path, **more).edit_address("d/a b.md", 7)
    assert made == address.replace("{folder}", tmp_path.as_posix())


def test_every_setting_is_in_the_readme_with_its_sentence() -> None:
    readme = (ROOT / "README.md").read_text()
    for name, field in Settings.model_fields.items():
        row = next((line for line in readme.splitlines() if f"`RECUR_{name.upper()}`" in line and "|" in line), "")
        assert row.endswith(f"| {field.description} |"), name
