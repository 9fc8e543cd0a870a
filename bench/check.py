"""Checking content: 1,000 files as a command, the first time and again."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cards import content_folder
from bench.figures import Timing, heading, ratio, row, timed

HELD_TO = 1.0  # seconds, Python's start included


def run() -> None:
    """Print the times of `recur check`, and what it costs beyond starting Python and importing."""
    heading("Checking content")
    with TemporaryDirectory() as folder:
        environ = {**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"}
        content = content_folder(Path(folder) / "content", files=1000, cards_a_file=4)
        few = content_folder(Path(folder) / "few", files=1, cards_a_file=4)

        def check(target: Path, *options: str) -> float:
            command = [sys.executable, "-m", "app", "check", str(target), *options]
            return timed(lambda: subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL))

        check(few)
        one = Timing("one file", [check(few) for _ in range(3)])
        first = Timing("1,000 files, 4,000 cards, nothing remembered", [check(content, "--no-cache") for _ in range(3)])
        check(content)
        again = Timing("the same again, nothing changed", [check(content) for _ in range(3)])
        edits = []
        for n in range(3):
            file = content / "bench" / f"topic-{n:05d}.md"
            file.write_text(file.read_text().replace("An explanation.", "An explanation, and one more sentence."))
            edits.append(check(content))
        edit = Timing("the same with one file edited", edits)
        for timing in (one, first, again, edit):
            row(timing)
        ratio("an edit over the whole", edit.median / first.median, None)
        for name, timing in (("the first time", first), ("after an edit", edit)):
            met = "ok" if timing.median <= HELD_TO else "MISSED"
            print(f"  {f'1,000 files {name}, held to ≤ {HELD_TO:g} s':<44} {met}")
