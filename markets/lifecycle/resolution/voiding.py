"""Voiding: one person asks, a second one decides, and everybody is paid at the prices frozen when trading stopped."""

from dataclasses import dataclass
from uuid import UUID

from markets.engine import decide, judging
from markets.engine.state import NOT_YET_OPEN, TRADING, MarketState
from markets.lifecycle.commands import Step
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.errors import DecisionPending, NothingRequested
from markets.lifecycle.resolution.models import DecisionRequest, Dispute, ResolutionProposal
from markets.lifecycle.resolution.proposing import (
    bond_accounts,
    close_proposal,
    organization_targets,
    present_proposal,
    record_sweeps,
    release_bonds,
    released,
)
from markets.trading.session import MarketSession

VOIDABLE = ("draft", "pending_approval", "open", "halted", "closed", "resolved", "disputed")
Kind = DecisionRequest.Kind
State = DecisionRequest.State


@dataclass(frozen=True, kw_only=True)
class RequestVoid(Step):
    """Ask for a market to be voided. A market that trades is halted with it, which freezes its prices."""

    reason: str
    allowed_from = VOIDABLE

    def take(self, session: MarketSession, market: Market) -> None:
        if self.pending(session) is not None:
            raise DecisionPending
        if session.state.status == TRADING:
            session.record("MarketHalted", {"reason": self.reason}, self.cause)
        payout = judging.frozen_prices(session.state.last_prices) if session.state.rules else None
        DecisionRequest.objects.create(
            market=market,
            kind=Kind.VOID,
            payout_units=payout,
            reason=self.reason,
            requested_by_id=self.person,
            requested_at=session.now,
        )
        session.record("VoidRequested", {"reason": self.reason, "payout_units": payout}, self.cause)


@dataclass(frozen=True, kw_only=True)
class DecideRequest(Step):
    """Decide a request that waits. Nobody approves their own."""

    reason: str
    kind = Kind.VOID

    def waiting(self, session: MarketSession) -> DecisionRequest:
        """The request of this kind. Raises NothingRequested."""
        found = self.pending(session)
        if found is None or found.kind != self.kind:
            raise NothingRequested
        return found

    def decided(self, request: DecisionRequest, state: DecisionRequest.State, session: MarketSession) -> None:
        """Write the decision."""
        request.state, request.decision = state, self.reason
        request.decided_by_id, request.decided_at = self.actor_id, session.now
        request.save(update_fields=["state", "decision", "decided_by", "decided_at"])


@dataclass(frozen=True, kw_only=True)
class RejectVoid(DecideRequest):
    """The market goes on. Who asked may take the request back this way; so may anybody with the right to decide."""

    allowed_from = VOIDABLE

    def take(self, session: MarketSession, market: Market) -> None:
        request = self.waiting(session)
        session.record("VoidRejected", {"reason": self.reason}, self.cause)
        self.decided(request, State.REJECTED, session)


@dataclass(frozen=True, kw_only=True)
class ApproveVoid(DecideRequest):
    """Void the market: cancel its orders, return bonds, pay all sets at the frozen prices, once.

    Neither who asked, nor the creator, nor anybody who holds contracts, so no disputer either.
    """

    organization_id: UUID
    allowed_from = VOIDABLE

    def accounts(self, state: MarketState) -> set[int]:
        if state.rules is None:
            return set()
        parties = set(state.holdings) | set(state.orders_by_account)
        return parties | bond_accounts(state) | organization_targets(self.organization_id)

    def take(self, session: MarketSession, market: Market) -> None:
        request = self.waiting(session)
        self.require_other_than(request.requested_by_id, "asked to void")
        self.require_other_than(market.created_by_id, "created")
        self.require_no_contracts(session)
        if session.state.status not in NOT_YET_OPEN:
            orders = decide.cancel_orders(session.state, account=None, reason="market_voided")
            if orders["orders"]:
                session.record("OrdersCancelled", orders, self.cause)
        if session.state.status in {"resolved", "disputed"}:
            self._end_proposal(session)
        payout = judging.void(session.state)
        session.record("MarketVoided", {**payout, "reason": request.reason}, self.cause)
        if session.state.rules is not None:
            record_sweeps(session, self)
        self.decided(request, State.APPROVED, session)
        session.fields.update(
            payout_units=payout["payout_units"], settled_at=session.now, dispute_ends_at=None, finalizes_at=None
        )

    def _end_proposal(self, session: MarketSession) -> None:
        """A voided market has nothing left to dispute: bonds go back, and the proposal with them."""
        if bonds := released(session, judging.returned_bonds(session.state)):
            session.record("BondsReturned", bonds, self.cause)
        proposal = present_proposal(session)
        release_bonds(proposal, Dispute.Bond.RETURNED)
        close_proposal(proposal, ResolutionProposal.State.VOIDED, self.actor_id, session, self.reason)
