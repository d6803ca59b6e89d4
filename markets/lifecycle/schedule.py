"""What markets do by the clock: open, close, pay. The moment is the market's; the scheduler only catches up with it.

Orders heed opens_at and closes_at by themselves, so a late scheduler changes nothing but the moment of the event. Each step
asks under the market's lock whether it is still due: two schedulers at once take it once.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError
from django.db.models import CharField, F, Q, QuerySet, Value

from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle import commands
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.proposing import Finalize
from markets.lifecycle.resolution.services import prepare_accounts
from markets.lifecycle.taking import take
from markets.trading.session import Cause
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)

# A subsidy that does not cover an opening may be funded at any time; asking every second would only fill the log.
RETRY_AFTER = timedelta(minutes=1)


def run_schedule(*, now: datetime) -> int:
    """Take every step whose moment has come, however long ago; returns how many were taken. Harmless to repeat.

    One statement of three index probes finds them. Appends: MarketOpened, MarketClosed, ResolutionFinalized and what
    follows from it, each with the moment it was due (`due_at`).
    """
    return sum(_taken(market_id, organization_id, deed, now) for market_id, organization_id, deed, _ in due_steps(now))


def due_steps(now: datetime) -> list[tuple[UUID, UUID, str, datetime]]:
    """(market, organization, step, the moment it was due) of all steps that are due, the longest due first."""
    status = Market.Status
    ready = Q(retry_at=None) | Q(retry_at__lte=now)

    def due(deed: str, moment: str, condition: Q) -> QuerySet[Market, tuple[UUID, UUID, str, datetime]]:
        markets = Market.objects.filter(ready, condition, **{f"{moment}__lte": now}).order_by()
        named = markets.annotate(deed=Value(deed, output_field=CharField()), due=F(moment))
        return named.values_list("pk", "organization_id", "deed", "due")

    never_closes = Q(closes_at=None) | Q(closes_at__gt=now)
    opening = Q(status=status.PENDING_APPROVAL, approved_at__isnull=False, opens_at__isnull=False) & never_closes
    found = due("open", "opens_at", opening).union(
        due("close", "closes_at", Q(status__in=[status.OPEN, status.HALTED])),
        due("pay", "finalizes_at", Q(status=status.RESOLVED, finalizes_at__isnull=False)),
        all=True,
    )
    return sorted(found, key=lambda row: (row[3], row[0]))


def _taken(market_id: UUID, organization_id: UUID, deed: str, now: datetime) -> bool:
    """Whether the step was taken here: not when another worker was first, nor when it failed."""
    cause = Cause(None, correlation_id())
    step: commands.Step
    try:
        if deed == "open":
            organization_account(kind=Account.Kind.SUBSIDY, organization_id=organization_id, now=now)
            step = commands.Open(actor_id=None, cause=cause, organization_id=organization_id, scheduled=True)
        elif deed == "close":
            step = commands.Close(actor_id=None, cause=cause, reason="closing time", scheduled=True)
        else:
            prepare_accounts(organization_id, now)
            step = Finalize(actor_id=None, cause=cause, organization_id=organization_id, scheduled=True)
        refusal = take(market_id, step).error
    except (DatabaseError, DomainError):
        # The others must not wait for one that fails.
        log.exception("Market %s could not %s", market_id, deed)
        _put_off(market_id, now)
        return False
    if refusal is not None and refusal.code != "wrong_state":  # which another worker's success looks like
        log.warning("Market %s could not %s: %s", market_id, deed, refusal.message)
        _put_off(market_id, now)
    return refusal is None


def _put_off(market_id: UUID, now: datetime) -> None:
    Market.objects.filter(pk=market_id).update(retry_at=now + RETRY_AFTER)
