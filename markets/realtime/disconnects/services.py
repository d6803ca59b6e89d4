"""Cancelling what a client has open when its socket drops, whatever became of the process that held it.

The wish is a lease in the database. The process with the socket renews it; a socket that drops leaves it the time of grace;
a process that was killed renews nothing. Whoever sees an expired lease (any process with a hub, or the scheduler) claims
it and cancels the orders through the sequencer. Whoever dies in between leaves a claim, which is taken up again.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from governance.access.policies import Access
from governance.identity.authentication import check_scope
from governance.identity.models import ApiKey, User
from markets.ledger.models import Account
from markets.lifecycle.selectors import markets_visible_to
from markets.realtime.disconnects.errors import CancellingNow
from markets.realtime.disconnects.models import CancelOnDisconnect
from markets.trading.errors import MarketNotFound
from markets.trading.mass_cancels import cancel_in, open_places
from markets.trading.session import Cause
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.prepared import array_literal, run_prepared

log = logging.getLogger(__name__)

CANCELLED_BECAUSE = "disconnected"
SCOPE = "trade"
# A claim whose holder died, or in which a market failed, is taken up again after this.
_AGAIN = timedelta(seconds=30)
_AT_ONCE = 100

_RENEW = """
UPDATE markets_cancelondisconnect SET expires_at = %s::timestamptz + make_interval(secs => grace_s)
WHERE holder = ANY(%s::uuid[]) AND claimed_at IS NULL RETURNING holder
"""
_LET_GO = """
UPDATE markets_cancelondisconnect SET expires_at = least(expires_at, %s::timestamptz + make_interval(secs => grace_s))
WHERE holder = %s AND claimed_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """market_ids: None for all. grace_s: 0 to LONGEST_GRACE_S."""

    holder: UUID
    market_ids: list[UUID] | None
    grace_s: int


@transaction.atomic
def ask(
    *, actor: User, access: Access, api_key_id: UUID | None, wish: Wish, lease: timedelta, now: datetime
) -> CancelOnDisconnect | None:
    """Have the actor's open orders cancelled once `holder` is gone; the socket that asked before holds nothing any more.

    Returns the lease before this one if it ended with orders cancelled. Locks: the lease.
    Raises: ScopeTooNarrow for a key that may not trade, MarketNotFound, CancellingNow.
    """
    if api_key_id is not None:
        check_scope(ApiKey.objects.get(pk=api_key_id), SCOPE)
    if wish.market_ids is not None:
        seen = set(markets_visible_to(access).filter(pk__in=wish.market_ids).values_list("pk", flat=True))
        for missing in set(wish.market_ids) - seen:
            raise MarketNotFound(market=str(missing))
    terms = {
        "holder": wish.holder,
        "market_ids": wish.market_ids,
        "grace_s": wish.grace_s,
        "asked_at": now,
        "expires_at": now + lease + timedelta(seconds=wish.grace_s),
    }
    rows = CancelOnDisconnect.objects.select_for_update(of=("self",))
    before, is_first = rows.get_or_create(user=actor, api_key_id=api_key_id, defaults=terms)
    if is_first:
        return None
    if before.claimed_at is not None and before.done_at is None:
        raise CancellingNow
    fresh = {**terms, "claimed_at": None, "done_at": None, "cancelled_orders": 0}
    CancelOnDisconnect.objects.filter(pk=before.pk).update(**fresh)
    return before if before.done_at is not None else None


def withdraw(*, holder: UUID) -> None:
    """The socket asks for nothing any more."""
    CancelOnDisconnect.objects.filter(holder=holder, claimed_at=None).delete()


def renew(*, holders: Collection[UUID], lease: timedelta, now: datetime) -> dict[UUID, str]:
    """These sockets are there. Returns those that hold nothing any more, each with the reason why."""
    until = now + lease
    held = {holder for (holder,) in run_prepared(_RENEW, [until, array_literal(holders)]).fetchall()}
    lost = set(holders) - held
    if not lost:
        return {}
    lapsed = set(CancelOnDisconnect.objects.filter(holder__in=lost).values_list("holder", flat=True))
    return {each: "lapsed" if each in lapsed else "another_socket" for each in lost}


def let_go(*, holder: UUID, now: datetime) -> None:
    """The socket dropped: only the time of grace is left."""
    run_prepared(_LET_GO, [now, holder])


def cancel_due(*, now: datetime) -> int:
    """Cancel the orders of leases that have expired; returns how many orders. Harmless to repeat, and in many processes.

    Not to be called inside a transaction. Locks: the leases, to claim them; then each market and its accounts.
    """
    return sum(_cancel(lease, now) for lease in _claim(now))


@transaction.atomic
def _claim(now: datetime) -> list[CancelOnDisconnect]:
    rows = CancelOnDisconnect.objects.select_for_update(of=("self",), skip_locked=True)
    unclaimed = Q(claimed_at=None) | Q(claimed_at__lte=now - _AGAIN)
    due = list(rows.filter(unclaimed, done_at=None, expires_at__lte=now).order_by("expires_at")[:_AT_ONCE])
    CancelOnDisconnect.objects.filter(pk__in=[lease.pk for lease in due]).update(claimed_at=now)
    return due


def _cancel(lease: CancelOnDisconnect, now: datetime) -> int:
    """Cancel what one lease covers. What failed is tried again with the next claim."""
    accounts = Account.objects.filter(kind=Account.Kind.TRADER, owner=lease.user_id).values_list("pk", flat=True)
    cause = Cause(str(lease.user_id), correlation_id())
    done = [
        cancel_in(market, account, cause=cause, reason=CANCELLED_BECAUSE)
        for market, account in open_places(accounts, lease.market_ids)
    ]
    cancelled = sum(len(each) for each in done if each is not None)
    finished = {"done_at": now} if None not in done else {}
    CancelOnDisconnect.objects.filter(pk=lease.pk, holder=lease.holder).update(
        cancelled_orders=lease.cancelled_orders + cancelled, **finished
    )
    if cancelled:
        log.info("Cancelled %s orders of user %s, whose socket dropped", cancelled, lease.user_id)
    return cancelled
