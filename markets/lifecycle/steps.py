"""The steps of a market's life as the console offers them: in which state, to whom, and what each will do."""

from datetime import datetime

from django.db.models import Count, Sum

from governance.identity.models import User
from markets.engine import lmsr
from markets.ledger.models import Account
from markets.lifecycle import services
from markets.lifecycle.commands import even_prior
from markets.lifecycle.models import OTHER, Market
from markets.lifecycle.resolution.deciding_steps import DECIDING
from markets.lifecycle.resolution.resolving_steps import RESOLVING, not_creator
from markets.lifecycle.splitting import split_other
from markets.lifecycle.step import Step
from markets.trading.models import Order
from opinion_market.kernel import clock
from opinion_market.kernel.money import credits_text


def _approvable(user: User, market: Market, now: datetime) -> str:
    return "It has been approved already." if market.approved_by_id is not None else not_creator(user, market, now)


def _openable(user: User, market: Market, now: datetime) -> str:
    return "It has not been approved yet." if market.approved_by_id is None else ""


def _opening(market: Market) -> list[str]:
    lines = ["Trading begins. The criteria and all other rules are frozen; their hash stands in the market's events."]
    if market.house_liquidity:
        prior = market.house_prior_units or even_prior(len(market.price_units))
        needed = lmsr.subsidy_units(market.house_liquidity, prior)
        subsidy = Account.objects.filter(organization=market.organization_id, kind=Account.Kind.SUBSIDY).first()
        available = subsidy.available_units if subsidy else 0
        lines.append(
            f"The house market maker takes its worst loss, {credits_text(needed)} credits, from the subsidy account, "
            f"which has {credits_text(available)} available."
        )
    return lines


def _has_other(market: Market) -> bool:
    outcomes = len(market.price_units)
    return (
        market.kind == Market.Kind.CATEGORICAL
        and outcomes > 2
        and any(outcome.label == OTHER for outcome in market.outcomes.all())
    )


def _splitting(market: Market) -> list[str]:
    (other,) = [outcome.index for outcome in market.outcomes.all() if outcome.label == OTHER]
    resting = Order.objects.filter(market=market, status=Order.Status.OPEN, outcome=other).count()
    return [
        f"{resting:,} orders resting on Other are cancelled first.",
        "Whoever holds Other gets as many contracts of the new outcome; together they pay what Other would have.",
        "The house market maker's curve is refined; what its worst loss grows by comes from the subsidy account.",
    ]


def _closing(market: Market) -> list[str]:
    resting = Order.objects.filter(market=market, status=Order.Status.OPEN).order_by()
    sums = resting.aggregate(orders=Count("pk"), units=Sum("reserved_units", default=0))
    return [
        "Trading ends for good; this cannot be undone.",
        f"{sums['orders']:,} resting orders are cancelled and {credits_text(sums['units'])} credits are released.",
    ]


STEPS: tuple[Step, ...] = (
    Step(
        name="submit", title="Submit for approval", icon="send", permission="markets.create", states=("draft",),
        tone="primary",
        act=lambda actor, market, given: services.submit_market(actor=actor, market=market),
        consequences=lambda market: ["Somebody else with the right to approve markets is asked to look at it."],
    ),
    Step(
        name="approve", title="Approve", icon="thumb_up", permission="markets.approve", states=("pending_approval",),
        tone="primary", refusal=_approvable,
        act=lambda actor, market, given: services.approve_market(actor=actor, market=market),
        consequences=lambda market: ["The market may be opened. Its creator cannot approve it."],
    ),
    Step(
        name="return", title="Return to draft", icon="undo", permission="markets.approve",
        states=("pending_approval",), refusal=not_creator,
        act=lambda actor, market, given: services.return_market(actor=actor, market=market, reason=given["reason"]),
        consequences=lambda market: ["The market goes back to its creator; the reason stands in its events."],
    ),
    Step(
        name="open", title="Open for trading", icon="play_arrow", permission="markets.update",
        states=("pending_approval",), tone="primary", refusal=_openable,
        act=lambda actor, market, given: services.open_market(actor=actor, market=market, now=clock.now()),
        consequences=_opening,
    ),
    Step(
        name="resume", title="Resume trading", icon="play_arrow", permission="markets.update", states=("halted",),
        tone="primary",
        act=lambda actor, market, given: services.open_market(
            actor=actor, market=market, now=clock.now(), reason=given["reason"]
        ),
        consequences=lambda market: ["Trading goes on where it stopped, with the orders that still rest."],
    ),
    Step(
        name="halt", title="Halt", icon="pause", permission="markets.update", states=("open",), tone="danger",
        act=lambda actor, market, given: services.halt_market(actor=actor, market=market, reason=given["reason"]),
        consequences=lambda market: [
            "No order is taken until trading is resumed. Resting orders stay; their owners may cancel them.",
            "Everybody can read the reason in the market's events.",
        ],
    ),
    Step(
        name="split", title="Split off from Other", icon="call_split", permission="markets.update",
        states=("open", "halted"), applies=_has_other,
        act=lambda actor, market, given: split_other(
            actor=actor,
            market=market,
            label=given["label"],
            share_bps=given["share_percent"] * 100,
            now=clock.now(),
        ),
        consequences=_splitting,
    ),
    Step(
        name="close", title="Close", icon="stop", permission="markets.update", states=("open", "halted"),
        tone="danger",
        act=lambda actor, market, given: services.close_market(actor=actor, market=market, reason=given["reason"]),
        consequences=_closing,
    ),
    *RESOLVING,
    *DECIDING,
)  # fmt: skip

BY_NAME = {step.name: step for step in STEPS}
