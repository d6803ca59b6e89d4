"""Whether the collected static files are still those of the sources, told without starting Django."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from opinion_market.settings.env import BASE_DIR

APPS = ("opinion_market", "markets", "mesh", "governance")


@dataclass(frozen=True)
class StaticFiles:
    """The collected files in `folder`, and the digest of what they were collected from."""

    folder: Path

    def current(self) -> bool:
        return self._mark.exists() and self._mark.read_text() == _digest()

    def mark_current(self) -> None:
        self._mark.write_text(_digest())

    @property
    def _mark(self) -> Path:
        return self.folder / ".collected"


def _digest() -> str:
    """Of the pinned packages and of our own static files' names, sizes and times."""
    digest = hashlib.sha256((BASE_DIR / "requirements.txt").read_bytes())
    for app in APPS:
        for path in sorted((BASE_DIR / app).glob("**/static/**/*")):
            status = path.stat()
            digest.update(f"{path.relative_to(BASE_DIR)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
