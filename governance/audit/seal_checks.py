"""Checks of a seal that somebody asked for in the console, and what the last one found.

The result is kept in the cache: it is a convenience. `manage.py verify_events` is the check of all seals.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.cache import cache
from django.db import transaction

from governance.identity.models import User
from opinion_market.eventstore import verify_seals
from opinion_market.eventstore.models import Seal


@dataclass(frozen=True, slots=True)
class SealCheck:
    """What a check found. `findings` has a sentence for each fault; none if the seal is intact."""

    number: int
    events: int
    checked_at: datetime
    checked_by: str
    findings: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return not self.findings


@transaction.atomic
def check_seal(*, actor: User, seal: Seal, now: datetime) -> SealCheck:
    """Recompute a seal's root from its events, and look at its signature and its link to the seal before.

    Reads the seal's events, about 300,000 a second; takes no lock.
    """
    before = Seal.objects.filter(pk=seal.number - 1).defer("blocks").first()
    findings = tuple(f"Seal {seal.number}: {explanation}." for _, explanation in verify_seals.faults(seal, before))
    check = SealCheck(seal.number, seal.events, now, str(actor), findings)
    cache.set(_key(seal.number), asdict(check), timeout=None)
    return check


def last_check(number: int) -> SealCheck | None:
    """The last check of a seal; None if none is remembered."""
    kept = cache.get(_key(number))
    return SealCheck(**kept) if kept else None


def _key(number: int) -> str:
    return f"eventstore:seal-check:{number}"
