"""From the command to the first answer, against a bare FastAPI + SQLModel app."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from app.settings import ROOT
from bench.figures import Timing, heading, ratio, row, timed
from bench.serving import BARE, RECUR, bare_env, recur_env, serving

STARTS = 5


def _start(command: list[str], env: Mapping[str, str]) -> None:
    with serving(command, env):
        pass


def run() -> None:
    """Print the ratio."""
    heading("Start-up: migrate, load the project's own content (already loaded), first answer, stop")
    with TemporaryDirectory() as folder:
        env = recur_env(Path(folder), ROOT / "content")
        _start(RECUR, env)
        theirs, ours = [], []
        for _ in range(STARTS):
            theirs.append(timed(lambda: _start(BARE, bare_env(folder))))
            ours.append(timed(lambda: _start(RECUR, env)))
        row(Timing("bare FastAPI + SQLModel", theirs))
        row(Timing("Recur", ours))
        ratio("start-up", Timing("", ours).median / Timing("", theirs).median, None)
