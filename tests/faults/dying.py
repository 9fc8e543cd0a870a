"""`python -m tests.faults.dying MOMENT COMMAND…`: run `recur COMMAND…`, and die by SIGKILL at a moment of its writes.

MOMENT is `write 3` (after the third INSERT, UPDATE or DELETE), `before commit 1`, `after commit 1`, or `call 17` (after
that call of the database's driver, whatever it was). A server counts from when it answers; its clock stands still.
With the moment `never 1` it lives, and says at its end what it counted, as JSON in the file COUNTS.
"""

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

import app.main
from app.cli import main
from tests.faults.failing import CALLS
from tests.faults.lives import NOW, is_write


class Death:
    """Counts what happens, and ends the process when the moment has come."""

    def __init__(self, moment: str, is_armed: bool) -> None:
        self.moment = moment
        self.is_armed = is_armed
        self.counts: Counter[str] = Counter()

    def at(self, what: str) -> None:
        if self.is_armed:
            self.counts[what] += 1
            if f"{what} {self.counts[what]}" == self.moment:
                os.kill(os.getpid(), signal.SIGKILL)

    def wrap(self, name: str) -> None:
        original = getattr(DefaultDialect, name)

        def call(dialect: Any, first: Any, *more: Any, **others: Any) -> None:
            if name == "do_commit":
                self.at("before commit")
                original(dialect, first, *more, **others)
                self.at("after commit")
            else:
                original(dialect, first, *more, **others)
                if is_write(more[0]):
                    self.at("write")
            self.at("call")

        setattr(DefaultDialect, name, call)


if __name__ == "__main__":
    moment, *command = sys.argv[1:]
    death = Death(moment, is_armed=command[0] != "serve")
    for one in CALLS:
        death.wrap(one)
    create_app = app.main.create_app

    def armed(*given: Any, **more: Any) -> Any:
        made = create_app(*given, **more | {"clock": lambda: NOW})
        death.is_armed = True
        return made

    app.main.create_app = armed
    sys.argv[1:] = command
    try:
        main()
    finally:
        if "COUNTS" in os.environ:
            Path(os.environ["COUNTS"]).write_text(json.dumps(death.counts))
