"""Steps in a market's life, as commands to the sequencer: they take their turn among the orders."""

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from markets.engine import decide, lmsr
from markets.engine.errors import OutcomeNotSplittable
from markets.engine.splitting import SPLITTABLE, split_outcome
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle.errors import (
    DisputeWindowOpen,
    DutiesNotSeparate,
    InsufficientSubsidy,
    InvalidMarket,
    InvalidPayout,
    WrongState,
)
from markets.lifecycle.models import MAX_OUTCOMES, OTHER, Market, Outcome
from markets.trading.commands import Command
from markets.trading.replies import Reply
from markets.trading.session import MarketSession


@dataclass(frozen=True, kw_only=True)
class Step(Command):
    """One step. Its permission has been checked; separation of duties and the state are checked under the lock."""

    actor_id: UUID | None
    allowed_from: ClassVar[tuple[str, ...]]

    def decide(self, session: MarketSession) -> Reply:
        if session.state.status not in self.allowed_from:
            raise WrongState(
                f"The market is {session.state.status.replace('_', ' ')}.",
                status=session.state.status,
                allowed=list(self.allowed_from),
            )
        market = Market.objects.get(pk=session.market_id)
        self.take(session, market)
        return {"status": session.state.status, "version": session.state.version}

    @abstractmethod
    def take(self, session: MarketSession, market: Market) -> None:
        """Check what is peculiar to the step, then record its events. `market` is the row before the step."""

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
    allowed_from = ("pending_approval",)

    def accounts(self, state: MarketState) -> set[int]:
        return set(
            Account.objects.filter(organization_id=self.organization_id, kind="subsidy").values_list("pk", flat=True)
        )

    def take(self, session: MarketSession, market: Market) -> None:
        if market.approved_by_id is None:
            raise WrongState("The market has not been approved yet.", status=session.state.status)
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
        }
        session.record("MarketOpened", data, self.cause)
        session.fields.update(opened_at=session.now, criteria_hash=criteria_hash)


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
class SplitOther(Step):
    """Split a new outcome off from "Other"; what rests there is cancelled first."""

    organization_id: UUID
    label: str
    share_bps: int
    allowed_from = SPLITTABLE

    def accounts(self, state: MarketState) -> set[int]:
        subsidy = Account.objects.filter(organization_id=self.organization_id, kind="subsidy")
        return set(state.orders_by_account) | set(subsidy.values_list("pk", flat=True))

    def take(self, session: MarketSession, market: Market) -> None:
        labels = list(market.outcomes.order_by("index").values_list("label", flat=True))
        if OTHER not in labels or market.kind != Market.Kind.CATEGORICAL:
            raise OutcomeNotSplittable(f'The market has no outcome "{OTHER}" to split.')
        if not self.label or self.label.casefold() in {label.casefold() for label in labels}:
            raise InvalidMarket("The new outcome needs a label that no other has.")
        if len(labels) >= MAX_OUTCOMES:
            raise InvalidMarket(f"A market has at most {MAX_OUTCOMES} outcomes.")
        data = split_outcome(session.state, outcome=labels.index(OTHER), share_bps=self.share_bps)
        source = organization_account(
            kind=Account.Kind.SUBSIDY, organization_id=market.organization_id, now=session.now
        )
        available = session.accounts[source.pk].available if source.pk in session.accounts else 0
        if data["subsidy_units"] > available:
            raise InsufficientSubsidy(needed_units=data["subsidy_units"], available_units=available)
        session.record("OutcomeSplit", {**data, "label": self.label, "subsidy_account": source.pk}, self.cause)
        Outcome.objects.create(market=market, index=len(labels), label=self.label)
        if data["prior_units"] is not None:
            session.fields.update(house_prior_units=data["prior_units"])


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

    def take(self, session: MarketSession, market: Market) -> None:
        session.record("MarketResumed", {"reason": self.reason}, self.cause)


