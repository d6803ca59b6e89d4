"""A market's events as everybody may read them: what happened, but not whose it was.

Accounts are numbered, and a number that follows a person through all markets would betray them to whoever once traded with
them. So those who may not read others' orders see the fields named here and no others; a new kind of event shows none
until somebody has thought about it. The hashes are left out too: the rest of an event being known, they would confirm a
guess at the account.
"""

from collections.abc import Mapping
from typing import Any

_ORDER = ("id", "outcome", "side", "type", "price", "quantity", "time_in_force", "post_only", "expires_us")
_FILL = ("sequence", "maker_order", "price", "quantity", "value")

PUBLIC_FIELDS: dict[str, tuple[str, ...]] = {
    "MarketCreated": (
        "organization", "kind", "question", "criteria", "outcomes", "is_public", "closes_at", "house_liquidity",
        "taker_fee_bps", "maker_fee_bps",
    ),
    "MarketReturned": ("reason",),
    "MarketOpened": (
        "outcomes", "taker_fee_bps", "maker_fee_bps", "house_liquidity", "prior_units", "subsidy_units", "criteria_hash",
    ),
    "MarketLimitsChanged": ("position_limit_contracts", "order_limit", "order_quantity_limit", "reason"),
    "MarketHalted": ("reason",),
    "MarketResumed": ("reason",),
    "MarketClosed": ("orders", "why"),
    "ResolutionProposed": ("payout_units", "evidence"),
    "ResolutionWithdrawn": ("reason",),
    "ResolutionFinalized": ("payout_units",),
    "MarketSettled": ("payout_units",),
    "OrderPlaced": ("order", "self_trades", "fills", "rest", "cancelled"),
    "OrdersCancelled": ("orders",),
    "OrdersExpired": ("orders",),
    "SetsMinted": ("quantity",),
    "SetsMerged": ("quantity",),
}  # fmt: skip


def public_data(type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an event's data that everybody may read."""
    shown = _only(data, PUBLIC_FIELDS.get(type, ()))
    if type == "OrderPlaced":
        shown["order"] = _only(data["order"], _ORDER)
        shown["fills"] = [_only(fill, _FILL) for fill in data["fills"]]
    return shown


def _only(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}
