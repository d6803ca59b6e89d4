"""Proposing a resolution, confirming it in advance, taking it back, and making it final."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from markets.engine import decide, judging
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle.commands import Step, due_at
from markets.lifecycle.errors import DisputeWindowOpen, InvalidPayout, WrongState
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.errors import AlreadyConfirmed
from markets.lifecycle.resolution.evidence import waiting_pieces
from markets.lifecycle.resolution.models import Dispute, Evidence, ResolutionProposal
from markets.trading.session import MarketSession

State = ResolutionProposal.State


def present_proposal(session: MarketSession) -> ResolutionProposal:
    """The proposal the market stands resolved, or disputed, at. Raises WrongState if there is none."""
    found = ResolutionProposal.objects.filter(market=UUID(session.market_id)).order_by("-number").first()
    if found is None:
        raise WrongState("No resolution has been proposed.", status=session.state.status)
    return found


def checked_payout(state: MarketState, payout_units: Sequence[int]) -> list[int]:
    """Raises InvalidPayout unless it has one whole number per outcome, none negative, summing to 10,000."""
    payout, outcomes = list(payout_units), state.opened_rules().outcomes
    if len(payout) != outcomes or min(payout) < 0 or sum(payout) != SET_UNITS:
        raise InvalidPayout(payout=list[object](payout), outcomes=outcomes)
    return payout


def bond_account(session: MarketSession) -> int:
    """The market's bond account, opened with its first bond; it must be among the command's accounts once it exists."""
    account, is_new = Account.objects.get_or_create(
        kind=Account.Kind.BOND,
        market_id=session.market_id,
        defaults={"organization_id": session.organization_id, "created_at": session.now},
    )
    if is_new:
        session.adopt_account(account.pk)
    return account.pk


def bond_accounts(state: MarketState) -> set[int]:
    """Accounts that releasing the bonds touches, apart from where forfeited ones go."""
    held = Account.objects.filter(kind=Account.Kind.BOND, market_id=state.market_id).values_list("pk", flat=True)
    return {account for account, _ in state.bonds} | set(held)


def released(session: MarketSession, bonds: list[list[int]]) -> dict[str, object]:
    """What an event says of bonds that go elsewhere; nothing where there are none."""
    return {"bonds": bonds, "bond_account": bond_account(session)} if bonds else {}


def release_bonds(proposal: ResolutionProposal, outcome: Dispute.Bond) -> None:
    """Note on the disputes what became of their bonds."""
    proposal.disputes.filter(bond=Dispute.Bond.HELD).update(bond=outcome)


def named_value(value: Decimal | None) -> dict[str, object]:
    """What an event says of a scalar market's value: text, for events hold no fractions."""
    return {} if value is None else {"value": f"{value:f}"}


def put_forward(
    session: MarketSession,
    market: Market,
    *,
    actor_id: UUID,
    payout: list[int],
    note: str,
    pieces: Sequence[Evidence],
    value: Decimal | None = None,
    replaces: ResolutionProposal | None = None,
) -> ResolutionProposal:
    """Write a new proposal with its evidence, and what the market's row says of it. Its event is the caller's."""
    last = ResolutionProposal.objects.filter(market=market).order_by("-number").first()
    until = session.now + timedelta(seconds=market.dispute_window_s)
    proposal = ResolutionProposal.objects.create(
        market=market,
        number=last.number + 1 if last else 1,
        payout_units=payout,
        note=note,
        replaces=replaces,
        proposed_by_id=actor_id,
        proposed_at=session.now,
        disputable_until=until,
    )
    Evidence.objects.filter(pk__in=[piece.pk for piece in pieces]).update(proposal=proposal)
    session.fields.update(
        payout_units=payout,
        settlement_value=value,
        resolution_note=note,
        resolved_by_id=actor_id,
        resolved_at=session.now,
        dispute_ends_at=until,
        finalizes_at=None,
    )
    return proposal


@dataclass(frozen=True, kw_only=True)
class Resolve(Step):
    """Propose a resolution: what a contract on each outcome pays, with the evidence."""

    payout_units: Sequence[int]
    evidence: str
    evidence_ids: Sequence[UUID] = ()
    value: Decimal | None = None
    allowed_from = ("closed",)

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_other_than(market.created_by_id, "created")
        self.require_no_contracts(session)
        payout = checked_payout(session.state, self.payout_units)
        pieces = waiting_pieces(actor_id=self.actor_id, market_id=session.market_id, ids=self.evidence_ids)
        proposal = put_forward(
            session, market, actor_id=self.person, payout=payout, note=self.evidence, pieces=pieces, value=self.value
        )
        data = {
            "proposal": proposal.number,
            "payout_units": payout,
            "evidence": self.evidence,
            "items": [piece.as_data() for piece in pieces],
        }
        session.record("ResolutionProposed", {**data, **named_value(self.value)}, self.cause)


