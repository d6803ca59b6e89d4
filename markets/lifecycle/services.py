"""Creating markets and taking them through their lives. Steps go through the sequencer, among the orders.

draft -> pending_approval -> open <-> halted -> closed; what follows is in `lifecycle.resolution.services`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from governance.access.policies import require
from governance.identity.models import User
from markets.engine.lmsr import CEILING_UNITS, FLOOR_UNITS
from markets.engine.units import MAX_QUANTITY, SET_UNITS
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.ledger.services import MAX_UNITS
from markets.lifecycle import commands
from markets.lifecycle.errors import InvalidMarket
from markets.lifecycle.groups import group_of
from markets.lifecycle.models import MAX_OUTCOMES, OTHER, Market, Outcome
from markets.lifecycle.resolution.services import finalize_market, resolve_market, withdraw_resolution
from markets.lifecycle.taking import cause_of, given_reason, take
from markets.trading.commands import IdempotencyKey
from markets.trading.commands import Outcome as CommandOutcome
from markets.trading.memory import stream_of
from opinion_market.eventstore.append import NewEvent, append, metadata

__all__ = [
    "MarketDraft",
    "approve_market",
    "check",
    "close_market",
    "create_market",
    "finalize_market",
    "halt_market",
    "labels_of",
    "open_market",
    "resolve_market",
    "return_market",
    "submit_market",
    "withdraw_resolution",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDraft:
    """What a creator decides. `is_exhaustive`: the outcomes cover every case; otherwise "Other" is added to a categorical one."""

    question: str
    criteria: str
    kind: str = "binary"
    outcomes: Sequence[str] = field(default_factory=tuple)
    is_exhaustive: bool = False
    description: str = ""
    category: str = ""
    is_public: bool = False
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    dispute_window_s: int = 86_400
    dispute_bond_units: int = 0
    auto_finalize: bool = False
    taker_fee_bps: int = 0
    maker_fee_bps: int = 0
    house_liquidity: int = 0
    house_prior_units: Sequence[int] | None = None
    scalar_lower: Decimal | None = None
    scalar_upper: Decimal | None = None
    scalar_unit: str = ""
    group_id: UUID | None = None
    group_label: str = ""


def labels_of(draft: MarketDraft) -> list[str]:
    """The outcomes' labels. Raises InvalidMarket."""
    labels = [label.strip() for label in draft.outcomes]
    if draft.kind == Market.Kind.BINARY:
        labels = labels or ["Yes", "No"]
        if len(labels) != 2:
            raise InvalidMarket("A binary market has two outcomes.")
    elif draft.kind == Market.Kind.SCALAR:
        labels = labels or ["Long", "Short"]
        if len(labels) != 2:
            raise InvalidMarket("A scalar market has two outcomes, Long and Short.")
    elif not draft.is_exhaustive and OTHER not in labels:
        labels.append(OTHER)
    if not 2 <= len(labels) <= MAX_OUTCOMES:
        raise InvalidMarket(f"A market has 2 to {MAX_OUTCOMES} outcomes.", outcomes=len(labels))
    if len({label.casefold() for label in labels}) < len(labels) or not all(labels):
        raise InvalidMarket("Outcomes must differ from one another and must not be empty.")
    return labels


def check(draft: MarketDraft, outcomes: int, now: datetime) -> None:
    """Raises InvalidMarket for what contradicts itself."""
    if not draft.question.strip() or not draft.criteria.strip():
        raise InvalidMarket("A market needs a question and resolution criteria.")
    if draft.closes_at is not None and draft.closes_at <= now:
        raise InvalidMarket("closes_at has passed.")
    if draft.maker_fee_bps < -draft.taker_fee_bps:
        raise InvalidMarket("A maker's rebate cannot be larger than the taker's fee.")
    _check_bounds(draft)
    if draft.opens_at is not None and draft.opens_at <= now:
        raise InvalidMarket("opens_at has passed.")
    if draft.opens_at is not None and draft.closes_at is not None and draft.closes_at <= draft.opens_at:
        raise InvalidMarket("The market would close before it opens.")
    if not 0 <= draft.dispute_bond_units <= MAX_UNITS:
        raise InvalidMarket(f"A bond is 0 to {MAX_UNITS} units.")
    if not 0 <= draft.house_liquidity <= MAX_QUANTITY:
        raise InvalidMarket(f"The house's liquidity is 0 to {MAX_QUANTITY} contracts.")
    prior = draft.house_prior_units
    if prior is not None and (
        len(prior) != outcomes or sum(prior) != SET_UNITS or not all(FLOOR_UNITS <= p <= CEILING_UNITS for p in prior)
    ):
        raise InvalidMarket(
            f"A prior has one price per outcome, {FLOOR_UNITS} to {CEILING_UNITS}, summing to {SET_UNITS}."
        )


def _check_bounds(draft: MarketDraft) -> None:
    lower, upper = draft.scalar_lower, draft.scalar_upper
    if draft.kind != Market.Kind.SCALAR:
        if lower is not None or upper is not None or draft.scalar_unit:
            raise InvalidMarket("Bounds and their unit belong to scalar markets.")
    elif lower is None or upper is None or not lower < upper:
        raise InvalidMarket("A scalar market has a lower bound and a greater upper one.")


