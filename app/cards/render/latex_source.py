"""Prepares an author's LaTeX for math-core: replaces what it lacks, and refuses what would be drawn wrong."""

import re
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

from app.cards.render.word_table import word_table

DEEPEST = 40
MOST_MACROS = 100

Macros = tuple[tuple[str, str], ...]
"""Names of commands, without the backslash, and what each stands for, with #1 to #9 for its arguments."""

_TABLE = word_table(Path(__file__).with_name("latex.txt"))
_OURS_ALONE, _KNOWN, _REFUSED, _ALIKE = (_TABLE[kind] for kind in ("ours", "known", "refused", "alike"))
BUILT_IN = _OURS_ALONE | _KNOWN
"""Commands that authors use and math-core lacks, and what is drawn for each."""

_TAGGED = re.compile(r"(equation|align|flalign|alignat|gather)\*?")
_FENCES = {"p": ("(", ")"), "b": ("[", "]"), "B": (r"\{", r"\}"), "v": ("|", "|"), "V": (r"\|", r"\|"), "": (".", ".")}
_TOKEN = re.compile(r"\\([a-zA-Z]+\*?|.|\Z)|[{}$%]", re.DOTALL)
_NAME = re.compile(r"\s*\{([^{}]*)\}")
_OPTION = re.compile(r"\s*\[([tbclr]*)\]")
_LENGTH = re.compile(r"\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mu|cm|mm|in|bp|pc|px)\s*\]")
_OPERATOR = re.compile(r"mathop|operatorname\*?")
_WORDS = r"((?:[a-zA-Z -]|\\[,;: ])+)"
_LETTERS = re.compile(
    rf"\s*\{{\s*(?:\\(?:mathrm|text|operatorname|mathit|mathbf)\s*\{{{_WORDS}\}}|\\rm\b\s*{_WORDS}|{_WORDS})\s*\}}"
    r"(?:\s*\\limits\b)?"
)
_ANGLE = re.compile(r"\s*([<>])")
_BRACE = re.compile(r"\s*\{")
_TEXT = re.compile(r"text(?!color|style)[a-z]*|mbox|hbox|emph|substack")
_NOT_LETTERS = re.compile(r"\s*\{(?:[^{}]|\{[^{}]*\})*?(?:[_^]|\\(?:math(?!rm|it)|b[mo]|hat|bar|tilde|over|under|lim))")
_BOLD_SCRIPT = re.compile(r"\\(?:boldsymbol|bm|mathbf|pmb)\s*\{\s*\\(?:mathcal|mathscr|cal)\s*\{?\s*([A-Z])\s*\}?\s*\}")
_REWRITTEN = [(re.compile(pattern), form) for pattern, form in _TABLE["form"].items()]
_RULES = ("hline", "toprule", "midrule", "bottomrule")
_AFTER_RULE = re.compile(rf"\\(?:{'|'.join(_RULES)}|hdashline)\s*$")
_SPECIAL = {*_RULES, *_TABLE["special"]}
_COLUMNS = re.compile(r"\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_REPEATED = re.compile(r"\*\s*(?:\{(\d{1,2})\}|(\d))\s*(?:\{([^{}]*)\}|(\w))")
_NO_COLUMN = re.compile(
    r"[@!<>]\{(?:\s|\\[,;:!]|\{[^{}]*\}|\\(?:hspace|quad|qquad|enspace|extracolsep|raggedright|centering)\b\*?)*\}"
)
"""What in an array's columns sets only spaces."""
_SIZED = re.compile(r"left|right|middle|[bB]igg?[lrm]?")

_ARGUMENT = re.compile(
    r"\s*(?:\{((?:[^{}\\]|\\.|\{(?:[^{}\\]|\\.|\{[^{}]*\})*\})*)\}|(\\[a-zA-Z]+|\\.|[^\s{}]))", re.DOTALL
)


class MathsError(ValueError):
    """A formula that cannot be shown; the message says why. `at` is where in the formula, from 0."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


class LatexSource:
    """A formula as math-core reads it, which is `text`. Raises MathsError for what it would draw wrong."""

    def __init__(self, latex: str, display: bool) -> None:
        self.latex, self.display = latex, display
        self.is_tagged = r"\tag" in latex
        self.has_formulas = "$" in latex or r"\(" in latex
        self.written: list[str] = []
        self.starts, self.origins, self.length = [0], [0], 0
        self.open: list[tuple[str, str, int]] = []
        self.columns: list[int] = []
        self.operator_end = -1
        self._read()
        self.text = "".join(self.written)

    def origin(self, at: int) -> int:
        """Where in the author's LaTeX a place in `text` comes from."""
        part = bisect_right(self.starts, at) - 1
        end = self.origins[part + 1] if part + 1 < len(self.origins) else len(self.latex)
        return min(self.origins[part] + at - self.starts[part], max(end - 1, self.origins[part]))

    def _write(self, text: str, origin: int) -> None:
        self.starts.append(self.length)
        self.origins.append(origin)
        self.written.append(text)
        self.length += len(text)

    def _read(self) -> None:
        latex, at, kept = self.latex, 0, 0
        wraps = self.is_tagged and self.display and r"\begin" not in latex
        self._write(r"\begin{equation*}" if wraps else "", 0)
        while found := _TOKEN.search(latex, at):
            text, end = self._token(found)
            if text != latex[found.start() : end]:
                self._write(latex[kept : found.start()], kept)
                self._write(text, found.start())
                kept = end
            at = end
        self._write(latex[kept:], kept)
        self._write(r"\end{equation*}" if wraps else "", len(latex))
        if self.open:
            kind, name, place = self.open[-1]
            raise MathsError(rf"{_opening(kind, name)} is not closed", place)

    def _token(self, found: re.Match[str]) -> tuple[str, int]:
        """What is written for a token, and where the next one is looked for."""
        latex, command, at = self.latex, found[1], found.start()
        if command is None:
            return self._sign(found[0], at), found.end()
        if not command:
            raise MathsError("it ends with a single backslash", at)
        if _is_ordinary(command):
            return found[0], found.end()
        if command in ("begin", "end"):
            return self._environment(command, found)
        if _OPERATOR.fullmatch(command) and (named := _LETTERS.match(latex, found.end())):
            star = "" if command == "operatorname" else "*"
            return rf"\operatorname{star}{{{named[1] or named[2] or named[3]}}}", named.end()
        is_operator = command == "mathop" or (_OPERATOR.fullmatch(command) and _NOT_LETTERS.match(latex, found.end()))
        if is_operator and command == "operatorname":
            return r"\mathrm", found.end()
        if is_operator and (opens := _BRACE.match(latex, found.end())):
            self._enter("operator", command, at)
            return r"\mathop{{" if command == "mathop" else r"\mathop{\mathrm{", opens.end()
        if command in ("limits", "nolimits") and self.operator_end == len(latex[:at].rstrip()):
            return "", found.end()  # a display has them below anyway
        if bold := _BOLD_SCRIPT.match(latex, at):
            return chr(0x1D4D0 + ord(bold[1]) - ord("A")), bold.end()
        for pattern, form in _REWRITTEN:
            if written := pattern.match(latex, at):
                return written.expand(form), written.end()
        if command in _RULES:
            return "" if _AFTER_RULE.search(latex[max(at - 40, 0) : at]) else r"\hline", found.end()
        if command in "()" and self.open and self.open[-1][0] == ("text" if command == "(" else "$"):
            return self._sign("$", at), found.end()
        if why := _REFUSED.get(command):
            raise MathsError(rf"\{command} cannot be used here: {why}", at)
        if command == "\\":
            if not any(kind == "begin" or name == "substack" for kind, name, _at in self.open):
                raise MathsError(r"\\ is outside an environment such as aligned", at)
            length = _LENGTH.match(latex, found.end())
            return found[0], length.end() if length else found.end()
        if command in "&_%$#" and any(kind == "text" for kind, _name, _at in self.open):
            return rf"{found[0]}{{}}", found.end()  # math-core would take the space behind it away
        if command == "label" and (name := _NAME.match(latex, found.end())):
            return "", name.end()
        if _SIZED.fullmatch(command) and (angle := _ANGLE.match(latex, found.end())):
            self._fence(command, at)
            return rf"\{command}\{'l' if angle[1] == '<' else 'r'}angle ", angle.end()
        self._fence(command, at)
        opens = _BRACE.match(latex, found.end()) if _TEXT.fullmatch(command) else None
        if not opens:
            return found[0], found.end()
        self._enter("text" if command != "substack" else "{", command, at)
        wrapped = "{" if self.has_formulas and command != "substack" else ""
        return wrapped + latex[at : opens.end()], opens.end()

    def _sign(self, sign: str, at: int) -> str:
        kind, name, _at = self.open[-1] if self.open else ("", "", 0)
        if sign == "{":
            self._enter("{", "", at)
        elif sign == "}":
            if kind not in ("{", "text", "operator"):
                raise MathsError(rf"{_opening(kind, name)} is closed by a }}" if kind else "a } closes nothing", at)
            self.open.pop()
            if kind == "operator":
                self.operator_end = at + 1
            return "}}" if kind == "operator" or (kind == "text" and self.has_formulas) else "}"
        elif sign == "%":
            raise MathsError(r"% starts a comment in LaTeX; a percent sign is \%", at)
        elif sign == "$":
            if kind == "text" and [one for one, _name, _at in self.open].count("text") == 1:
                self.open[-1] = ("$", name, at)
                return "}"
            if kind == "$":
                self.open[-1] = ("text", name, at)
                return rf"\{name}{{"
            raise MathsError(r"there is a $ inside the formula; a dollar is \$", at)
        return sign

    def _enter(self, kind: str, name: str, at: int) -> None:
        self.open.append((kind, name, at))
        if len(self.open) > DEEPEST:
            raise MathsError("the formula is nested too deeply", at)

    def _fence(self, command: str, at: int) -> None:
        if command == "left":
            self._enter("left", "", at)
        elif command == "right":
            if not self.open or self.open[-1][0] != "left":
                what = f"{_opening(*self.open[-1][:2])} is not closed before it" if self.open else r"there is no \left"
                raise MathsError(rf"\right closes nothing: {what}", at)
            self.open.pop()

    def _environment(self, verb: str, found: re.Match[str]) -> tuple[str, int]:
        at, named = found.start(), _NAME.match(self.latex, found.end())
        if not named:
            raise MathsError(rf"\{verb} names no environment: write \{verb}{{aligned}}", at)
        name, end = named[1], named.end()
        if why := _REFUSED.get(name):
            raise MathsError(f"{name} cannot be used here: {why}", at)
        if verb == "begin":
            self._enter("begin", name, at)
        elif not self.open or self.open[-1][:2] != ("begin", name):
            what = (
                f"{_opening(*self.open[-1][:2])} is not closed before it" if self.open else r"there is no such \begin"
            )
            raise MathsError(rf"\end{{{name}}} closes nothing: {what}", at)
        else:
            self.open.pop()
        takes = verb == "begin" and re.fullmatch(r"aligned(at)?|gathered|split|array|.*matrix\*", name)
        option = _OPTION.match(self.latex, end) if takes else None
        end = option.end() if option else end
        if name == "array" and verb == "begin" and (written := _COLUMNS.match(self.latex, end)):
            spec = _REPEATED.sub(lambda one: int(one[1] or one[2]) * (one[3] or one[4]), written[1])
            spec = re.sub(r"[pmb]\{[^{}]*\}", "l", _NO_COLUMN.sub("", spec))
            self.columns.append(len(re.findall("[lcr]", spec)))
            return rf"\begin{{array}}{{{spec}}}", written.end()
        if name == "array" and self.columns:
            rule, cells = _AFTER_RULE.search(self.latex[max(at - 40, 0) : at]), self.columns.pop()
            return rf"{'&' * (cells - 1) if rule else ''}\end{{array}}", end
        if verb == "begin" and name.startswith("aligna"):
            count = _NAME.match(self.latex, end)
            end = count.end() if count else end
        if re.fullmatch(r"[pbBvV]?(?:small)?matrix\*", name):
            left, right = _FENCES[name.split("m")[0].removesuffix("s")]
            columns = (option[1] if option else "c") * 10
            opening = rf"\left{left}\begin{{array}}{{{columns}}}"
            return opening if verb == "begin" else rf"\end{{array}}\right{right}", end
        fills = name.startswith("multline") or (self.is_tagged and _TAGGED.fullmatch(name))
        if fills and (self.latex[:at] if verb == "begin" else self.latex[end:]).strip():
            raise MathsError(f"{name} must be the whole formula: write aligned or gathered within one", at)
        if self.is_tagged and (tagged := _TAGGED.fullmatch(name)):
            star = "equation*" if tagged[1] == "equation" else "gather*" if tagged[1] == "gather" else "align*"
            return rf"\{verb}{{{star}}}", end
        return _ALIKE[name].split()[verb == "end"] if name in _ALIKE else rf"\{verb}{{{name}}}", end


@lru_cache(maxsize=1_024)
def _is_ordinary(command: str) -> bool:
    """True if a command is drawn as it is, whatever stands around it."""
    special = command in _REFUSED or command in _SPECIAL
    return command.isalpha() and not special and not any(one.fullmatch(command) for one in (_OPERATOR, _SIZED, _TEXT))


def _opening(kind: str, name: str) -> str:
    return {"begin": rf"\begin{{{name}}}", "left": r"\left", "$": "a $"}.get(kind, "a {")


@lru_cache(maxsize=256)
def _macro_names(macros: Macros) -> tuple[dict[str, str], re.Pattern[str]]:
    bodies = _OURS_ALONE | dict(macros)
    names = "|".join(sorted(bodies, key=len, reverse=True))
    return bodies, re.compile(rf"\\({names})(?![a-zA-Z])\s*")


def expanded(latex: str, macros: Macros) -> str:
    """The LaTeX with its macros written out, so that other programs can read it."""
    bodies, names = _macro_names(macros)
    for _round in range(MOST_MACROS):
        found = names.search(latex)
        if not found:
            break
        body, end, given = bodies[found[1]], found.end(), []
        for _number in range(max(map(int, re.findall("#([1-9])", body)), default=0)):
            argument = _ARGUMENT.match(latex, end)
            if not argument:
                return latex
            given.append(argument[1] or argument[2] or "")
            end = argument.end()
        body = re.sub("#([1-9])", lambda one: given[int(one[1]) - 1], body)  # noqa: B023 - used at once
        space = " " if body[-1:].isalpha() and latex[end : end + 1].isalpha() else ""
        latex = f"{latex[: found.start()]}{body}{space}{latex[end:]}"
    return latex
