"""Envoy's access logs into tables: each complete line once, whoever is killed on the way.

A log that has grown large is set aside, Envoy is asked to begin another, and what was set aside is removed once it is read.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.db import transaction

from mesh.dataplane.envoy_admin import EnvoyAdmin
from mesh.dataplane.log_models import LogPosition

log = logging.getLogger(__name__)

ROTATED_AT_BYTES = 32 * 1024 * 1024
_CHUNK_BYTES = 4 * 1024 * 1024


class Recorder(Protocol):
    """Stores lines of a log, in the transaction it is called in; returns how many it could read."""

    def __call__(self, lines: Sequence[str], *, node: str) -> int: ...


@dataclass(slots=True)
class Collector:
    """One log of one node."""

    node: str
    path: Path
    record: Recorder
    rotated_at_bytes: int = ROTATED_AT_BYTES

    def collect(self) -> int:
        """Store what was written since the last time, at most 4 MiB; return the number of rows."""
        aside = self._aside
        # What was set aside is read to its end before the new file is begun.
        path = aside if aside.exists() else self.path
        try:
            with path.open("rb") as file:
                status = path.stat()
                with transaction.atomic():
                    return self._collect(file, status.st_ino)
        except FileNotFoundError:
            return 0
        finally:
            if aside.exists() and self._is_read(aside):
                aside.unlink()

    def rotate(self, admin: EnvoyAdmin) -> bool:
        """Set a large log aside. Raises EnvoyUnreachable, with nothing lost: Envoy goes on writing into what was set aside."""
        if not self.path.exists() or self.path.stat().st_size < self.rotated_at_bytes or self._aside.exists():
            return False
        self.path.rename(self._aside)
        admin.reopen_logs()
        return True

    @property
    def _aside(self) -> Path:
        return self.path.with_suffix(".aside")

    def _is_read(self, aside: Path) -> bool:
        status = aside.stat()
        position = LogPosition.objects.filter(node=self.node, file=self.path.name).first()
        # Only once Envoy writes elsewhere: until then more may come.
        is_done = position is not None and position.inode == status.st_ino and position.offset >= status.st_size
        return is_done and self.path.exists()

    def _collect(self, file: Any, inode: int) -> int:
        position, _ = LogPosition.objects.select_for_update().get_or_create(
            node=self.node, file=self.path.name, defaults={"inode": inode, "offset": 0}
        )
        if position.inode != inode:
            position.inode, position.offset = inode, 0
        file.seek(position.offset)
        chunk = file.read(_CHUNK_BYTES)
        end = chunk.rfind(b"\n") + 1
        if not end:
            return 0
        stored = self.record(chunk[:end].decode(errors="replace").splitlines(), node=self.node)
        position.offset += end
        position.save()
        return stored
