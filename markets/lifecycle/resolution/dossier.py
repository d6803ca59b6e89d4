"""A market's whole story in one document: criteria, proposals, evidence, disputes, decisions, payouts, and the proof of them.

Everybody who may see the market may read it. Accounts and people have names that mean nothing outside of it, the reader's own
account is marked; those who hold markets.read in the organization see who they are, and the head's hash, which would
otherwise confirm a guess at an account.
"""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from governance.identity.models import User
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.models import DecisionRequest, Dispute, Evidence, ResolutionProposal
from markets.lifecycle.resolution.proof import Decision, Retelling, differences_from_ledger, retell, worth
from markets.lifecycle.resolution.pseudonyms import account_alias, person_alias
from markets.trading.public_events import public_data

# About 20 microseconds each. A longer stream is replayed by `manage.py market_dossier`.
MOST_EVENTS = 100_000

Document = dict[str, Any]


class Names:
    """How people and accounts are called for one reader of one market."""

    def __init__(self, market: Market, reader: User | None, *, shows_people: bool) -> None:
        self.market, self.shows_people = market, shows_people
        accounts = Account.objects.filter(organization=market.organization_id, owner=reader) if reader else None
        self.own = set(accounts.values_list("pk", flat=True)) if accounts is not None else set()
        self.reader = reader

    def learn(self, accounts: set[int], people: set[UUID]) -> None:
        """Look up those whom the document names, in two queries."""
        found = Account.objects.filter(pk__in=accounts).select_related("owner")
        self.accounts = {account.pk: account for account in found}
        self.people = {user.pk: str(user) for user in User.objects.filter(pk__in=people)} if self.shows_people else {}

    def person(self, person_id: UUID | None) -> Document | None:
        """Somebody, by alias; by name too for staff. None is the scheduler."""
        if person_id is None:
            return None
        is_reader = self.reader is not None and self.reader.pk == person_id
        shown = {"alias": person_alias(self.market.pk, person_id), "own": is_reader}
        return {**shown, "name": self.people.get(person_id), "id": str(person_id) if self.shows_people else None}

    def account(self, account_id: int) -> Document:
        """An account, by alias; with its number and its owner's name for staff."""
        account = self.accounts.get(account_id)
        owner = account.owner if account else None
        return {
            "alias": account_alias(self.market.pk, account_id),
            "own": account_id in self.own,
            "kind": account.kind if account else None,
            "id": account_id if self.shows_people else None,
            "name": str(owner) if owner and self.shows_people else None,
        }


def dossier(
    *, market: Market, reader: User | None, shows_people: bool, now: datetime, most_events: int | None = MOST_EVENTS
) -> Document:
    """The document, computed now. The caller has checked that the reader may see the market, and people in it. No locks.

    A market of more than `most_events` events is not replayed: `proof` is then null, and so is what only a replay tells.
    """
    told = None
    if most_events is None or market.version <= most_events:
        told = retell(str(market.pk), market.organization_id, until=market.version)
    proposals = list(market.proposals.prefetch_related("evidence", "disputes__evidence"))
    requests = list(market.decision_requests.prefetch_related("evidence"))
    names = Names(market, reader, shows_people=shows_people)
    names.learn(_accounts_in(told, proposals), _people_in(told, proposals, requests))
    return {
        "market": _market(market),
        "criteria": _criteria(market, told),
        "proposals": [_proposal(proposal, names) for proposal in proposals],
        "requests": [_request(request, names) for request in requests],
        "decisions": [_decided(decision, names) for decision in told.decisions] if told else None,
        "payouts": _payouts(told, names) if told else None,
        "proof": _proof(market, told, shows_people=shows_people) if told else None,
        "computed_at": now,
    }


def _market(market: Market) -> Document:
    return {
        "id": str(market.pk),
        "question": market.question,
        "status": market.status,
        "outcomes": [outcome.label for outcome in market.outcomes.all()],
        "payout": market.payout_units,
        "dispute_bond": market.dispute_bond_units,
        "dispute_window_s": market.dispute_window_s,
        "opened_at": market.opened_at,
        "closed_at": market.closed_at,
        "settled_at": market.settled_at,
    }


def _criteria(market: Market, told: Retelling | None) -> Document:
    """The criteria as they read now, hashed now, beside the hash that stands in the stream since the opening."""
    computed = hashlib.sha256(market.criteria.encode()).hexdigest()
    frozen = (told.criteria_hash if told else market.criteria_hash) or None
    return {
        "text": market.criteria,
        "frozen_hash": frozen,
        "computed_hash": computed,
        "unchanged": None if frozen is None else frozen == computed,
    }


