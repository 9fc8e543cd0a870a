"""Names of cards."""

import hashlib
import re
import unicodedata

LONGEST = 60
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug(question: str) -> str:
    """The name of a card that states no id: from its question alone, the same on every machine.

    A question too long for an address, or without Latin letters and digits, is told apart by a digest.
    """
    latin = unicodedata.normalize("NFKD", question).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall("[a-z0-9]+", latin))
    if words and len(words) <= LONGEST:
        return words
    digest = hashlib.blake2b(question.encode(), digest_size=4).hexdigest()
    return f"{words[:LONGEST].rstrip('-') or 'card'}-{digest}"
