"""`make audit`: asks for known weaknesses of every pinned package, and says of which it could not ask.

pip-audit says "no known vulnerabilities" of packages that it could not look up, and npm fails without saying more. Exit
code 0 if every package was looked up and none has a known weakness, 1 if one has, 2 if some could not be looked up.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.settings import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")


class Audited(NamedTuple):
    """How many packages there are, those with a weakness as sentences, and how many could not be looked up."""

    packages: int
    weak: Sequence[str]
    unknown: int
    why: str = ""


Run = Callable[[Sequence[str]], str]
"""Runs a command in the project's folder; returns what it prints to standard output, however it ends."""


def run(command: Sequence[str]) -> str:
    """Run a command for real. Raises OSError if there is none of this name."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        print(done.stderr.strip()[-500:], file=sys.stderr)
    return done.stdout


def python_packages(program: str, lock: str, run: Run = run) -> Audited:
    """Ask about the packages of one lock file."""
    pinned = sum("==" in line for line in (ROOT / lock).read_text().splitlines())
    options = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", "-r", lock)
    try:
        found: list[dict[str, Any]] = json.loads(run([program, *options]))["dependencies"]
    except (OSError, ValueError, KeyError) as error:
        return Audited(pinned, (), pinned, f"pip-audit gave no answer ({type(error).__name__})")
    weak = [
        f"{one['name']} {one['version']}: {', '.join(told['id'] for told in one['vulns'])}"
        for one in found
        if one.get("vulns")
    ]
    unknown = [one["skip_reason"] for one in found if "skip_reason" in one]
    return Audited(pinned, weak, len(unknown) + max(0, pinned - len(found)), unknown[0] if unknown else "")


def browser_libraries(run: Run = run) -> Audited:
    """Ask about the packages of package-lock.json."""
    pinned = len(json.loads((ROOT / "package-lock.json").read_text())["packages"]) - 1
    try:
        said = json.loads(run(["npm", "audit", "--json"]))
        found: dict[str, dict[str, Any]] = said["vulnerabilities"]
    except (OSError, ValueError, KeyError) as error:
        return Audited(pinned, (), pinned, f"npm audit gave no answer ({type(error).__name__})")
    return Audited(pinned, [f"{name}: {one['severity']}" for name, one in sorted(found.items())], 0)


def tell(name: str, found: Audited) -> int:
    """Print what was found; returns the exit code that it would have alone."""
    print(f"{name}: {found.packages} packages, {len(found.weak)} with a known weakness.")
    for one in found.weak:
        print(f"  {one}")
    if found.unknown:
        print(f"  NOT AUDITED: {found.unknown} of them could not be looked up. {found.why}".rstrip())
        print("  Run it again where the registries and their lists of weaknesses can be reached.")
    return 1 if found.weak else 2 if found.unknown else 0


def main(program: str) -> int:
    """Audit everything; returns the exit code."""
    codes = [tell(lock, python_packages(program, lock)) for lock in LOCKS]
    codes.append(tell("package-lock.json", browser_libraries()))
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).absolute())))
