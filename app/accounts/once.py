"""A link that lets in one browser, once, where all share one password: the browser then holds a cookie in its place."""

import os
import secrets

from app.accounts.secret import new_secret

ONCE = "/once/"
"""What the link's path begins with."""
COOKIE = "recur-once"


class OnceLink:
    """The link of one start of the server. Its copies in other processes (fork) know when it has been used."""

    def __init__(self) -> None:
        self.path = ONCE + new_secret()
        self.cookie = new_secret()
        """What the browser that came by the link holds until the server stops."""
        # Whoever reads the pipe's one byte uses the link: the system gives it to one reader, and to the others its end.
        self._unused, end = os.pipe()
        os.write(end, b"1")
        os.close(end)

    def use(self, path: str) -> bool:
        """Use the link; False if the path is another, or if the link was used before."""
        return secrets.compare_digest(path.encode(), self.path.encode()) and os.read(self._unused, 1) != b""

    def knows(self, cookie: str) -> bool:
        """True if the cookie is the one that the link gave."""
        return secrets.compare_digest(cookie.encode("utf-8", "surrogateescape"), self.cookie.encode())
