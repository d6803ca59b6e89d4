"""The console's buttons for proposing, disputing, reviewing and paying."""

from datetime import datetime

from django.db.models import Count, Sum

from governance.identity.models import User
from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import services
from markets.lifecycle.resolution.models import DecisionRequest, Dispute, ResolutionProposal
from markets.lifecycle.step import Step
from markets.trading.models import Position
from opinion_market.kernel import clock
from opinion_market.kernel.money import credits_text


def held_sets(market: Market) -> str:
    """Who holds what, in a sentence."""
    held = Position.objects.filter(market=market).exclude(free_contracts=0, reserved_contracts=0).order_by()
    holders = held.aggregate(holders=Count("account", distinct=True))["holders"]
    return f"{holders:,} accounts hold {market.open_sets:,} complete sets, for which escrow keeps as many credits."


def payout_text(market: Market, payout_units: list[int] | None) -> str:
    """What each outcome pays, in credits."""
    pairs = zip(market.outcomes.all(), payout_units or [], strict=False)
    return ", ".join(f"{outcome.label} {credits_text(units)}" for outcome, units in pairs)


def pending_request(market: Market) -> DecisionRequest | None:
    """The request to void or correct the market that waits, if there is one."""
    return market.decision_requests.filter(state=DecisionRequest.State.PENDING).select_related("requested_by").first()


def present(market: Market) -> ResolutionProposal | None:
    """The last proposal."""
    return market.proposals.order_by("-number").first()


def _is_final(market: Market) -> bool:
    proposal = present(market)
    return proposal is not None and proposal.state == ResolutionProposal.State.FINAL


def not_creator(user: User, market: Market, now: datetime) -> str:
    """Why the creator may not press the button."""
    return "You created this market, so somebody else must take this step." if market.created_by_id == user.pk else ""


def _finalizable(user: User, market: Market, now: datetime) -> str:
    if market.resolved_by_id == user.pk:
        return "You proposed the resolution, so somebody else must finalize it."
    if pending_request(market) is not None:
        return "Somebody has asked to void it; that is decided first."
    if market.dispute_ends_at is not None and now < market.dispute_ends_at:
        return f"The dispute window ends at {market.dispute_ends_at:%Y-%m-%d %H:%M} UTC."
    return ""


def _confirmable(user: User, market: Market, now: datetime) -> str:
    proposal = present(market)
    if proposal is not None and proposal.confirmed_by_id is not None:
        return "It has been confirmed already."
    return "You proposed the resolution, so somebody else must confirm it." if market.resolved_by_id == user.pk else ""


def _withdrawable(user: User, market: Market, now: datetime) -> str:
    if market.status == Market.Status.DISPUTED and market.resolved_by_id != user.pk:
        return "It is disputed: only who proposed it may take it back."
    return "A review has upheld it." if _is_final(market) else ""


def _disputable(user: User, market: Market, now: datetime) -> str:
    if _is_final(market) or market.dispute_ends_at is None or now >= market.dispute_ends_at:
        return "The dispute window has passed."
    own = Position.objects.filter(market=market, account__owner=user)
    if not own.exclude(free_contracts=0, reserved_contracts=0).exists():
        return "You hold no contracts in this market."
    if Dispute.objects.filter(proposal=present(market), account__owner=user).exists():
        return "You have disputed it already."
    return ""


def _reviewable(user: User, market: Market, now: datetime) -> str:
    if market.resolved_by_id == user.pk:
        return "You proposed the resolution, so somebody else must review it."
    if Dispute.objects.filter(proposal__market=market, raised_by=user).exists():
        return "You raised a dispute, so somebody else must review it."
    return not_creator(user, market, now)


def _resolving(market: Market) -> list[str]:
    return [
        held_sets(market),
        f"Nobody is paid yet: after {market.dispute_window_s / 3600:g} hours somebody else may make it final.",
    ]


def _confirming(market: Market) -> list[str]:
    lines = [f"You agree that each contract pays, in credits: {payout_text(market, market.payout_units)}."]
    if market.auto_finalize:
        return [*lines, "Everybody is paid by itself when the dispute window ends, unless somebody disputes it."]
    return [*lines, "It is still paid by hand: this market is not set to be finalized by itself."]


