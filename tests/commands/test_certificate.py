"""A certificate that cannot be served is told in a sentence, before the server starts."""

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.commands.certificate import CertificateError, check_certificate
from app.settings import Settings
from tests.certificates import Pair, made
from tests.conftest import Ended


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return made(tmp_path_factory.mktemp("tls"), "school.example")


def now() -> datetime:
    return datetime.now(UTC)


def test_a_good_one_tells_its_names_and_its_end(pair: Pair) -> None:
    found = check_certificate(*pair, now())
    assert found.names == ("school.example", "127.0.0.1")
    assert timedelta(hours=23) < found.ends_at - now() <= timedelta(days=1)


def refused(cert: Path, key: Path, at: datetime) -> str:
    with pytest.raises(CertificateError) as error:
        check_certificate(cert, key, at)
    return str(error.value)


def test_whatever_is_wrong_is_told_with_what_to_do(pair: Pair, tmp_path: Path) -> None:
    cert, key = pair
    other, weak, locked = made(tmp_path, "other"), made(tmp_path, "weak", "rsa:1024"), tmp_path / "locked.pem"
    lock = ["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:x", "-out", str(locked)]
    subprocess.run(lock, check=True, capture_output=True)
    (tmp_path / "empty.pem").touch()
    for wrong, says in (
        ((tmp_path / "none.pem", key, now()), r"certificate .*none.pem cannot be read: No such file.*Check the path"),
        ((cert, tmp_path / "none.pem", now()), r"key .*none.pem cannot be read: No such file"),
        ((cert, tmp_path, now()), r"cannot be read: Is a directory.*Check the path"),
        ((cert, tmp_path / "empty.pem", now()), r"empty.pem holds no private key in PEM"),
        ((tmp_path / "empty.pem", key, now()), r"empty.pem holds no certificate in PEM"),
        ((key, cert, now()), r"holds no certificate in PEM"),
        ((cert, other.key, now()), r"does not belong to the certificate.*comes first"),
        ((cert, locked, now()), r"needs a passphrase.*openssl pkey"),
        ((*weak, now()), r"too weak for TLS.*mkcert"),
        ((*pair, now() + timedelta(days=2)), r"expired on \d{4}-\d\d-\d\d. Renew it"),
        ((*pair, now() - timedelta(days=2)), r"is valid from \d{4}-\d\d-\d\d on. Is the clock"),
    ):
        assert re.search(says, refused(*wrong)), refused(*wrong)


def test_a_key_that_may_not_be_read(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = Path.open

    def open_file(path: Path, *how: Any) -> Any:
        if path == pair.key:  # root may read every file, whatever its mode
            raise PermissionError(13, "Permission denied", str(path))
        return as_it_is(path, *how)

    monkeypatch.setattr(Path, "open", open_file)
    assert "Let the account that runs Recur read it" in refused(pair.cert, pair.key, now())


@pytest.mark.usefixtures("logging_as_it_was")
def test_the_command_says_it_and_serves_nothing(
    pair: Pair, tmp_path: Path, run_recur: Callable[..., Ended], settings: Settings
) -> None:
    settings.content_dir.mkdir()
    other = made(tmp_path, "other")
    ended = run_recur("serve", "--tls-cert", pair.cert, "--tls-key", other.key)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 1)
    assert "does not belong to the certificate" in ended.err
    ended = run_recur("serve", RECUR_TLS_CERT=str(pair.cert), RECUR_TLS_KEY=str(tmp_path / "none.pem"))
    assert (ended.code, "cannot be read" in ended.err) == (2, True)
    ended = run_recur("serve", "--tls-key", pair.key)
    assert (ended.code, "RECUR_TLS_KEY is set, and needs RECUR_TLS_CERT" in ended.err) == (2, True)
