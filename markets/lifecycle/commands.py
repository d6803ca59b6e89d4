"""Steps in a market's life, as commands to the sequencer: they take their turn among the orders."""

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from markets.engine import decide, lmsr
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle.errors import DutiesNotSeparate, InsufficientSubsidy, WrongState
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.errors import DecisionPending
from markets.lifecycle.resolution.models import DecisionRequest
from markets.trading.commands import Command
from markets.trading.replies import Reply
from markets.trading.session import MarketSession
from opinion_market.kernel import clock


@dataclass(frozen=True, kw_only=True)
class Step(Command):
    """One step. Its permission has been checked; separation of duties and the state are checked under the lock."""

    actor_id: UUID | None
    allowed_from: ClassVar[tuple[str, ...]]
    # Whether it has to wait while a request to void or correct the market waits for its decision.
    waits_for_decision: ClassVar[bool] = False

    def decide(self, session: MarketSession) -> Reply:
        if session.state.status not in self.allowed_from:
            raise WrongState(
                f"The market is {session.state.status.replace('_', ' ')}.",
                status=session.state.status,
                allowed=list(self.allowed_from),
            )
        if self.waits_for_decision and self.pending(session) is not None:
            raise DecisionPending
        market = Market.objects.get(pk=session.market_id)
        self.take(session, market)
        return {"status": session.state.status, "version": session.state.version}

    @abstractmethod
    def take(self, session: MarketSession, market: Market) -> None:
        """Check what is peculiar to the step, then record its events. `market` is the row before the step."""

    @property
    def person(self) -> UUID:
        """Who takes the step. Raises DutiesNotSeparate for the scheduler, which decides nothing."""
        if self.actor_id is None:
            raise DutiesNotSeparate("This step takes a person.")
        return self.actor_id

    def pending(self, session: MarketSession) -> DecisionRequest | None:
        """The request that waits for a decision, if there is one."""
        return DecisionRequest.objects.filter(
            market=UUID(session.market_id), state=DecisionRequest.State.PENDING
        ).first()

    def require_other_than(self, person: UUID | None, part: str) -> None:
        """Raises DutiesNotSeparate if the actor is that person."""
        if person is not None and person == self.actor_id:
            raise DutiesNotSeparate(f"You {part} this market, so somebody else must take this step.")

    def require_no_contracts(self, session: MarketSession) -> None:
        """Raises DutiesNotSeparate if the actor holds contracts in the market."""
        accounts = Account.objects.filter(owner_id=self.actor_id, organization_id=session.organization_id)
        for account in accounts.values_list("pk", flat=True):
            holding = session.state.holdings.get(account)
            if holding and (any(holding.free) or any(holding.reserved)):
                raise DutiesNotSeparate("You hold contracts in this market, so somebody else must take this step.")


@dataclass(frozen=True, kw_only=True)
class Submit(Step):
    """Ask for approval."""

    allowed_from = ("draft",)

    def take(self, session: MarketSession, market: Market) -> None:
        session.record("MarketSubmitted", {}, self.cause)


@dataclass(frozen=True, kw_only=True)
class Return(Step):
    """Send a market back to its creator with a reason."""

    reason: str
    allowed_from = ("pending_approval",)

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_other_than(market.created_by_id, "created")
        session.record("MarketReturned", {"reason": self.reason}, self.cause)
        session.fields.update(approved_by_id=None, approved_at=None)


@dataclass(frozen=True, kw_only=True)
class Approve(Step):
    """Approve a market for opening; never its creator, not even as a superuser."""

    allowed_from = ("pending_approval",)

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_other_than(market.created_by_id, "created")
        if market.approved_by_id is not None:
            raise WrongState("The market has been approved already.", status=session.state.status)
        session.record("MarketApproved", {}, self.cause)
        session.fields.update(approved_by_id=self.actor_id, approved_at=session.now)


