"""A market told again from its stream: who decided what and held what then, and what everybody was paid.

Nothing here reads the tables that the sequencer writes, but for the postings that the replay is compared with.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from markets.engine.apply import apply
from markets.engine.judging import held
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS
from markets.ledger.models import Account, Posting
from markets.trading.memory import stream_of
from opinion_market.eventstore.hashing import GENESIS, canonical_json, event_hash
from opinion_market.eventstore.read import RecordedEvent, read_stream
from opinion_market.kernel.clock import microseconds

DECISIONS = frozenset(
    {
        "MarketApproved", "MarketOpened", "MarketClosed", "ResolutionProposed", "ResolutionConfirmed", "ResolutionWithdrawn",
        "ResolutionDisputed", "ResolutionUpheld", "ResolutionOverturned", "ResolutionFinalized", "VoidRequested",
        "VoidRejected", "MarketVoided", "CorrectionRequested", "CorrectionRejected", "ResolutionCorrected",
    }
)  # fmt: skip
_PAYING = frozenset({"MarketSettled", "MarketVoided", "ResolutionCorrected"})


@dataclass(frozen=True, slots=True)
class Decision:
    """An event by which somebody decided something. `actor`: None is the scheduler. `held`: contracts per outcome just before."""

    version: int
    type: str
    at: datetime
    actor: UUID | None
    data: Mapping[str, Any]
    held: list[int]
    held_when_paid: list[int] | None


@dataclass(slots=True)
class Payout:
    """What an account was paid. Units; `shortfall_units`: what it could not give back at the last correction."""

    contracts: list[int]
    paid_units: int = 0
    corrected_units: int = 0
    shortfall_units: int = 0


@dataclass(slots=True)
class Retelling:
    """The outcome of one pass over the stream.

    is_chained: every event's hash follows from the event and the hash before. escrow_units: what escrow held when it paid.
    """

    state: MarketState
    organization_id: UUID
    head_hash: bytes = GENESIS
    is_chained: bool = True
    decisions: list[Decision] = field(default_factory=list)
    payouts: dict[int, Payout] = field(default_factory=dict)
    first_vector: list[int] = field(default_factory=list)
    escrow_units: int = 0
    criteria_hash: str = ""
    paying_positions: list[int] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def payouts_units(self) -> int:
        """What the settlement, or the voiding, paid to all together; corrections sum to zero."""
        return sum(payout.paid_units for payout in self.payouts.values())

    @property
    def is_escrow_paid_out(self) -> bool:
        return self.payouts_units == self.escrow_units


def retell(market_id: str, organization_id: UUID, *, until: int) -> Retelling:
    """Replay the stream from nothing to version `until`. About 20 microseconds per event; takes no locks."""
    told = Retelling(MarketState(market_id), organization_id)
    accounts = _accounts_of_people(organization_id)
    stream = stream_of(market_id)
    for event in read_stream(stream, until=until):
        told.is_chained = told.is_chained and _follows(event, told.head_hash)
        told.head_hash = event.hash
        if event.type == "MarketOpened":
            told.criteria_hash = event.data["criteria_hash"]
        if event.type in DECISIONS:
            told.decisions.append(_decision(event, told, accounts))
        if event.type in _PAYING and told.state.rules is not None:
            _note_payouts(event, told)
        effects = apply(told.state, event.type, event.data, microseconds(event.recorded_at))
        if event.type in _PAYING and told.state.rules is not None:
            told.paying_positions.append(event.position)
            for account, (delta, _) in effects.cash.items():
                told.moved[account] += delta
    return told


def differences_from_ledger(told: Retelling) -> list[int]:
    """Accounts for which contracts times vector, the replayed events and the ledger's postings are not the same.

    Computed three times: from the contracts held (in `expected_units`), from what replaying the events moves, and from
    the postings of those very events. The escrow gives all of it, so it is compared with their sum.
    """
    rows = Posting.objects.filter(event_position__in=told.paying_positions).order_by().values_list("account")
    posted = dict(rows.annotate(Sum("delta_units")))
    accounts = posted.keys() | told.moved.keys() | told.payouts.keys()
    own = _market_accounts(told)
    return sorted(
        account
        for account in accounts
        if posted.get(account, 0) != told.moved.get(account, 0)
        or (
            account in told.payouts
            and account not in own
            and told.moved.get(account, 0) != expected_units(told, account)
        )
    )


def expected_units(told: Retelling, account: int) -> int:
    """What an account must have in the end: its contracts at the last vector, and what it still owes."""
    payout = told.payouts[account]
    return worth(payout.contracts, told.state.payout_units) + payout.shortfall_units


def worth(contracts: list[int], vector: list[int]) -> int:
    """Contracts at a payout vector, in units."""
    return sum(count * units for count, units in zip(contracts, vector, strict=True))


def _market_accounts(told: Retelling) -> set[int]:
    """The market's own accounts; the house is corrected through the subsidy, so its own stays at the first vector."""
    rules = told.state.rules
    return {rules.escrow_account, rules.house_account, rules.fee_account} if rules else set()


def _follows(event: RecordedEvent, previous: bytes) -> bool:
    return event.previous_hash == previous and event.hash == event_hash(
        previous,
        stream=event.stream,
        version=event.version,
        type=event.type,
        schema_version=event.recorded_schema_version,
        at_us=microseconds(event.recorded_at),
        data=canonical_json(event.recorded_data),
        metadata=canonical_json(event.metadata),
    )


def _accounts_of_people(organization_id: UUID) -> dict[UUID, int]:
    accounts = Account.objects.filter(organization=organization_id, kind=Account.Kind.TRADER)
    return dict(accounts.values_list("owner", "pk"))


def _decision(event: RecordedEvent, told: Retelling, accounts: Mapping[UUID, int]) -> Decision:
    actor = event.metadata.get("actor")
    person = UUID(str(actor)) if actor else None
    account = accounts.get(person) if person else None
    outcomes = told.state.rules.outcomes if told.state.rules else 0
    holds = held(told.state, account) if account is not None else []
    paid = told.payouts.get(account) if account is not None else None
    return Decision(
        version=event.version,
        type=event.type,
        at=event.recorded_at,
        actor=person,
        data=event.data,
        held=holds or [0] * outcomes,
        held_when_paid=(paid.contracts if paid else [0] * outcomes) if told.payouts else None,
    )


def _note_payouts(event: RecordedEvent, told: Retelling) -> None:
    """Before the event is applied: who holds what now, and what the event says they get."""
    state = told.state
    if event.type == "ResolutionCorrected":
        for account, units in event.data["changes"]:
            told.payouts[account].corrected_units += units
        owed = dict(event.data["shortfalls"])
        for account, payout in told.payouts.items():
            payout.shortfall_units = owed.get(account, 0)
        return
    told.escrow_units = state.sets * SET_UNITS
    told.first_vector = list(event.data["payout_units"])
    told.payouts = {account: Payout(contracts) for account in state.holdings if any(contracts := held(state, account))}
    for account, units in event.data["payouts"]:
        told.payouts[account].paid_units = units
