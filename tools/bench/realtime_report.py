"""Placeholder."""
from typing import Any
from pathlib import Path
import json
def as_text(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=1)
def write_into(document: Path, result: dict[str, Any]) -> None: ...
