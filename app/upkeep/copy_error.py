"""The one way in which copying a database fails."""

from app.database import UnusableDatabaseError


class CopyError(UnusableDatabaseError):
    """A database was not copied, restored, moved or taken back. The message says why and what to do."""