@transaction.atomic
def create_market(*, actor: User, organization_id: UUID, draft: MarketDraft, now: datetime) -> Market:
    """Create a draft. Needs markets.create. Raises: NotPermitted, InvalidMarket. Appends: MarketCreated."""
    require(actor, "markets.create", organization_id)
    labels = labels_of(draft)
    check(draft, len(labels), now)
    prior = draft.house_prior_units
    market = Market(
        organization_id=organization_id,
        created_by=actor,
        created_at=now,
        kind=draft.kind,
        question=draft.question.strip(),
        description=draft.description.strip(),
        criteria=draft.criteria.strip(),
        category=draft.category.strip(),
        is_public=draft.is_public,
        opens_at=draft.opens_at,
        closes_at=draft.closes_at,
        dispute_window_s=draft.dispute_window_s,
        dispute_bond_units=draft.dispute_bond_units,
        auto_finalize=draft.auto_finalize,
        taker_fee_bps=draft.taker_fee_bps,
        maker_fee_bps=draft.maker_fee_bps,
        house_liquidity=draft.house_liquidity,
        house_prior_units=list(prior) if prior is not None else None,
        price_units=list(prior) if prior is not None else commands.even_prior(len(labels)),
        scalar_lower=draft.scalar_lower,
        scalar_upper=draft.scalar_upper,
        scalar_unit=draft.scalar_unit.strip(),
        group=group_of(
            group_id=draft.group_id, label=draft.group_label, kind=draft.kind, organization_id=organization_id
        ),
        group_label=draft.group_label.strip(),
    )
    data: dict[str, Any] = {
        "organization": str(organization_id),
        "kind": draft.kind,
        "question": market.question,
        "criteria": market.criteria,
        "outcomes": labels,
        "is_public": market.is_public,
        "opens_at": market.opens_at.isoformat() if market.opens_at else None,
        "closes_at": market.closes_at.isoformat() if market.closes_at else None,
        "dispute_window_s": market.dispute_window_s,
        "dispute_bond_units": market.dispute_bond_units,
        "auto_finalize": market.auto_finalize,
        "house_liquidity": market.house_liquidity,
        "taker_fee_bps": market.taker_fee_bps,
        "maker_fee_bps": market.maker_fee_bps,
    }
    if market.kind == Market.Kind.SCALAR:
        data["bounds"] = [f"{market.scalar_lower:f}", f"{market.scalar_upper:f}"]
    if market.group is not None:
        data["group"] = str(market.group.pk)
    event = NewEvent(
        "MarketCreated", data, now, metadata=metadata(actor=str(actor.pk), organization=str(organization_id))
    )
    head = append(stream=stream_of(str(market.pk)), expected_version=0, events=[event])
    market.version, market.head_hash = head.version, head.hash
    market.save(force_insert=True)
    Outcome.objects.bulk_create(Outcome(market=market, index=index, label=label) for index, label in enumerate(labels))
    return market


def submit_market(*, actor: User, market: Market, idempotency: IdempotencyKey | None = None) -> CommandOutcome:
    """Ask for a draft's approval. Needs markets.create. Appends: MarketSubmitted."""
    require(actor, "markets.create", market.organization_id)
    return take(market.pk, commands.Submit(actor_id=actor.pk, cause=cause_of(actor), idempotency=idempotency))


def return_market(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Send a market back to draft instead of approving it. Needs markets.approve. Appends: MarketReturned."""
    require(actor, "markets.approve", market.organization_id)
    return take(
        market.pk,
        commands.Return(actor_id=actor.pk, cause=cause_of(actor), reason=given_reason(reason), idempotency=idempotency),
    )


def approve_market(*, actor: User, market: Market, idempotency: IdempotencyKey | None = None) -> CommandOutcome:
    """Approve a market somebody else created. Needs markets.approve. Appends: MarketApproved."""
    require(actor, "markets.approve", market.organization_id)
    return take(market.pk, commands.Approve(actor_id=actor.pk, cause=cause_of(actor), idempotency=idempotency))


def open_market(
    *, actor: User, market: Market, now: datetime, reason: str = "", idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Open an approved market, or a halted one again. Needs markets.update.

    Locks: market, then the subsidy account. Raises: WrongState, InsufficientSubsidy. Appends: MarketOpened or MarketResumed.
    """
    require(actor, "markets.update", market.organization_id)
    if market.status == Market.Status.HALTED:
        resume = commands.Resume(
            actor_id=actor.pk, cause=cause_of(actor), reason=reason.strip(), idempotency=idempotency
        )
        return take(market.pk, resume)
    # The subsidy account must exist before the sequencer locks what there is.
    organization_account(kind=Account.Kind.SUBSIDY, organization_id=market.organization_id, now=now)
    step = commands.Open(
        actor_id=actor.pk, cause=cause_of(actor), organization_id=market.organization_id, idempotency=idempotency
    )
    return take(market.pk, step)


def halt_market(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Stop trading for a while. Needs markets.update. Appends: MarketHalted."""
    require(actor, "markets.update", market.organization_id)
    return take(
        market.pk,
        commands.Halt(actor_id=actor.pk, cause=cause_of(actor), reason=given_reason(reason), idempotency=idempotency),
    )


def close_market(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """End trading and cancel all resting orders. Needs markets.update. Appends: MarketClosed."""
    require(actor, "markets.update", market.organization_id)
    return take(
        market.pk,
        commands.Close(actor_id=actor.pk, cause=cause_of(actor), reason=given_reason(reason), idempotency=idempotency),
    )
