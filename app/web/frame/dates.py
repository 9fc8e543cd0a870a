"""Dates, spans, sizes and counts in words."""

from datetime import date, datetime


def plural(count: int, one: str, many: str | None = None) -> str:
    """«1 card», «3 cards»; the plural is `one` with an s unless given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}".replace(",", " ")


def a_date(day: date, today: date) -> str:
    """«today», «Thursday», «3 March 2028»: the shortest that cannot be misread; of a moment, with its time."""
    if isinstance(day, datetime):
        return f"{a_date(day.date(), today)}, {day:%H:%M}"
    days = (day - today).days
    if days in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[days + 1]
    if 1 < days < 7:
        return day.strftime("%A")
    return f"{day.day} {day:%B}" + (f" {day.year}" if day.year != today.year else "")


def how_long(seconds: float) -> str:
    """«less than a minute», «4 minutes», «1 hour 10 minutes»."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    parts = [plural(hours, "hour")] if hours else []
    if rest:
        parts.append(plural(rest, "minute"))
    return " ".join(parts)


def how_large(size: int) -> str:
    """«100 MB», «2.5 kB»: a number of bytes, to three digits."""
    unit, name = (1_000_000, "MB") if size >= 1_000_000 else (1_000, "kB")
    return f"{size / unit:.3g} {name}" if size < 1_000 * unit else f"{size // unit} {name}"
