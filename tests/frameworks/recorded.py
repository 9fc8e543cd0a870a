"""What PyTorch computed, recorded by record_pytorch.py with its version."""

import json
from pathlib import Path
from typing import Any

PYTORCH: dict[str, Any] = json.loads(Path(__file__).with_name("pytorch.json").read_text())