@dataclass(frozen=True, kw_only=True)
class Open(Step):
    """Open an approved market: freeze its criteria, open its accounts, fund its house market maker."""

    organization_id: UUID
    scheduled: bool = False
    allowed_from = ("pending_approval",)
    waits_for_decision = True

    def accounts(self, state: MarketState) -> set[int]:
        return set(
            Account.objects.filter(organization_id=self.organization_id, kind="subsidy").values_list("pk", flat=True)
        )

    def take(self, session: MarketSession, market: Market) -> None:
        if market.approved_by_id is None:
            raise WrongState("The market has not been approved yet.", status=session.state.status)
        if self.scheduled and (market.opens_at is None or market.opens_at > session.now):
            raise WrongState("The market's opening time has not come.", status=session.state.status)
        if market.closes_at is not None and market.closes_at <= session.now:
            raise WrongState("The market's closing time has passed.", status=session.state.status)
        outcomes = market.outcomes.count()
        prior = market.house_prior_units or even_prior(outcomes)
        subsidy = lmsr.subsidy_units(market.house_liquidity, prior) if market.house_liquidity else 0
        source = organization_account(
            kind=Account.Kind.SUBSIDY, organization_id=market.organization_id, now=session.now
        )
        available = session.accounts[source.pk].available if source.pk in session.accounts else 0
        if subsidy > available:
            raise InsufficientSubsidy(needed_units=subsidy, available_units=available)
        criteria_hash = hashlib.sha256(market.criteria.encode()).hexdigest()
        data: dict[str, Any] = {
            "outcomes": outcomes,
            "taker_fee_bps": market.taker_fee_bps,
            "maker_fee_bps": market.maker_fee_bps,
            "house_liquidity": market.house_liquidity,
            "prior_units": prior,
            "subsidy_units": subsidy,
            "accounts": {**_open_accounts(session, market), "subsidy": source.pk},
            "criteria_hash": criteria_hash,
            **due_at(market.opens_at if self.scheduled else None),
        }
        session.record("MarketOpened", data, self.cause)
        session.fields.update(opened_at=session.now, criteria_hash=criteria_hash)


def due_at(moment: datetime | None) -> dict[str, str]:
    """What the event of a scheduled step says of the moment it was due, however late it was taken; nothing for others."""
    return {"due_at": clock.text(moment)} if moment is not None else {}


def even_prior(outcomes: int) -> list[int]:
    """Equal opening prices in units; the first outcomes take what does not divide."""
    share, rest = divmod(SET_UNITS, outcomes)
    return [share + (index < rest) for index in range(outcomes)]


def _open_accounts(session: MarketSession, market: Market) -> dict[str, int]:
    """A market's own accounts, new and so locked by nobody else."""
    kinds = {"escrow": Account.Kind.ESCROW, "fees": Account.Kind.MARKET_FEES, "house": Account.Kind.HOUSE}
    ids = {}
    for name, kind in kinds.items():
        account = Account.objects.create(
            organization_id=market.organization_id, kind=kind, market=market, created_at=session.now
        )
        session.adopt_account(account.pk)
        ids[name] = account.pk
    return ids


@dataclass(frozen=True, kw_only=True)
class Halt(Step):
    """Stop trading for a while; resting orders stay and may be cancelled."""

    reason: str
    allowed_from = ("open",)

    def take(self, session: MarketSession, market: Market) -> None:
        session.record("MarketHalted", {"reason": self.reason}, self.cause)


@dataclass(frozen=True, kw_only=True)
class Resume(Step):
    """Open a halted market again."""

    reason: str
    allowed_from = ("halted",)
    waits_for_decision = True

    def take(self, session: MarketSession, market: Market) -> None:
        session.record("MarketResumed", {"reason": self.reason}, self.cause)


@dataclass(frozen=True, kw_only=True)
class Close(Step):
    """End trading for good; all resting orders are cancelled and give back what they reserved."""

    reason: str
    scheduled: bool = False
    allowed_from = ("open", "halted")

    def accounts(self, state: MarketState) -> set[int]:
        return set(state.orders_by_account)

    def take(self, session: MarketSession, market: Market) -> None:
        due = market.closes_at if self.scheduled else None
        if self.scheduled and (due is None or due > session.now):
            raise WrongState("The market's closing time has not come.", status=session.state.status)
        data = decide.cancel_orders(session.state, account=None, reason="market_closed")
        session.record("MarketClosed", {**data, "why": self.reason, **due_at(due)}, self.cause)
        # No order was taken since the moment it was due, so that is when trading ended.
        session.fields.update(closed_at=due or session.now)
