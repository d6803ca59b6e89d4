"""Orders good till a date leave the book at their time even where nobody trades."""

import logging
from datetime import datetime

from markets.lifecycle.models import Market
from markets.trading.commands import ExpireOrders
from markets.trading.models import Order
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)


def expire_due_orders(*, now: datetime) -> int:
    """Expire the orders whose time is up, one batch per market; returns how many markets had any. Harmless to repeat.

    A batch of any other command does the same first, so that no late order ever trades. Appends: OrdersExpired.
    """
    due = Order.objects.filter(status=Order.Status.OPEN, expires_at__lte=now).order_by()
    trading = [Market.Status.OPEN, Market.Status.HALTED]
    markets = sorted(set(due.filter(market__status__in=trading).values_list("market_id", flat=True)))
    for market_id in markets:
        try:
            submit(str(market_id), [ExpireOrders(cause=Cause(None, correlation_id()))])
        except DomainError:
            log.exception("Orders of market %s could not be expired", market_id)
    return len(markets)
