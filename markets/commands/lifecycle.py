"""Commands of staff: creating markets and taking them through their lives. Authorisation is the services'."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from governance.identity.models import User
from markets.commands.answers import answer_of, sequencer_key, visible_market
from markets.lifecycle import services
from markets.lifecycle.models import MAX_OUTCOMES, Market
from markets.lifecycle.services import MarketDraft
from markets.trading.commands import IdempotencyKey, Outcome
from opinion_market.eventstore.commands import Answer, Command, CommandInput

_LONGEST_TEXT = 20_000
Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
BasisPoints = Annotated[int, Field(ge=0, le=1_000)]


class CreateMarketInput(CommandInput):
    organization: UUID
    question: Annotated[str, Field(max_length=300)]
    criteria: Text
    kind: Literal["binary", "categorical"] = "binary"
    outcomes: Annotated[list[Annotated[str, Field(max_length=120)]], Field(max_length=MAX_OUTCOMES)] = []
    is_exhaustive: bool = False
    description: Text = ""
    category: Annotated[str, Field(max_length=60)] = ""
    is_public: bool = False
    closes_at: AwareDatetime | None = None
    dispute_window_s: Annotated[int, Field(ge=0, le=31_536_000)] = 86_400
    taker_fee_bps: BasisPoints = 0
    maker_fee_bps: BasisPoints = 0
    house_liquidity: Annotated[int, Field(ge=0, description="The curve's b, contracts; 0: no house market maker.")] = 0
    house_prior_units: list[int] | None = None


class MarketInput(CommandInput):
    market: UUID


class ReasonInput(CommandInput):
    market: UUID
    reason: Annotated[str, Field(max_length=2_000)] = ""


class ResolveInput(CommandInput):
    market: UUID
    payout_units: Annotated[list[int], Field(max_length=MAX_OUTCOMES, description="Per outcome, summing to 10,000.")]
    evidence: Text


def create_market(*, actor: User, input: CreateMarketInput, now: datetime) -> Answer:
    """Create a draft. Raises NotPermitted, InvalidMarket."""
    draft = MarketDraft(**input.model_dump(exclude={"organization"}))
    market = services.create_market(actor=actor, organization_id=input.organization, draft=draft, now=now)
    return Answer({"market": str(market.pk), "status": market.status, "version": market.version})


Take = Callable[[User, Market, MarketInput | ReasonInput | ResolveInput, datetime, IdempotencyKey], Outcome]


def _step(take: Take) -> Callable[..., Answer]:
    """A handler that finds the market, takes the step under the command's key, and tells where the market stands."""

    def handle(*, actor: User, input: MarketInput | ReasonInput | ResolveInput, now: datetime, key: UUID) -> Answer:
        market = visible_market(actor, input.market)
        outcome = take(actor, market, input, now, sequencer_key(actor, key, input))
        return answer_of(outcome, input.market, since=now)

    return handle


submit = _step(
    lambda actor, market, given, now, key: services.submit_market(actor=actor, market=market, idempotency=key)
)
approve = _step(
    lambda actor, market, given, now, key: services.approve_market(actor=actor, market=market, idempotency=key)
)
open_ = _step(
    lambda actor, market, given, now, key: services.open_market(
        actor=actor, market=market, now=now, reason=_reason(given), idempotency=key
    )
)
halt = _step(
    lambda actor, market, given, now, key: services.halt_market(
        actor=actor, market=market, reason=_reason(given), idempotency=key
    )
)
close = _step(
    lambda actor, market, given, now, key: services.close_market(
        actor=actor, market=market, reason=_reason(given), idempotency=key
    )
)
finalize = _step(
    lambda actor, market, given, now, key: services.finalize_market(
        actor=actor, market=market, now=now, idempotency=key
    )
)


def resolve(*, actor: User, input: ResolveInput, now: datetime, key: UUID) -> Answer:
    """Propose what each outcome pays. Raises what `lifecycle.resolve_market` raises or refuses."""
    outcome = services.resolve_market(
        actor=actor,
        market=visible_market(actor, input.market),
        payout_units=input.payout_units,
        evidence=input.evidence,
        idempotency=sequencer_key(actor, key, input),
    )
    return answer_of(outcome, input.market, since=now)


def _reason(given: MarketInput | ReasonInput | ResolveInput) -> str:
    return given.reason if isinstance(given, ReasonInput) else ""


COMMANDS = (
    Command("CreateMarket", CreateMarketInput, create_market, "markets.create", "Create a draft of a market."),
    Command("SubmitMarket", MarketInput, submit, "markets.create", "Ask for a draft's approval.", sequenced=True),
    Command(
        "ApproveMarket",
        MarketInput,
        approve,
        "markets.approve",
        "Approve a market somebody else created.",
        sequenced=True,
    ),
    Command(
        "OpenMarket",
        ReasonInput,
        open_,
        "markets.update",
        "Open an approved market, or a halted one again.",
        sequenced=True,
    ),
    Command("HaltMarket", ReasonInput, halt, "markets.update", "Stop trading for a while.", sequenced=True),
    Command("CloseMarket", ReasonInput, close, "markets.update", "End trading for good.", sequenced=True),
    Command(
        "ResolveMarket", ResolveInput, resolve, "markets.resolve", "Propose what each outcome pays.", sequenced=True
    ),
    Command(
        "FinalizeMarket", MarketInput, finalize, "markets.resolve", "Make a resolution final and pay.", sequenced=True
    ),
)
