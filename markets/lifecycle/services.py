"""Creating markets and taking them through their lives. Steps go through the sequencer, among the orders.

draft -> pending_approval -> open <-> halted -> closed -> resolved -> finalized -> settled
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from governance.access.policies import require
from governance.identity.models import User
from markets.engine.lmsr import CEILING_UNITS, FLOOR_UNITS
from markets.engine.scalar import scalar_payout
from markets.engine.units import MAX_QUANTITY, SET_UNITS
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle import commands
from markets.lifecycle.errors import InvalidMarket, InvalidPayout, ReasonRequired
from markets.lifecycle.models import MAX_OUTCOMES, OTHER, Market, MarketGroup, Outcome
from markets.trading.commands import IdempotencyKey
from markets.trading.commands import Outcome as CommandOutcome
from markets.trading.memory import stream_of
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)


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
    closes_at: datetime | None = None
    dispute_window_s: int = 86_400
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


def _group_of(draft: MarketDraft, organization_id: UUID) -> MarketGroup | None:
    """Raises InvalidMarket for a group of another organization, a market that is not binary, or a label without a group."""
    if draft.group_id is None:
        if draft.group_label:
            raise InvalidMarket("group_label belongs to a market of a group.")
        return None
    group = MarketGroup.objects.filter(pk=draft.group_id, organization_id=organization_id).first()
    if group is None:
        raise InvalidMarket("The organization has no such group.")
    if draft.kind != Market.Kind.BINARY:
        raise InvalidMarket("A group ties binary markets together.")
    return group


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
        closes_at=draft.closes_at,
        dispute_window_s=draft.dispute_window_s,
        taker_fee_bps=draft.taker_fee_bps,
        maker_fee_bps=draft.maker_fee_bps,
        house_liquidity=draft.house_liquidity,
        house_prior_units=list(prior) if prior is not None else None,
        price_units=list(prior) if prior is not None else commands.even_prior(len(labels)),
        scalar_lower=draft.scalar_lower,
        scalar_upper=draft.scalar_upper,
        scalar_unit=draft.scalar_unit.strip(),
        group=_group_of(draft, organization_id),
        group_label=draft.group_label.strip(),
    )
    data: dict[str, Any] = {
        "organization": str(organization_id),
        "kind": draft.kind,
        "question": market.question,
        "criteria": market.criteria,
        "outcomes": labels,
        "is_public": market.is_public,
        "closes_at": market.closes_at.isoformat() if market.closes_at else None,
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
    return _take(market, commands.Submit(actor_id=actor.pk, cause=_cause(actor), idempotency=idempotency))


def return_market(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Send a market back to draft instead of approving it. Needs markets.approve. Appends: MarketReturned."""
    require(actor, "markets.approve", market.organization_id)
    return _take(
        market,
        commands.Return(actor_id=actor.pk, cause=_cause(actor), reason=_given(reason), idempotency=idempotency),
    )


def approve_market(*, actor: User, market: Market, idempotency: IdempotencyKey | None = None) -> CommandOutcome:
    """Approve a market somebody else created. Needs markets.approve. Appends: MarketApproved."""
    require(actor, "markets.approve", market.organization_id)
    return _take(market, commands.Approve(actor_id=actor.pk, cause=_cause(actor), idempotency=idempotency))