def _proposal(proposal: ResolutionProposal, names: Names) -> Document:
    return {
        "number": proposal.number,
        "state": proposal.state,
        "payout": proposal.payout_units,
        "reason": proposal.note,
        "proposed_by": names.person(proposal.proposed_by_id),
        "proposed_at": proposal.proposed_at,
        "disputable_until": proposal.disputable_until,
        "confirmed_by": names.person(proposal.confirmed_by_id),
        "confirmed_at": proposal.confirmed_at,
        "decided_by": names.person(proposal.decided_by_id),
        "decided_at": proposal.decided_at,
        "decision": proposal.decision,
        "evidence": _pieces(proposal.evidence.all()),
        "disputes": [_dispute(dispute, names) for dispute in proposal.disputes.all()],
    }


def _dispute(dispute: Dispute, names: Names) -> Document:
    return {
        "id": str(dispute.pk),
        "account": names.account(dispute.account_id),
        "raised_at": dispute.raised_at,
        "reason": dispute.reason,
        "bond_units": dispute.bond_units,
        "bond": dispute.bond,
        "evidence": _pieces(dispute.evidence.all()),
    }


def _request(request: DecisionRequest, names: Names) -> Document:
    return {
        "kind": request.kind,
        "state": request.state,
        "payout": request.payout_units,
        "reason": request.reason,
        "requested_by": names.person(request.requested_by_id),
        "requested_at": request.requested_at,
        "decided_by": names.person(request.decided_by_id),
        "decided_at": request.decided_at,
        "decision": request.decision,
        "evidence": _pieces(request.evidence.all()),
    }


def _pieces(pieces: QuerySet[Evidence]) -> list[dict[str, object]]:
    return [piece.as_data() for piece in pieces]


def _decided(decision: Decision, names: Names) -> Document:
    data = decision.data
    shown = dict(data) if names.shows_people else public_data(decision.type, data)
    return {
        "version": decision.version,
        "type": decision.type,
        "at": decision.at,
        "due_at": data.get("due_at"),
        "by": names.person(decision.actor),
        "held": decision.held,
        "held_when_paid": decision.held_when_paid,
        "data": {name: value for name, value in shown.items() if name not in {"cash", "accounts"}},
    }


def _payouts(told: Retelling, names: Names) -> list[Document]:
    """Every account that held contracts when the market paid, by alias: the order tells nothing either."""
    rows = [
        {
            "account": names.account(account),
            "contracts": payout.contracts,
            "paid_units": payout.paid_units,
            "corrected_units": payout.corrected_units,
            "shortfall_units": payout.shortfall_units,
            "total_units": payout.paid_units + payout.corrected_units,
        }
        for account, payout in told.payouts.items()
    ]
    return sorted(rows, key=lambda row: str(row["account"]["alias"]))


def _proof(market: Market, told: Retelling, *, shows_people: bool) -> Document:
    """What replaying the stream gives, beside what the tables say."""
    is_paid = bool(told.first_vector)
    at_vector = all(worth(each.contracts, told.first_vector) == each.paid_units for each in told.payouts.values())
    return {
        "events": told.state.version,
        "version": market.version,
        "head_hash": told.head_hash.hex() if shows_people else None,
        "chain_intact": told.is_chained and told.head_hash == bytes(market.head_hash),
        "status": told.state.status,
        "same_status": told.state.status == market.status,
        "escrow_units": told.escrow_units if is_paid else None,
        "payouts_units": told.payouts_units if is_paid else None,
        "escrow_paid_out": told.is_escrow_paid_out if is_paid else None,
        "payouts_at_vector": at_vector if is_paid else None,
        "payouts_equal_ledger": not differences_from_ledger(told) if is_paid else None,
    }


def _accounts_in(told: Retelling | None, proposals: list[ResolutionProposal]) -> set[int]:
    disputers = {dispute.account_id for proposal in proposals for dispute in proposal.disputes.all()}
    return disputers | (told.payouts.keys() if told else set())


def _people_in(
    told: Retelling | None, proposals: list[ResolutionProposal], requests: list[DecisionRequest]
) -> set[UUID]:
    people = {decision.actor for decision in told.decisions} if told else set()
    for proposal in proposals:
        people |= {proposal.proposed_by_id, proposal.confirmed_by_id, proposal.decided_by_id}
    for request in requests:
        people |= {request.requested_by_id, request.decided_by_id}
    return {person for person in people if person is not None}
