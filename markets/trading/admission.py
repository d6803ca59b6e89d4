"""Whether an account may trade at all, and an order within its limits: asked under the account's lock, without a query."""

from typing import Any

from markets.engine.orders import NewOrder
from markets.trading.errors import TradingBlocked
from markets.trading.limits import check, effective
from markets.trading.session import MarketSession


def require_unblocked(session: MarketSession, account: int) -> None:
    """Raises TradingBlocked. The flag was read with the account's lock, so a block that is durable is always seen."""
    if session.accounts[account].is_blocked:
        raise TradingBlocked


def check_limits(
    session: MarketSession, order: NewOrder, decided: dict[str, Any] | None = None, *, replaces: str = ""
) -> None:
    """Raises PositionLimitExceeded, OrderLimitExceeded, OrderTooLarge. Costs nothing where nothing is limited.

    decided: what the engine decided of the order; without it all of it is taken to fill or rest at its limit.
    replaces: the resting order that an amendment replaces. The house and the system's accounts place no orders, so that
    they never come here.
    """
    limits = effective(session.limits, session.accounts[order.account].limits)
    if limits is not None:
        check(session.state, order, limits, decided, replaces)
