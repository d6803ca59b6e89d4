"""Disputing a proposal against a bond, and the review that upholds or overturns it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from markets.engine import judging
from markets.engine.state import MarketState
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle.commands import Step
from markets.lifecycle.errors import DutiesNotSeparate
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.errors import DisputeWindowClosed, SameResolution
from markets.lifecycle.resolution.evidence import waiting_pieces
from markets.lifecycle.resolution.models import Dispute, Evidence, ResolutionProposal
from markets.lifecycle.resolution.proposing import (
    bond_account,
    bond_accounts,
    checked_payout,
    close_proposal,
    named_value,
    organization_targets,
    present_proposal,
    put_forward,
    release_bonds,
    released,
)
from markets.trading.session import MarketSession

State = ResolutionProposal.State


@dataclass(frozen=True, kw_only=True)
class RaiseDispute(Step):
    """Dispute the proposed resolution from an account that holds contracts; its bond waits for the decision."""

    account: int
    reason: str
    evidence_ids: Sequence[UUID] = ()
    allowed_from = ("resolved", "disputed")

    def accounts(self, state: MarketState) -> set[int]:
        return {self.account} | bond_accounts(state)

    def take(self, session: MarketSession, market: Market) -> None:
        proposal = present_proposal(session)
        if proposal.state == State.FINAL or session.now >= proposal.disputable_until:
            raise DisputeWindowClosed
        units = market.dispute_bond_units
        pieces = waiting_pieces(actor_id=self.actor_id, market_id=session.market_id, ids=self.evidence_ids)
        data = judging.dispute(
            session.state,
            account=self.account,
            bond_units=units,
            available=session.accounts[self.account].available,
        )
        if units:
            data["bond_account"] = bond_account(session)
        made = Dispute.objects.create(
            proposal=proposal,
            account_id=self.account,
            raised_by_id=self.person,
            reason=self.reason,
            bond_units=units,
            bond=Dispute.Bond.HELD if units else Dispute.Bond.NONE,
            raised_at=session.now,
        )
        Evidence.objects.filter(pk__in=[piece.pk for piece in pieces]).update(dispute=made)
        if proposal.state != State.DISPUTED:
            proposal.state = State.DISPUTED
            proposal.save(update_fields=["state"])
        items = [piece.as_data() for piece in pieces]
        more = {"dispute": str(made.pk), "proposal": proposal.number, "reason": self.reason, "items": items}
        session.record("ResolutionDisputed", {**data, **more}, self.cause)
        session.fields.update(finalizes_at=None)


@dataclass(frozen=True, kw_only=True)
class Review(Step):
    """A decision about a disputed proposal, by somebody who has no part in it and holds nothing."""

    reason: str
    organization_id: UUID
    allowed_from = ("disputed",)

    def accounts(self, state: MarketState) -> set[int]:
        return bond_accounts(state) | organization_targets(self.organization_id)

    def require_impartial(self, session: MarketSession, market: Market) -> None:
        """Raises DutiesNotSeparate for the creator, for proposers, confirmers and disputers, and for holders."""
        self.require_other_than(market.created_by_id, "created")
        self.require_no_contracts(session)
        contested = ResolutionProposal.objects.filter(market=market, state__in=[State.DISPUTED, State.OVERTURNED])
        if contested.filter(Q(proposed_by=self.actor_id) | Q(confirmed_by=self.actor_id)).exists():
            raise DutiesNotSeparate("You proposed or confirmed what is disputed, so somebody else must review it.")
        if Dispute.objects.filter(proposal__in=contested, raised_by=self.actor_id).exists():
            raise DutiesNotSeparate("You raised a dispute, so somebody else must review it.")


@dataclass(frozen=True, kw_only=True)
class Uphold(Review):
    """The proposal stands and is final; the bonds are forfeited to the organization's fee account."""

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_impartial(session, market)
        proposal = present_proposal(session)
        fees = organization_account(kind=Account.Kind.FEES, organization_id=session.organization_id, now=session.now)
        bonds = released(session, judging.forfeited_bonds(session.state, fees.pk))
        data = {"proposal": proposal.number, "reason": self.reason}
        session.record("ResolutionUpheld", {**data, **bonds}, self.cause)
        close_proposal(proposal, State.FINAL, self.actor_id, session, self.reason)
        release_bonds(proposal, Dispute.Bond.FORFEITED)
        # The review is the second person's word, so nothing is left to wait for.
        session.fields.update(dispute_ends_at=session.now, finalizes_at=session.now if market.auto_finalize else None)


@dataclass(frozen=True, kw_only=True)
class Overturn(Review):
    """Another payout vector takes the proposal's place, disputable in a window of its own; the bonds are returned."""

    payout_units: Sequence[int]
    evidence_ids: Sequence[UUID] = ()
    value: Decimal | None = None

    def take(self, session: MarketSession, market: Market) -> None:
        self.require_impartial(session, market)
        payout = checked_payout(session.state, self.payout_units)
        if payout == session.state.payout_units:
            raise SameResolution
        pieces = waiting_pieces(actor_id=self.actor_id, market_id=session.market_id, ids=self.evidence_ids)
        old = present_proposal(session)
        bonds = released(session, judging.returned_bonds(session.state))
        close_proposal(old, State.OVERTURNED, self.actor_id, session, self.reason)
        release_bonds(old, Dispute.Bond.RETURNED)
        new = put_forward(
            session,
            market,
            actor_id=self.person,
            payout=payout,
            note=self.reason,
            pieces=pieces,
            value=self.value,
            replaces=old,
        )
        data = {
            "proposal": new.number,
            "replaces": old.number,
            "payout_units": payout,
            "reason": self.reason,
            "items": [piece.as_data() for piece in pieces],
        }
        session.record("ResolutionOverturned", {**data, **named_value(self.value), **bonds}, self.cause)
