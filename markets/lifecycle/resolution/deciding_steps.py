"""The console's buttons for what takes two people: voiding a market, and correcting what it paid."""

from datetime import datetime

from governance.identity.models import User
from markets.engine.judging import frozen_prices
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import services
from markets.lifecycle.resolution.models import DecisionRequest
from markets.lifecycle.resolution.resolving_steps import held_sets, not_creator, payout_text, pending_request
from markets.lifecycle.resolution.voiding import VOIDABLE
from markets.lifecycle.step import Step
from opinion_market.kernel import clock

Kind = DecisionRequest.Kind


def _waits(market: Market, kind: str) -> bool:
    request = pending_request(market)
    return request is not None and request.kind == kind


def _nothing_waits(user: User, market: Market, now: datetime) -> str:
    return "A request waits already; it is decided first." if pending_request(market) is not None else ""


def _correctable(user: User, market: Market, now: datetime) -> str:
    return _nothing_waits(user, market, now) or not_creator(user, market, now)


def _approvable(user: User, market: Market, now: datetime) -> str:
    request = pending_request(market)
    if request is not None and request.requested_by_id == user.pk:
        return "You asked for it, so somebody else must approve it."
    return not_creator(user, market, now)


def _asked(market: Market) -> str:
    request = pending_request(market)
    return f"{request.requested_by} asked for it: {request.reason}" if request else "Nobody asks for it any more."


def _asking_to_void(market: Market) -> list[str]:
    if market.opened_at is None:
        return ["It was never traded: nobody is paid. Somebody else must approve it."]
    prices = payout_text(market, frozen_prices(market.price_units))
    halts = "Trading is halted at once, and stays so until it is decided. " if market.status == "open" else ""
    return [f"{halts}Each contract would pay its frozen price, in credits: {prices}.", "Somebody else must approve it."]


def _voiding(market: Market) -> list[str]:
    request = pending_request(market)
    lines = [_asked(market)]
    if request is None or request.payout_units is None:
        return [*lines, "It was never traded: nobody is paid. This cannot be undone."]
    return [
        *lines,
        f"Open orders are cancelled, bonds returned, and each contract pays, in credits: "
        f"{payout_text(market, request.payout_units)}.",
        f"{held_sets(market)} Fees that were paid are kept. This cannot be undone.",
    ]


def _correcting(market: Market) -> list[str]:
    return [
        f"It has paid, in credits: {payout_text(market, market.payout_units)}.",
        "What you enter is paid instead once somebody else approves it: each account gets or gives back the difference.",
    ]


def _approving_correction(market: Market) -> list[str]:
    request = pending_request(market)
    new = payout_text(market, request.payout_units if request else None)
    return [
        _asked(market),
        f"Paid so far: {payout_text(market, market.payout_units)}. From now on: {new}.",
        "Accounts give back what they were paid too much, as far as they have it; the subsidy account pays the rest, and what "
        "each account still owes is written down.",
    ]


DECIDING: tuple[Step, ...] = (
    Step(
        name="void", title="Ask to void", icon="block", permission="markets.resolve", states=VOIDABLE, tone="danger",
        refusal=_nothing_waits, applies=lambda market: not _waits(market, Kind.VOID),
        act=lambda actor, market, given: services.request_void(actor=actor, market=market, reason=given["reason"]),
        consequences=_asking_to_void,
    ),
    Step(
        name="approve-void", title="Approve voiding", icon="block", permission="markets.resolve", states=VOIDABLE,
        tone="danger", refusal=_approvable, applies=lambda market: _waits(market, Kind.VOID),
        act=lambda actor, market, given: services.approve_void(
            actor=actor, market=market, reason=given["reason"], now=clock.now()
        ),
        consequences=_voiding,
    ),
    Step(
        name="reject-void", title="Reject voiding", icon="undo", permission="markets.resolve", states=VOIDABLE,
        applies=lambda market: _waits(market, Kind.VOID),
        act=lambda actor, market, given: services.reject_void(actor=actor, market=market, reason=given["reason"]),
        consequences=lambda market: [_asked(market), "The market stays as it is; a halted one may be resumed."],
    ),
    Step(
        name="correct", title="Ask for a correction", icon="edit_note", permission="markets.resolve",
        states=("settled",), tone="danger", refusal=_correctable, asks_payout=True, asks_evidence=True,
        applies=lambda market: not _waits(market, Kind.CORRECTION),
        act=lambda actor, market, given: services.request_correction(
            actor=actor, market=market, payout_units=given["payout_units"], reason=given["reason"],
            evidence_ids=given["evidence_ids"],
        ),
        consequences=_correcting,
    ),
    Step(
        name="approve-correction", title="Approve the correction", icon="published_with_changes",
        permission="markets.resolve", states=("settled",), tone="danger", refusal=_approvable,
        applies=lambda market: _waits(market, Kind.CORRECTION),
        act=lambda actor, market, given: services.approve_correction(
            actor=actor, market=market, reason=given["reason"], now=clock.now()
        ),
        consequences=_approving_correction,
    ),
    Step(
        name="reject-correction", title="Reject the correction", icon="undo", permission="markets.resolve",
        states=("settled",), applies=lambda market: _waits(market, Kind.CORRECTION),
        act=lambda actor, market, given: services.reject_correction(
            actor=actor, market=market, reason=given["reason"]
        ),
        consequences=lambda market: [_asked(market), "What was paid stands."],
    ),
)  # fmt: skip