def open_market(
    *, actor: User, market: Market, now: datetime, reason: str = "", idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Open an approved market, or a halted one again. Needs markets.update.

    Locks: market, then the subsidy account. Raises: WrongState, InsufficientSubsidy. Appends: MarketOpened or MarketResumed.
    """
    require(actor, "markets.update", market.organization_id)
    if market.status == Market.Status.HALTED:
        resume = commands.Resume(actor_id=actor.pk, cause=_cause(actor), reason=reason.strip(), idempotency=idempotency)
        return _take(market, resume)
    # The subsidy account must exist before the sequencer locks what there is.
    organization_account(kind=Account.Kind.SUBSIDY, organization_id=market.organization_id, now=now)
    step = commands.Open(
        actor_id=actor.pk, cause=_cause(actor), organization_id=market.organization_id, idempotency=idempotency
    )
    return _take(market, step)


def split_other(
    *,
    actor: User,
    market: Market,
    label: str,
    share_bps: int,
    now: datetime,
    idempotency: IdempotencyKey | None = None,
) -> CommandOutcome:
    """Add an outcome to a categorical market by splitting it off from "Other". Needs markets.update.

    share_bps: the part of Other's price that the new outcome starts with. Holders of Other get as many contracts of it.
    Locks: market, owners of cancelled orders, the subsidy account. Raises: InvalidMarket, OutcomeNotSplittable,
    InsufficientSubsidy. Appends: OutcomeSplit.
    """
    require(actor, "markets.update", market.organization_id)
    organization_account(kind=Account.Kind.SUBSIDY, organization_id=market.organization_id, now=now)
    step = commands.SplitOther(
        actor_id=actor.pk,
        cause=_cause(actor),
        organization_id=market.organization_id,
        label=label.strip(),
        share_bps=share_bps,
        idempotency=idempotency,
    )
    return _take(market, step)


@transaction.atomic
def create_group(*, actor: User, organization_id: UUID, question: str, description: str, now: datetime) -> MarketGroup:
    """Make a group that binary markets can be created in. Needs markets.create. Raises: NotPermitted, InvalidMarket."""
    require(actor, "markets.create", organization_id)
    if not question.strip():
        raise InvalidMarket("A group needs a question.")
    return MarketGroup.objects.create(
        organization_id=organization_id,
        question=question.strip(),
        description=description.strip(),
        created_by=actor,
        created_at=now,
    )


def halt_market(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Stop trading for a while. Needs markets.update. Appends: MarketHalted."""
    require(actor, "markets.update", market.organization_id)
    return _take(
        market, commands.Halt(actor_id=actor.pk, cause=_cause(actor), reason=_given(reason), idempotency=idempotency)
    )


def close_market(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """End trading and cancel all resting orders. Needs markets.update. Appends: MarketClosed."""
    require(actor, "markets.update", market.organization_id)
    return _take(
        market, commands.Close(actor_id=actor.pk, cause=_cause(actor), reason=_given(reason), idempotency=idempotency)
    )


def close_due_markets(*, now: datetime) -> int:
    """Close every market whose time is up; returns how many. For the scheduler; harmless to repeat."""
    due = Market.objects.filter(status__in=[Market.Status.OPEN, Market.Status.HALTED], closes_at__lte=now)
    closed = 0
    for market in due.order_by("closes_at", "pk"):
        step = commands.Close(actor_id=None, cause=Cause(None, correlation_id()), reason="closing time")
        try:
            closed += _take(market, step).error is None
        except (DatabaseError, DomainError):
            # The others must not stay open for one that fails; the next round tries it again.
            log.exception("Market %s could not be closed", market.pk)
    return closed


def resolve_market(
    *,
    actor: User,
    market: Market,
    payout_units: Sequence[int],
    evidence: str,
    value: Decimal | None = None,
    idempotency: IdempotencyKey | None = None,
) -> CommandOutcome:
    """Propose what each outcome pays. Needs markets.resolve; neither the creator nor anybody holding contracts.

    Raises: WrongState, DutiesNotSeparate, InvalidPayout. Appends: ResolutionProposed.
    """
    require(actor, "markets.resolve", market.organization_id)
    step = commands.Resolve(
        actor_id=actor.pk,
        cause=_cause(actor),
        payout_units=payout_units,
        evidence=_given(evidence),
        value=value,
        idempotency=idempotency,
    )
    return _take(market, step)


def payout_at(market: Market, value: Decimal) -> list[int]:
    """What a scalar market's outcomes pay at a value. Raises InvalidPayout for a market of another kind."""
    if market.scalar_lower is None or market.scalar_upper is None:
        raise InvalidPayout("Only a scalar market resolves at a value.")
    return scalar_payout(market.scalar_lower, market.scalar_upper, value)


def withdraw_resolution(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Take a proposed resolution back. Needs markets.resolve. Appends: ResolutionWithdrawn."""
    require(actor, "markets.resolve", market.organization_id)
    step = commands.WithdrawResolution(
        actor_id=actor.pk, cause=_cause(actor), reason=_given(reason), idempotency=idempotency
    )
    return _take(market, step)


def finalize_market(
    *, actor: User, market: Market, now: datetime, idempotency: IdempotencyKey | None = None
) -> CommandOutcome:
    """Make a resolution final after its dispute window, and pay everybody, once. Needs markets.resolve; never the proposer.

    Locks: market, then all holders' accounts by id. Appends: ResolutionFinalized, MarketSettled, MarketSwept.
    """
    require(actor, "markets.resolve", market.organization_id)
    for kind in (Account.Kind.SUBSIDY, Account.Kind.FEES):
        organization_account(kind=kind, organization_id=market.organization_id, now=now)
    step = commands.Finalize(
        actor_id=actor.pk, cause=_cause(actor), organization_id=market.organization_id, idempotency=idempotency
    )
    return _take(market, step)


def _take(market: Market, step: commands.Step) -> CommandOutcome:
    return submit(str(market.pk), [step])[0]


def _given(reason: str) -> str:
    """Raises ReasonRequired for an empty one."""
    if not reason.strip():
        raise ReasonRequired
    return reason.strip()


def _cause(actor: User) -> Cause:
    return Cause(str(actor.pk), correlation_id())
