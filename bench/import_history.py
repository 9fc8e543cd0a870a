"""How long somebody else's rating waits while a long history is imported, over what it takes when all is quiet."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from app.database import Database
from app.tables import CARD
from bench.figures import Timing, heading, ratio, row
from bench.review import ALL_DAY, PART, post, rating_form
from bench.serving import RECUR, ServerProcess, recur_env, serving
from bench.soak import Place, a_history
from tests.postgres import FOLDERS

REVIEWS = 25_000
QUIET = 3.0
"""Seconds of ratings before the import, and after it."""
MOST = 10
"""Times its quiet median that no rating may wait longer."""
CARDS = 50
"""Written cards: of them each learner rates all, once. One whose sitting is over gets another page."""
LONGEST = 300
"""Seconds that an import may take."""


Take = Callable[[ServerProcess, Mapping[str, str], Path], str]


def run() -> None:
    """Print the ratios: through the browser, by the command, on each database that is here."""
    heading(f"A rating while another learner's history of {REVIEWS:,} reviews is imported")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="recur-bench-")))
        history = folder / "history.jsonl"
        history.write_text(a_history(folder, REVIEWS))
        for kind in ("sqlite", "postgresql") if FOLDERS else ("sqlite",):
            place = Place(kind, folder)
            stack.callback(place.close)
            for how, take in (("the browser", _by_browser), ("the command", _by_command)):
                _compare(f"{kind}, by {how}", place, history, take)


def _compare(name: str, place: Place, history: Path, take: Take) -> None:
    with TemporaryDirectory() as folder:
        url = place.new(Path(folder))
        env = recur_env(Path(folder)) | {"RECUR_DATABASE_URL": url, "RECUR_CONTENT_DIR": "content"} | ALL_DAY
        database = Database(url)
        with database.read() as session:
            written = select(CARD.c.id).where(CARD.c.asks.is_(None)).limit(CARDS)
            cards = session.connection().execute(written).scalars().all()
        database.close()
        with serving(RECUR, env) as server:
            somebody = _Rater(server, cards)
            somebody.rate(time.monotonic() + QUIET)
            quiet = Timing(f"{name}: quiet", somebody.rate(time.monotonic() + QUIET))
            seconds: list[float] = []
            done = threading.Event()
            rater = threading.Thread(target=lambda: seconds.extend(somebody.rate(time.monotonic() + LONGEST, done)))
            rater.start()
            begun = time.monotonic()
            try:
                told = take(server, env, history)
            finally:
                took = time.monotonic() - begun
                done.set()
                rater.join()
            if "000 reviews added" not in told:
                raise RuntimeError(f"the import said: {told}")
    busy = Timing(f"{name}: importing for {took:.1f} s", seconds)
    row(quiet)
    row(busy)
    waits = ", ".join(f"{one * 1e3:.0f}" for one in sorted(seconds)[-5:])
    ratio(f"longest of {len(seconds)} ({waits} ms) over the quiet median", max(seconds) / quiet.median, MOST)


class _Rater:
    """Rates one card after the other, as learner 2, 3 and so on."""

    def __init__(self, server: ServerProcess, cards: Sequence[int]) -> None:
        self._connection, self._cards = server.connect(), cards
        self._rated = 0

    def rate(self, until: float, done: threading.Event | None = None) -> list[float]:
        """Go on until that time, or until it is done. Returns the seconds of each rating."""
        seconds = []
        while time.monotonic() < until and not (done and done.is_set()):
            learner, at = divmod(self._rated, CARDS)
            self._rated += 1
            headers = PART | {"Cookie": f"recur-learner={learner + 2}", "Sec-Fetch-Site": "same-origin"}
            form = rating_form(self._connection, self._cards[at], "rnn", headers)
            seconds.append(post(self._connection, "/review", form, headers))
        return seconds


def _by_browser(server: ServerProcess, _env: Mapping[str, str], history: Path) -> str:
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="h"\r\n\r\n'
    body = head.encode() + history.read_bytes() + b"\r\n--b--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONGEST)
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    connection.request("POST", "/settings/history", body, kind)
    return connection.getresponse().read().decode()


def _by_command(_server: ServerProcess, env: Mapping[str, str], history: Path) -> str:
    command = [sys.executable, "-m", "app", "import", str(history)]
    return subprocess.run(command, env={**os.environ, **env, "RECUR_PORT": "1"}, capture_output=True, text=True).stdout
