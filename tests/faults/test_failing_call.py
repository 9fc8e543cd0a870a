"""The N-th call of the driver fails in each kind of write: all of it is there or nothing, and the server goes on."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import settings as hypothesis_settings

from app.database import Database
from app.settings import Settings
from tests.databases import Backend
from tests.faults.failing import FAULTS, Fault, nth_call_fails
from tests.faults.lives import WRITES, Form, differing, dump, replayed
from tests.faults.writing import Lived, clean_write, client_of

pytestmark = [pytest.mark.proof]
SAYS_NOT_SAVED = "not saved"


@pytest.mark.parametrize("kind", WRITES)
def test_a_write_is_whole_or_absent_and_can_be_sent_again(
    kind: str, lived: Lived, backend: Backend, settings: Settings, content: Path
) -> None:
    settings = settings.model_copy(update={"content_dir": content})
    with lived() as database:
        form, before, after, calls = clean_write(kind, settings, database)
        assert differing(before, after), "it writes"
        assert not differing(after, replayed(database))
    for fault, number in sampled(FAULTS[backend.name], calls, kind):
        with lived() as database:
            client = client_of(settings, database)
            assert WRITES[kind](client) == form
            Broken(client, database, form, before, after).fails(fault, number)


def sampled(faults: Sequence[Fault], calls: Sequence[str], kind: str) -> list[tuple[Fault, int]]:
    """Every fault at every call in `make proof`, else one at a COMMIT and one elsewhere: always the same."""
    cases = [(fault, number) for fault in faults for number in range(1, len(calls) + 1)]
    if hypothesis_settings.get_current_profile_name() == "proof":
        return cases
    at_commit = [(fault, number) for fault, number in cases if calls[number - 1] == "do_commit"]
    elsewhere = [case for case in cases if case not in at_commit]
    return [random.Random(kind).choice(one) for one in (at_commit, elsewhere)]


class Broken:
    """A write that fails, and what follows."""

    def __init__(self, client: TestClient, database: Database, form: Form, before: Any, after: Any) -> None:
        self.client, self.database, self.form = client, database, form
        self.before, self.after = before, after

    def fails(self, fault: Fault, number: int) -> None:
        with nth_call_fails(self.database, number, fault) as struck:
            answer = self.form.send(self.client)
        case = f"{fault.name} at call {number}, {struck.at!r}"
        assert struck.at, case
        found = dump(self.database)
        is_absent, is_whole = found == self.before, found == self.after
        assert is_absent or is_whole, f"{case}: {differing(self.before, found)}, {differing(self.after, found)}"
        assert is_whole or answer.status_code >= 500, f"{case}: acknowledged, and not there"
        assert answer.status_code in (200, 500, 503), case
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0, case
        assert is_absent or SAYS_NOT_SAVED not in answer.text, f"{case}: there, and called not saved"
        assert not differing(found, replayed(self.database)), case
        for path in ("/", "/readyz", "/healthz"):
            then = self.client.get(path)
            assert then.status_code == 200, f"{case}: then {path}: {then.text[:500]}"
        again = self.form.send(self.client)
        # What has no one-use id may be refused when it was done: a name is taken, a learner has gone.
        assert again.status_code < 500, f"{case}: then {again.status_code}"
        assert again.status_code == 200 or is_whole, f"{case}: then {again.status_code}"
        found = dump(self.database)
        assert not differing(found, self.after), f"{case}: {differing(self.after, found)} after the second time"