@dataclass(frozen=True, kw_only=True)
class Close(Step):
    """End trading for good; all resting orders are cancelled and give back what they reserved."""

    reason: str
    allowed_from = ("open", "halted")

    def accounts(self, state: MarketState) -> set[int]:
        return set(state.orders_by_account)

    def take(self, session: MarketSession, market: Market) -> None:
        data = decide.cancel_orders(session.state, account=None, reason="market_closed")
        session.record("MarketClosed", {**data, "why": self.reason}, self.cause)
        session.fields.update(closed_at=session.now)


@dataclass(frozen=True, kw_only=True)
class Resolve(Step):
    """Propose a resolution: what a contract on each outcome pays, with the evidence."""

    payout_units: Sequence[int]
    evidence: str
    value: Decimal | None = None
    allowed_from = ("closed",)

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_other_than(market.created_by_id, "created")
        self.require_no_contracts(session)
        payout = list(self.payout_units)
        if len(payout) != session.state.opened_rules().outcomes or min(payout) < 0 or sum(payout) != SET_UNITS:
            raise InvalidPayout(payout=list[object](payout), outcomes=session.state.opened_rules().outcomes)
        data: dict[str, Any] = {"payout_units": payout, "evidence": self.evidence}
        if self.value is not None:
            data["value"] = f"{self.value:f}"
        session.record("ResolutionProposed", data, self.cause)
        session.fields.update(settlement_value=self.value)
        session.fields.update(
            payout_units=payout, resolution_note=self.evidence, resolved_by_id=self.actor_id, resolved_at=session.now
        )


@dataclass(frozen=True, kw_only=True)
class WithdrawResolution(Step):
    """Take a proposed resolution back before it is final, so that another can be proposed."""

    reason: str
    allowed_from = ("resolved",)

    def take(self, session: MarketSession, market: Market) -> None:
        session.record("ResolutionWithdrawn", {"reason": self.reason}, self.cause)
        session.fields.update(
            payout_units=None, settlement_value=None, resolution_note="", resolved_by_id=None, resolved_at=None
        )


@dataclass(frozen=True, kw_only=True)
class Finalize(Step):
    """Make the resolution final and pay: once, all holders, in one transaction. Never the proposer."""

    organization_id: UUID
    allowed_from = ("resolved",)

    def accounts(self, state: MarketState) -> set[int]:
        own = Account.objects.filter(organization_id=self.organization_id, kind__in=["subsidy", "fees"])
        return set(state.holdings) | set(own.values_list("pk", flat=True))

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_other_than(market.resolved_by_id, "proposed the resolution of")
        self.require_no_contracts(session)
        if market.resolved_at is not None:
            opens_at = market.resolved_at + timedelta(seconds=market.dispute_window_s)
            if session.now < opens_at:
                raise DisputeWindowOpen(
                    f"The dispute window ends at {opens_at.isoformat()}.", ends_at=opens_at.isoformat()
                )
        session.record("ResolutionFinalized", {"payout_units": session.state.payout_units}, self.cause)
        session.record("MarketSettled", decide.settle(session.state), self.cause)
        if sweeps := self._sweeps(session):
            session.record("MarketSwept", {"sweeps": sweeps}, self.cause)
        session.fields.update(settled_at=session.now)

    def _sweeps(self, session: MarketSession) -> list[list[int]]:
        """What the house has left goes back to the subsidy, the market's fees to the organization's."""
        rules = session.state.opened_rules()
        targets = {
            rules.house_account: organization_account(
                kind=Account.Kind.SUBSIDY, organization_id=session.organization_id, now=session.now
            ),
            rules.fee_account: organization_account(
                kind=Account.Kind.FEES, organization_id=session.organization_id, now=session.now
            ),
        }
        sweeps = []
        for source, target in targets.items():
            if source in session.accounts and (units := session.accounts[source].balance):
                sweeps.append([source, target.pk, units])
        return sweeps
