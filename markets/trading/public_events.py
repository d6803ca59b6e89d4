"""A market's events as everybody may read them: what happened, but not whose it was.

Accounts are numbered, and a number that follows a person through all markets would betray them to whoever once traded with
them. So those who may not read others' orders see the fields named here and no others; a new kind of event shows none
until somebody has thought about it. The hashes are left out too: the rest of an event being known, they would confirm a
guess at the account.
"""

from collections.abc import Mapping
from typing import Any

_ORDER = (
    "id", "outcome", "side", "type", "price", "quantity", "time_in_force", "post_only", "reduce_only", "budget", "expires_us",
)  # fmt: skip
_FILL = ("sequence", "maker_order", "price", "quantity", "value")

PUBLIC_FIELDS: dict[str, tuple[str, ...]] = {
    "MarketCreated": (
        "organization", "kind", "question", "criteria", "outcomes", "is_public", "opens_at", "closes_at",
        "dispute_window_s", "dispute_bond_units", "auto_finalize", "house_liquidity", "taker_fee_bps", "maker_fee_bps",
        "bounds", "group",
    ),
    "MarketReturned": ("reason",),
    "MarketOpened": (
        "outcomes", "taker_fee_bps", "maker_fee_bps", "house_liquidity", "prior_units", "subsidy_units", "criteria_hash",
        "due_at",
    ),
    "MarketLimitsChanged": ("position_limit_contracts", "order_limit", "order_quantity_limit", "reason"),
    "MarketHalted": ("reason",),
    "MarketResumed": ("reason",),
    "MarketClosed": ("orders", "why", "due_at"),
    "ResolutionProposed": ("proposal", "payout_units", "evidence", "value", "items"),
    "ResolutionConfirmed": ("proposal",),
    "ResolutionWithdrawn": ("proposal", "reason"),
    "ResolutionDisputed": ("proposal", "dispute", "bond_units", "reason", "items"),
    "ResolutionUpheld": ("proposal", "reason"),
    "ResolutionOverturned": ("proposal", "replaces", "payout_units", "reason", "value", "items"),
    "ResolutionFinalized": ("proposal", "payout_units", "due_at"),
    "MarketSettled": ("payout_units",),
    "VoidRequested": ("reason", "payout_units"),
    "VoidRejected": ("reason",),
    "MarketVoided": ("reason", "payout_units"),
    "CorrectionRequested": ("reason", "payout_units", "items"),
    "CorrectionRejected": ("reason",),
    "ResolutionCorrected": ("reason", "payout_units", "previous_units"),
    "OrderPlaced": ("order", "self_trades", "fills", "rest", "cancelled"),
    "OrderAmended": ("order", "self_trades", "fills", "rest", "cancelled"),
    "OrderReduced": ("order", "quantity"),
    "OutcomeSplit": ("outcome", "outcomes", "label", "orders", "prior_units", "prices"),
    "OrdersCancelled": ("orders",),
    "OrdersExpired": ("orders",),
    "SetsMinted": ("quantity",),
    "SetsMerged": ("quantity",),
}  # fmt: skip


def public_data(type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an event's data that everybody may read."""
    shown = _only(data, PUBLIC_FIELDS.get(type, ()))
    if type in {"OrderPlaced", "OrderAmended"}:
        shown["order"] = _only(data["order"], _ORDER)
        shown["fills"] = [_only(fill, _FILL) for fill in data["fills"]]
    return shown


def _only(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}