def _disputing(market: Market) -> list[str]:
    bond = credits_text(market.dispute_bond_units)
    return [
        "The resolution is not paid before somebody without a part in it has reviewed it.",
        f"{bond} credits are taken from your account as a bond. They come back if the resolution is overturned, "
        "withdrawn or voided; they are lost if it is upheld."
        if market.dispute_bond_units
        else "This market asks for no bond.",
        "Everybody can read your reason and your evidence.",
    ]


def _bonds(market: Market) -> str:
    held = Dispute.objects.filter(proposal=present(market), bond=Dispute.Bond.HELD).order_by()
    sums = held.aggregate(disputes=Count("pk"), units=Sum("bond_units", default=0))
    bonds, units = sums["disputes"], credits_text(sums["units"])
    return f"One bond of {units} credits is" if bonds == 1 else f"{bonds:,} bonds, {units} credits in all, are"


def _upholding(market: Market) -> list[str]:
    return [
        f"The resolution stands for good: {payout_text(market, market.payout_units)}.",
        f"{_bonds(market)} forfeited to the organization's fees. It can be finalized at once.",
    ]


def _overturning(market: Market) -> list[str]:
    return [
        f"The resolution falls: {payout_text(market, market.payout_units)}. What you enter takes its place.",
        f"{_bonds(market)} returned to who put them up, and a new dispute window begins.",
    ]


def _finalizing(market: Market) -> list[str]:
    return [
        f"Each contract pays, in credits: {payout_text(market, market.payout_units)}.",
        f"{held_sets(market)} All of it, {credits_text(market.open_sets * SET_UNITS)} credits, is paid out at once.",
        "What the house market maker has left returns to the subsidy, fees go to the organization. "
        "It can only be changed by a correction.",
    ]


RESOLVING: tuple[Step, ...] = (
    Step(
        name="resolve", title="Resolve", icon="gavel", permission="markets.resolve", states=("closed",),
        tone="primary", refusal=not_creator, asks_payout=True, asks_evidence=True,
        act=lambda actor, market, given: services.resolve_market(
            actor=actor, market=market, payout_units=given["payout_units"], evidence=given["reason"],
            evidence_ids=given["evidence_ids"], value=given.get("value"),
        ),
        consequences=_resolving,
    ),
    Step(
        name="confirm", title="Confirm the resolution", icon="verified", permission="markets.resolve",
        states=("resolved",), refusal=_confirmable, applies=lambda market: not _is_final(market),
        act=lambda actor, market, given: services.confirm_resolution(actor=actor, market=market),
        consequences=_confirming,
    ),
    Step(
        name="dispute", title="Dispute the resolution", icon="report", permission="orders.create",
        states=("resolved", "disputed"), tone="danger", refusal=_disputable, asks_evidence=True,
        act=lambda actor, market, given: services.dispute_resolution(
            actor=actor, market=market, reason=given["reason"], evidence_ids=given["evidence_ids"], now=clock.now()
        ),
        consequences=_disputing,
    ),
    Step(
        name="uphold", title="Uphold the resolution", icon="balance", permission="markets.resolve",
        states=("disputed",), tone="primary", refusal=_reviewable,
        act=lambda actor, market, given: services.uphold_resolution(
            actor=actor, market=market, reason=given["reason"], now=clock.now()
        ),
        consequences=_upholding,
    ),
    Step(
        name="overturn", title="Overturn the resolution", icon="swap_vert", permission="markets.resolve",
        states=("disputed",), tone="danger", refusal=_reviewable, asks_payout=True, asks_evidence=True,
        act=lambda actor, market, given: services.overturn_resolution(
            actor=actor, market=market, payout_units=given["payout_units"], reason=given["reason"],
            evidence_ids=given["evidence_ids"], value=given.get("value"),
        ),
        consequences=_overturning,
    ),
    Step(
        name="withdraw", title="Withdraw the resolution", icon="undo", permission="markets.resolve",
        states=("resolved", "disputed"), refusal=_withdrawable,
        act=lambda actor, market, given: services.withdraw_resolution(
            actor=actor, market=market, reason=given["reason"]
        ),
        consequences=lambda market: [
            "The market is closed again, and another resolution can be proposed. Bonds of disputes are returned."
        ],
    ),
    Step(
        name="finalize", title="Finalize and pay out", icon="paid", permission="markets.resolve",
        states=("resolved",), tone="danger", refusal=_finalizable,
        act=lambda actor, market, given: services.finalize_market(actor=actor, market=market, now=clock.now()),
        consequences=_finalizing,
    ),
)  # fmt: skip