@dataclass(frozen=True, kw_only=True)
class Confirm(Step):
    """Confirm a proposal before its window has passed, so that the scheduler may pay at the moment it ends."""

    allowed_from = ("resolved",)

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_other_than(market.resolved_by_id, "proposed the resolution of")
        self.require_no_contracts(session)
        proposal = present_proposal(session)
        if proposal.confirmed_by_id is not None:
            raise AlreadyConfirmed
        proposal.confirmed_by_id, proposal.confirmed_at = self.actor_id, session.now
        proposal.save(update_fields=["confirmed_by", "confirmed_at"])
        session.record("ResolutionConfirmed", {"proposal": proposal.number}, self.cause)
        if market.auto_finalize:
            session.fields.update(finalizes_at=max(session.now, market.dispute_ends_at or session.now))


@dataclass(frozen=True, kw_only=True)
class WithdrawResolution(Step):
    """Take a proposed resolution back before it is final, so that another can be proposed; bonds are returned."""

    reason: str
    allowed_from = ("resolved", "disputed")

    def accounts(self, state: MarketState) -> set[int]:
        return bond_accounts(state)

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_no_contracts(session)
        proposal = present_proposal(session)
        if proposal.state == State.FINAL:
            raise WrongState("A review has upheld this resolution.", status=session.state.status)
        if session.state.bonds and market.resolved_by_id != self.actor_id:
            raise WrongState(
                "It is disputed: only who proposed it may take it back; others review it.", status=session.state.status
            )
        data = {"proposal": proposal.number, "reason": self.reason}
        bonds = released(session, judging.returned_bonds(session.state))
        session.record("ResolutionWithdrawn", {**data, **bonds}, self.cause)
        close_proposal(proposal, State.WITHDRAWN, self.actor_id, session, self.reason)
        release_bonds(proposal, Dispute.Bond.RETURNED)
        session.fields.update(
            payout_units=None,
            settlement_value=None,
            resolution_note="",
            resolved_by_id=None,
            resolved_at=None,
            dispute_ends_at=None,
            finalizes_at=None,
        )


def close_proposal(
    proposal: ResolutionProposal, state: str, actor_id: UUID | None, session: MarketSession, decision: str
) -> None:
    """Write what became of a proposal, by whom and why."""
    proposal.state, proposal.decision = state, decision
    proposal.decided_by_id, proposal.decided_at = actor_id, session.now
    proposal.save(update_fields=["state", "decision", "decided_by", "decided_at"])


def organization_targets(organization_id: UUID) -> set[int]:
    """The organization's accounts that a settlement sweeps into; `prepare_accounts` has opened them."""
    own = Account.objects.filter(organization_id=organization_id, kind__in=[Account.Kind.SUBSIDY, Account.Kind.FEES])
    return set(own.values_list("pk", flat=True))


def record_sweeps(session: MarketSession, step: Step) -> None:
    """What the house has left goes back to the subsidy, the market's fees to the organization's."""
    rules = session.state.opened_rules()
    kinds = {rules.house_account: Account.Kind.SUBSIDY, rules.fee_account: Account.Kind.FEES}
    sweeps = []
    for source, kind in kinds.items():
        if source in session.accounts and (units := session.accounts[source].balance):
            target = organization_account(kind=kind, organization_id=session.organization_id, now=session.now)
            sweeps.append([source, target.pk, units])
    if sweeps:
        session.record("MarketSwept", {"sweeps": sweeps}, step.cause)


@dataclass(frozen=True, kw_only=True)
class Finalize(Step):
    """Make the resolution final and pay: once, all holders, in one transaction. Never the proposer.

    scheduled: taken by the scheduler, after a second person has confirmed it.
    """

    organization_id: UUID
    scheduled: bool = False
    allowed_from = ("resolved",)
    waits_for_decision = True

    def accounts(self, state: MarketState) -> set[int]:
        return set(state.holdings) | organization_targets(self.organization_id)

    def take(self, session: MarketSession, market: Market) -> None:
        proposal = present_proposal(session)
        if self.scheduled:
            if market.finalizes_at is None or session.now < market.finalizes_at:
                raise WrongState("The moment to pay has not come.", status=session.state.status)
        else:
            self.require_other_than(market.resolved_by_id, "proposed the resolution of")
            self.require_no_contracts(session)
        ends_at = market.dispute_ends_at
        if ends_at is not None and session.now < ends_at:
            raise DisputeWindowOpen(f"The dispute window ends at {ends_at.isoformat()}.", ends_at=ends_at.isoformat())
        data = {"proposal": proposal.number, "payout_units": session.state.payout_units}
        due = market.finalizes_at if self.scheduled else None
        session.record("ResolutionFinalized", {**data, **due_at(due)}, self.cause)
        session.record("MarketSettled", decide.settle(session.state), self.cause)
        record_sweeps(session, self)
        if proposal.state != State.FINAL:
            proposal.state = State.FINAL
            proposal.save(update_fields=["state"])
        session.fields.update(settled_at=session.now, finalizes_at=None)
