"""Cancelling all that accounts have open, market by market: one that fails must not keep the others' orders alive."""

import logging
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import DatabaseError

from markets.trading.commands import CancelOrders
from markets.trading.models import Order
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)


def open_places(accounts: Iterable[int], market_ids: Collection[UUID] | None = None) -> list[tuple[UUID, int]]:
    """Market and account of every open order of these accounts (in these markets; None: in all), each pair once."""
    found = Order.objects.filter(status=Order.Status.OPEN, account__in=list(accounts)).order_by()
    if market_ids is not None:
        found = found.filter(market__in=market_ids)
    return sorted(set(found.values_list("market_id", "account_id")))


def cancel_in(market_id: UUID, account: int, *, cause: Cause, reason: str) -> list[str] | None:
    """Cancel an account's orders in one market: the ids cancelled, or None if it failed, which is logged.

    Not to be called inside a transaction. Locks: market, then account. Appends: OrdersCancelled, if there were any.
    """
    try:
        command = CancelOrders(cause=cause, account=account, reason=reason)
        cancelled: list[str] = submit(str(market_id), [command])[0].unwrap()["cancelled"]
    except (DatabaseError, DomainError):
        log.exception("Orders of account %s in market %s could not be cancelled", account, market_id)
        return None
    return cancelled
