"""Record what the demos' PyTorch programs print: `python -m tests.frameworks.record_programs PYTHON`.

PyTorch is not a dependency: PYTHON is the interpreter of an environment that has it (`python -m venv X`, then
`X/bin/pip install torch numpy`). It writes pytorch_programs.json beside itself: PyTorch's version, and for each state a
hash of its program and what that printed.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.demos.program.layer_states import RUN_ALL, layer_demos, printed, states

RECORDED = Path(__file__).with_name("pytorch_programs.json")
VERSION = "import torch; print(torch.__version__.partition('+')[0])"


NUMBER = re.compile(r"-?\d+\.\d+(e-?\d+)?")


def sha256(program: str) -> str:
    """Of the program with its numbers to nine places: the last digits of a decomposition are a machine's own."""
    rounded = NUMBER.sub(lambda number: f"{round(float(number[0]), 9) + 0.0}", program)
    return hashlib.sha256(rounded.encode()).hexdigest()


def main(python: str) -> None:
    """Run every program with this interpreter, and write the file."""
    every = [one for demo in layer_demos() for one in states(demo, "pytorch")]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for index, one in enumerate(every):
            path = Path(folder, f"{index}.py")
            path.write_text(one.program)
            paths.append(str(path))
        version = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=True).stdout.strip()
        output = subprocess.run([python, "-c", RUN_ALL, *paths], capture_output=True, text=True, check=True).stdout
    programs = {
        one.address: {"sha256": sha256(one.program), "printed": numbers}
        for one, numbers in zip(every, printed(output), strict=True)
    }
    lines = ",\n".join(f"    {json.dumps(address)}: {json.dumps(found)}" for address, found in programs.items())
    RECORDED.write_text(f'{{\n  "version": {json.dumps(version)},\n  "programs": {{\n{lines}\n  }}\n}}\n')


if __name__ == "__main__":
    main(sys.argv[1])
