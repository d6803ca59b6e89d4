"""What a verification finds."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class BreakKind(StrEnum):
    MISSING_VERSION = "missing_version"
    WRONG_PREVIOUS_HASH = "wrong_previous_hash"
    WRONG_HASH = "wrong_hash"
    OUT_OF_ORDER = "out_of_order"
    MISSING_END = "missing_end"
    ARCHIVE_DAMAGED = "archive_damaged"
    SEAL_ROOT = "wrong_seal_root"
    SEAL_CHAIN = "broken_seal_chain"
    SEAL_SIGNATURE = "wrong_seal_signature"
    SEAL_KEY = "unknown_seal_key"


@dataclass(frozen=True, slots=True)
class Break:
    """A broken link: the event at which it shows. `position` is None when that event is the missing one.

    Of a seal, `stream` is "seal" and `version` its number; of a file, `stream` is its name and `version` 0.
    """

    kind: BreakKind
    stream: str
    version: int
    position: int | None
    explanation: str


@dataclass(slots=True)
class Verification:
    """What was looked at, how many links are broken, and the first broken one of each kind."""

    events: int = 0
    streams: int = 0
    seals: int = 0
    archives: int = 0
    counts: Counter[BreakKind] = field(default_factory=Counter)
    first: dict[BreakKind, Break] = field(default_factory=dict)

    @property
    def intact(self) -> bool:
        return not self.counts

    def note(self, found: Break) -> None:
        self.counts[found.kind] += 1
        self.first.setdefault(found.kind, found)
