"""Browsers for the soak: each studies, reads, trains or imports over one connection, and keeps what it was answered."""

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
PAGES = ("/", "/stats", "/browse?q=gradient", "/topics", "/quiz", "/settings", "/demos/gradient-flow")
WARM_UP = 8.0
PAUSE = 2.0
"""Seconds from one training or import of a browser to its next: as much of both at any throughput."""
SENT_TWICE = 3
"""Every so many-th rating is sent twice."""
FORM = "application/x-www-form-urlencoded"
IMPORTED = 300
"""Reviews in the history that an importing browser sends."""


@dataclass
class Seen:
    """What all browsers of a soak were answered. `rated` are seconds, `counted` the tokens that were acknowledged."""

    rated: list[float] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)
    imports: int = 0
    trainings: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


class Browser:
    """A learner's browser with one kept-alive connection, which it makes anew when the server has closed it."""

    def __init__(self, port: int, learner: int, seen: Seen) -> None:
        self.port, self.learner, self.seen = port, learner, seen
        self.wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = FORM, part: bool = True) -> str:
        """The body of the answer. Whatever is wrong is noted in `seen`; the body is empty then."""
        headers = {"Host": f"127.0.0.1:{self.port}", "Cookie": f"recur-learner={self.learner}"}
        headers |= {"Sec-Fetch-Site": "same-origin", "Content-Length": str(len(body)), "Content-Type": kind}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in (headers | (PART if part else {})).items())]
        try:
            status, text = await asyncio.wait_for(self._send("\r\n".join(lines).encode() + b"\r\n\r\n" + body), 120)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self._note(f"{method} {path.split('?')[0]}: {error!r}")
            await self.close()
            return ""
        self.seen.answers[f"{status}"] += 1
        if status >= 400 and status != 409:
            self._note(f"{method} {path.split('?')[0]}: {status} {text[:200]}")
            return ""
        return text

    async def close(self) -> None:
        """Close the connection."""
        if self.wire:
            self.wire[1].close()
            self.wire = None

    def _note(self, what: str) -> None:
        self.seen.errors.append(what)

    async def _send(self, request: bytes) -> tuple[int, str]:
        if self.wire is None:
            self.wire = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        reader, writer = self.wire
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        if length:
            body = await reader.readexactly(int(length[1]))
        elif "transfer-encoding: chunked" in head:
            body = b""
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = b""
        if "connection: close" in head:
            await self.close()
        return int(head.split()[1]), body.decode()

    async def study(self, number: int) -> None:
        """Rate the next card, and now and then look at whole pages."""
        question = dict(HIDDEN.findall((await self.ask("GET", "/review?deck=rnn")).split('class="reveal"')[0]))
        if "card" not in question:
            await self.ask("GET", PAGES[number % len(PAGES)], part=False)
            return
        fields = urlencode(question)
        if "instance" in question:  # a computed card
            shown = await self.ask("POST", "/review/answer", f"{fields}&gives_up=1".encode())
        else:
            shown = await self.ask("GET", f"/review?{fields}")
        if 'class="rating"' not in shown:
            return
        rating = dict(HIDDEN.findall(shown[shown.index('class="rating"') :])) | {"rating": str(1 + number % 5)}
        body = urlencode(rating).encode()
        for _ in range(2 if number % SENT_TWICE == 0 else 1):
            begun = time.perf_counter()
            if await self.ask("POST", "/review", body):
                self.seen.rated.append(time.perf_counter() - begun)
                self.seen.counted.add(rating["token"])
        if number % 4 == self.learner % 4:
            await self.ask("GET", PAGES[(number + self.learner) % len(PAGES)], part=False)

    async def train(self, number: int) -> None:
        """Watch a training to its end, or be told that others train."""
        seed = (37 * self.learner + number) % 10_000
        told = await self.ask("GET", f"/demos/training-symptoms/train?updates=40&seed={seed}")
        self.seen.trainings += "event: done" in told

    async def take_in(self, number: int, history: str) -> None:
        """Import a history of reviews that nobody has; one at a time is taken, so ask again until it is."""
        mine = history.replace("TOKEN", f"l{self.learner}n{number}")
        file = f'--b\r\nContent-Disposition: form-data; name="file"; filename="h"\r\n\r\n{mine}\r\n--b--\r\n'.encode()
        errors = len(self.seen.errors)
        told = await self.ask("POST", "/settings/history", file, "multipart/form-data; boundary=b", part=False)
        if f"{IMPORTED} reviews added" in told:
            self.seen.imports += 1
        elif len(self.seen.errors) > errors and "503" in self.seen.errors[-1]:
            self.seen.errors.pop()  # told to come back


async def soak(port: int, clients: int, seconds: float, history: str) -> tuple[Seen, float]:
    """What so many browsers at once saw in so many seconds, and the seconds until the last was done.

    Of sixteen, one trains and one imports, and fourteen study. The learners are 1 to `clients`. Before that they warm
    the server up, half as long and at most WARM_UP: each process compiles its templates and statements once.
    """
    seen = Seen()
    warm = min(WARM_UP, seconds / 2)
    begun = time.perf_counter() + warm

    async def begin() -> None:
        await asyncio.sleep(warm)
        seen.answers.clear()
        seen.rated.clear()

    async def live(learner: int) -> None:
        browser = Browser(port, learner, seen)
        acts: dict[int, Callable[[int], Awaitable[None]]] = {
            2: browser.train,
            3: lambda number: browser.take_in(number, history),
        }
        act = acts.get(learner % 16, browser.study)
        for number in itertools.count():
            if time.perf_counter() - begun > seconds:
                break
            acted = time.perf_counter()
            await act(number)
            if act != browser.study:
                await asyncio.sleep(PAUSE - min(PAUSE, time.perf_counter() - acted))
        await browser.close()

    await asyncio.gather(begin(), *(live(learner) for learner in range(1, clients + 1)))
    return seen, time.perf_counter() - begun
