"""What happens to a market after trading: resolved, disputed, reviewed, paid - or voided, or corrected afterwards.

closed -> resolved <-> disputed -> finalized -> settled; voided from any state before finalized.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from governance.access.policies import require
from governance.identity.models import User
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import correcting, disputing, proposing, voiding
from markets.lifecycle.taking import cause_of, given_reason, take
from markets.trading.commands import IdempotencyKey, Outcome
from markets.trading.selectors import seat

RIGHT = "markets.resolve"


def prepare_accounts(organization_id: UUID, now: datetime) -> None:
    """Open the organization's accounts that money may go to: the sequencer locks only what there is."""
    for kind in (Account.Kind.SUBSIDY, Account.Kind.FEES):
        organization_account(kind=kind, organization_id=organization_id, now=now)


def resolve_market(
    *,
    actor: User,
    market: Market,
    payout_units: Sequence[int],
    evidence: str,
    evidence_ids: Sequence[UUID] = (),
    value: Decimal | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Propose what each outcome pays. Needs markets.resolve; neither the creator nor anybody holding contracts.

    value: what a scalar market came to, kept beside the payout it leads to.

    Raises: WrongState, DutiesNotSeparate, InvalidPayout, EvidenceNotFound. Appends: ResolutionProposed.
    """
    require(actor, RIGHT, market.organization_id)
    step = proposing.Resolve(
        actor_id=actor.pk,
        cause=cause_of(actor),
        payout_units=payout_units,
        evidence=given_reason(evidence),
        evidence_ids=evidence_ids,
        value=value,
        idempotency=idempotency,
    )
    return take(market.pk, step)


def confirm_resolution(*, actor: User, market: Market, idempotency: IdempotencyKey | None = None) -> Outcome:
    """Confirm a proposal in advance, for the scheduler to pay when its window ends. Needs markets.resolve; never the proposer.

    Raises: WrongState, DutiesNotSeparate, AlreadyConfirmed. Appends: ResolutionConfirmed.
    """
    require(actor, RIGHT, market.organization_id)
    return take(market.pk, proposing.Confirm(actor_id=actor.pk, cause=cause_of(actor), idempotency=idempotency))


def withdraw_resolution(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> Outcome:
    """Take a proposed resolution back; a disputed one only by its proposer. Needs markets.resolve.

    Raises: WrongState, DutiesNotSeparate. Appends: ResolutionWithdrawn, which returns the bonds.
    """
    require(actor, RIGHT, market.organization_id)
    step = proposing.WithdrawResolution(
        actor_id=actor.pk, cause=cause_of(actor), reason=given_reason(reason), idempotency=idempotency
    )
    return take(market.pk, step)


def dispute_resolution(
    *,
    actor: User,
    market: Market,
    reason: str,
    now: datetime,
    evidence_ids: Sequence[UUID] = (),
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Dispute the proposed resolution from one's own account, against the market's bond. Members who hold contracts.

    Locks: market, then the account and the market's bond account by id. Raises: MarketNotFound, NotAMember, WrongState,
    DisputeWindowClosed, NothingHeld, AlreadyDisputed, InsufficientFunds. Appends: ResolutionDisputed.
    """
    own = seat(user=actor, market_id=market.pk, now=now)
    step = disputing.RaiseDispute(
        actor_id=actor.pk,
        cause=cause_of(actor),
        account=own.account_id,
        reason=given_reason(reason),
        evidence_ids=evidence_ids,
        idempotency=idempotency,
    )
    return take(market.pk, step)


def uphold_resolution(
    *, actor: User, market: Market, reason: str, now: datetime, idempotency: IdempotencyKey | None = None
) -> Outcome:
    """Decide that a disputed resolution stands, for good. Needs markets.resolve, and no part in it.

    Raises: WrongState, DutiesNotSeparate. Appends: ResolutionUpheld, which forfeits the bonds to the organization's fees.
    """
    require(actor, RIGHT, market.organization_id)
    prepare_accounts(market.organization_id, now)
    step = disputing.Uphold(
        actor_id=actor.pk,
        cause=cause_of(actor),
        reason=given_reason(reason),
        organization_id=market.organization_id,
        idempotency=idempotency,
    )
    return take(market.pk, step)


def overturn_resolution(
    *,
    actor: User,
    market: Market,
    payout_units: Sequence[int],
    reason: str,
    evidence_ids: Sequence[UUID] = (),
    value: Decimal | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Put another payout in a disputed resolution's place, with a dispute window of its own. Needs markets.resolve, and no part in it.

    Raises: WrongState, DutiesNotSeparate, InvalidPayout, SameResolution. Appends: ResolutionOverturned, which returns the bonds.
    """
    require(actor, RIGHT, market.organization_id)
    step = disputing.Overturn(
        actor_id=actor.pk,
        cause=cause_of(actor),
        reason=given_reason(reason),
        organization_id=market.organization_id,
        payout_units=payout_units,
        evidence_ids=evidence_ids,
        value=value,
        idempotency=idempotency,
    )
    return take(market.pk, step)


def finalize_market(
    *, actor: User, market: Market, now: datetime, idempotency: IdempotencyKey | None = None
) -> Outcome:
    """Make a resolution final after its dispute window, and pay everybody, once. Needs markets.resolve; never the proposer.

    Locks: market, then all holders' accounts by id. Appends: ResolutionFinalized, MarketSettled, MarketSwept.
    """
    require(actor, RIGHT, market.organization_id)
    prepare_accounts(market.organization_id, now)
    step = proposing.Finalize(
        actor_id=actor.pk, cause=cause_of(actor), organization_id=market.organization_id, idempotency=idempotency
    )
    return take(market.pk, step)


def request_void(*, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None) -> Outcome:
    """Ask for a market to be voided; one that trades is halted with it. Needs markets.resolve.

    Raises: WrongState, DecisionPending. Appends: MarketHalted, VoidRequested.
    """
    require(actor, RIGHT, market.organization_id)
    step = voiding.RequestVoid(
        actor_id=actor.pk, cause=cause_of(actor), reason=given_reason(reason), idempotency=idempotency
    )
    return take(market.pk, step)


def reject_void(*, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None) -> Outcome:
    """Decide that a market is not voided. Needs markets.resolve. Raises: NothingRequested. Appends: VoidRejected."""
    require(actor, RIGHT, market.organization_id)
    step = voiding.RejectVoid(
        actor_id=actor.pk, cause=cause_of(actor), reason=given_reason(reason), idempotency=idempotency
    )
    return take(market.pk, step)


def approve_void(
    *, actor: User, market: Market, now: datetime, reason: str = "", idempotency: IdempotencyKey | None = None
) -> Outcome:
    """Void a market: everybody is paid at the frozen prices, once. Needs markets.resolve; never who asked, nor the creator.

    Locks: market, then all parties' accounts by id. Raises: NothingRequested, DutiesNotSeparate. Appends:
    OrdersCancelled, BondsReturned, MarketVoided, MarketSwept.
    """
    require(actor, RIGHT, market.organization_id)
    prepare_accounts(market.organization_id, now)
    step = voiding.ApproveVoid(
        actor_id=actor.pk,
        cause=cause_of(actor),
        reason=reason.strip(),
        organization_id=market.organization_id,
        idempotency=idempotency,
    )
    return take(market.pk, step)


def request_correction(
    *,
    actor: User,
    market: Market,
    payout_units: Sequence[int],
    reason: str,
    evidence_ids: Sequence[UUID] = (),
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Ask for a settled market to be paid at another vector. Needs markets.resolve; nobody who had a stake.

    Raises: WrongState, DutiesNotSeparate, DecisionPending, InvalidPayout, SameResolution. Appends: CorrectionRequested.
    """
    require(actor, RIGHT, market.organization_id)
    step = correcting.RequestCorrection(
        actor_id=actor.pk,
        cause=cause_of(actor),
        holdings=correcting.holdings_at_settlement(str(market.pk)),
        payout_units=payout_units,
        reason=given_reason(reason),
        evidence_ids=evidence_ids,
        idempotency=idempotency,
    )
    return take(market.pk, step)


def reject_correction(
    *, actor: User, market: Market, reason: str, idempotency: IdempotencyKey | None = None
) -> Outcome:
    """Decide that the payout stands. Needs markets.resolve. Raises: NothingRequested. Appends: CorrectionRejected."""
    require(actor, RIGHT, market.organization_id)
    step = correcting.RejectCorrection(
        actor_id=actor.pk, cause=cause_of(actor), reason=given_reason(reason), idempotency=idempotency
    )
    return take(market.pk, step)


def approve_correction(
    *, actor: User, market: Market, now: datetime, reason: str = "", idempotency: IdempotencyKey | None = None
) -> Outcome:
    """Pay the differences to the new vector. Needs markets.resolve; never who asked, nor the creator, nor anybody with a stake.

    Locks: market, then the accounts of all who held contracts, and the subsidy. Raises: NothingRequested,
    DutiesNotSeparate, InsufficientCover. Appends: ResolutionCorrected.
    """
    require(actor, RIGHT, market.organization_id)
    prepare_accounts(market.organization_id, now)
    step = correcting.ApproveCorrection(
        actor_id=actor.pk,
        cause=cause_of(actor),
        holdings=correcting.holdings_at_settlement(str(market.pk)),
        reason=reason.strip(),
        organization_id=market.organization_id,
        idempotency=idempotency,
    )
    return take(market.pk, step)
