"""How the settings page asks for a preference: its words, and its value as it is typed."""

from dataclasses import dataclass
from typing import Any, Literal

from app.settings import zone_named


@dataclass(frozen=True, slots=True)
class PreferenceField:
    """A field of the form.

    `says` explains it and may hold {low}, {high} and {default}: the bounds, and the server's own setting. `noun` is
    what a number is, in the sentence that refuses another; `empty` is the choice of nothing. The name, bounds and
    choices come from the field of the profile.
    """

    control: Literal["number", "percent", "tick", "choice", "zone"]
    section: str
    label: str
    says: str
    noun: str = ""
    unit: str = ""
    empty: str = ""
    name: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()

    def text(self, value: Any) -> str:
        """A value as the form holds it; None is empty."""
        if value is None or value is False:
            return ""
        return "on" if value is True else f"{value * 100:.10g}" if self.control == "percent" else str(value)

    def words(self, default: str) -> str:
        """The explanation, where the server's own setting is `default`."""
        return self.says.format(low=self.text(self.low), high=self.text(self.high), default=default)

    def read(self, text: str, before: Any) -> Any:
        """The value that was typed; None if empty. Raises ValueError with a sentence.

        `before` is the value that the form changes: left as it was, it stays to the last digit.
        """
        if self.control == "tick":
            return text != ""
        if not text:
            return None
        match self.control:
            case "number":
                return self._number(text)
            case "percent":
                return before if text == self.text(before) else self._percent(text)
            case "choice":
                return self._choice(text)
            case _:
                return zone_named(text)

    def _number(self, text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) < 6 and self._holds(int(text)):
            return int(text)
        raise self._refusal(text)

    def _percent(self, text: str) -> float:
        try:
            number = float(text.removesuffix("%").strip().replace(",", "."))
        except ValueError:
            raise self._refusal(text) from None
        share = number if number <= 1 else number / 100
        if not self._holds(share):
            raise self._refusal(text)
        return share

    def _choice(self, text: str) -> Any:
        texts = {str(choice): choice for choice in self.choices}
        if text not in texts:
            raise ValueError(f"{text[:20]!r} must be one of {', '.join(texts)}.")
        return texts[text]

    def _holds(self, number: float) -> bool:
        return self.low is not None and self.high is not None and self.low <= number <= self.high

    def _refusal(self, text: str) -> ValueError:
        bounds = f"from {self.text(self.low)} to {self.text(self.high)}{self.unit}"
        return ValueError(f"{text[:20]!r} is not {self.noun} {bounds}.")
