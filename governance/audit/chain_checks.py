"""Checks of a stream's hash chain that somebody asked for in the console, and what the last one found.

The result is kept in the cache: it is a convenience. `manage.py verify_events` is the check of the whole store.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.cache import cache

from governance.identity.models import User
from opinion_market.eventstore import verify
from opinion_market.eventstore.models import StreamSummary
from opinion_market.kernel.errors import Conflict

LONGEST_CHECKED = 200_000
_LAST = "eventstore:last-check"


class StreamTooLong(Conflict):
    """The stream has too many events to be checked while somebody waits; `manage.py verify_events --stream` does it."""

    code = "stream_too_long"
    title = "This stream is too long to be verified here; run manage.py verify_events with its name."


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a check found. `findings` has a sentence for the first broken link of each kind; none if the chain is intact."""

    stream: str
    events: int
    checked_at: datetime
    checked_by: str
    findings: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return not self.findings


def check_chain(*, actor: User, summary: StreamSummary, now: datetime) -> ChainCheck:
    """Recompute a stream's chain and remember the result. Raises StreamTooLong beyond LONGEST_CHECKED events.

    Reads the whole stream, about 50,000 events a second; takes no lock.
    """
    if summary.version > LONGEST_CHECKED:
        raise StreamTooLong(stream=summary.stream, events=summary.version)
    result = verify.verify_events(stream=summary.stream)
    findings = tuple(
        f"Version {found.version}: {found.explanation} ({result.counts[kind]:,} of this kind)."
        for kind, found in result.first.items()
    )
    check = ChainCheck(summary.stream, result.events, now, str(actor), findings)
    cache.set_many({_key(summary.stream): asdict(check), _LAST: asdict(check)}, timeout=None)
    return check


def last_check(stream: str | None = None) -> ChainCheck | None:
    """The last check of a stream, or of any; None if none is remembered."""
    kept = cache.get(_key(stream) if stream else _LAST)
    return ChainCheck(**kept) if kept else None


def _key(stream: str) -> str:
    return f"eventstore:check:{stream}"
