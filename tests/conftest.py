"""What every test may ask for: a migrated database of its own and the settings that go with it; and the three lanes."""

import logging
import os
import sys
import threading
from asyncio import events
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from app.cli import main
from app.database import Database
from app.settings import ROOT, Settings
from tests.databases import Backend, backend_named
from tests.examples import register_profiles

FOLDERS = {ROOT / "tests/browser": "browser"}
"""Folders whose tests all carry a marker."""
LEFT_OUT_BY_QUICK = ("postgres", "browser", "server", "slow")
SAMPLE = 20
"""`make test` runs one in so many of a file's tests on PostgreSQL, the first among them, and none that takes long."""
LEFT_OUT: pytest.StashKey[Counter[str]] = pytest.StashKey()

register_profiles()
# JAX's oracles run once or twice for each shape: compiling them less thoroughly takes a quarter of the time off.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")


@pytest.fixture(autouse=True)
def copies_have_a_folder_of_their_own() -> Iterator[None]:
    """No test puts a copy of its database, or what was deleted from it, beside those of the checkout's own server."""
    before = sorted((ROOT / "data/backups").glob("*"))
    yield
    assert sorted((ROOT / "data/backups").glob("*")) == before, "give this test's server a RECUR_BACKUP_DIR"


@pytest.fixture(autouse=True)
def no_loop_but_its_own(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hides the event loop of a browser, which stays the running one of its process, from the tests that follow."""
    loop = None if request.node.get_closest_marker("browser") else events._get_running_loop()
    if loop:
        events._set_running_loop(None)
    yield
    if loop:
        events._set_running_loop(loop)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a server over `database_url` if the test asks for that, otherwise over a file not yet made."""
    asked = "database_url" in request.fixturenames
    return Settings(
        database_url=request.getfixturevalue("database_url") if asked else f"sqlite:///{tmp_path / 'recur.sqlite'}",
        content_dir=tmp_path / "content",
        time_zone="Europe/Berlin",
        watch=False,
        backups=0,
        backup_dir=tmp_path / "backups",
        deletion_days=0,
    )


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """SQLite and PostgreSQL in turn: whatever asks for it, or for a database, is run on both."""
    folder = tmp_path_factory.getbasetemp() / request.param
    folder.mkdir(exist_ok=True)
    return backend_named(request.param, folder)


@pytest.fixture
def database_url(backend: Backend, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database without content."""
    url = backend.new(tmp_path, backend.migrated)
    yield url
    backend.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database at `database_url`."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def elsewhere(backend: Backend, tmp_path: Path) -> Iterator[Database]:
    """Another such database."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    database = Database(backend.new(folder, backend.migrated))
    yield database
    database.close()
    backend.drop(str(database.url))


LOGGERS = ("", "app", "uvicorn.error", "py.warnings")


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Takes back what `app.observe.log.start` does to this process."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(one.handlers[:], one.level, one.filters[:]) for one in loggers]
    hooks = threading.excepthook, sys.unraisablehook
    yield
    for one, (handlers, level, filters) in zip(loggers, before, strict=True):
        one.handlers, one.filters = handlers, filters
        one.setLevel(level)
    threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)


@dataclass(frozen=True)
class Ended:
    """What a command printed, to standard output and to standard error, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_recur(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run `recur` over the test's own database and content, as it would be typed in `cwd` (default: `tmp_path`).

    Within this process, since a Python and its imports for each command take longer than the command.
    """

    def run(*words: str | Path, cwd: Path = tmp_path, **variables: str) -> Ended:
        own = {"RECUR_DATABASE_URL": settings.database_url, "RECUR_CONTENT_DIR": str(settings.content_dir)}
        own |= {"RECUR_BACKUP_DIR": str(settings.backup_dir)}
        with monkeypatch.context() as patch:
            for name in os.environ:
                if name.startswith("RECUR_"):
                    patch.delenv(name)
            for name, value in {**own, "XDG_CACHE_HOME": str(tmp_path / "cache"), **variables}.items():
                patch.setenv(name, value)
            patch.chdir(cwd)
            patch.setattr(sys, "argv", ["recur", *map(str, words)])
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        assert isinstance(code, int | None)
        return Ended(code or 0, *capsys.readouterr())

    return run


# --- Both databases: what asks for one runs on PostgreSQL too, all of it with `--postgres` and in `make proof`. ---


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run all tests of the database on PostgreSQL too")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        on_both = [pytest.param("sqlite", id=pytest.HIDDEN_PARAM)]
        if metafunc.definition.get_closest_marker("sqlite") is None:
            on_both.append(pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.server]))
        metafunc.parametrize("backend", on_both, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for folder, marker in FOLDERS.items():
            if item.path.is_relative_to(folder):
                item.add_marker(marker)
    if config.getoption("postgres") or hypothesis.settings.get_current_profile_name() == "proof":
        return
    number: Counter[Path] = Counter()
    left_out = []
    for item in items:
        if item.get_closest_marker("postgres"):
            takes_long = item.get_closest_marker("slow") or hasattr(getattr(item, "obj", None), "hypothesis")
            if takes_long or number[item.path] % SAMPLE:
                left_out.append(item)
            number[item.path] += not takes_long
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        left_out_ids = {id(item) for item in left_out}
        items[:] = [item for item in items if id(item) not in left_out_ids]


# --- What a lane leaves out is printed at its end, with xdist too, whose workers alone know the tests. ----------------


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        left_out = item.config.stash.setdefault(LEFT_OUT, Counter())
        left_out[next((marker for marker in LEFT_OUT_BY_QUICK if item.get_closest_marker(marker)), "other")] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(session.config.stash.get(LEFT_OUT, None) or {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = terminalreporter.config.stash.get(LEFT_OUT, None)
    if left_out:
        counts = ", ".join(f"{number} {marker}" for marker, number in sorted(left_out.items()))
        terminalreporter.write_line(
            f"Left out: {counts}. `make proof` runs all; `make test` all but most on PostgreSQL."
        )
