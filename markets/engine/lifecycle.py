"""Events of a market's life: what each does to the state. Registered in `apply`."""

from markets.engine import lmsr
from markets.engine.book import Book
from markets.engine.cancelling import cancelled
from markets.engine.effects import Effects, EventData, Handler, change_sets
from markets.engine.state import House, MarketState, Rules


def _opened(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    outcomes = data["outcomes"]
    accounts = data["accounts"]
    state.rules = Rules(
        outcomes=outcomes,
        taker_fee_bps=data["taker_fee_bps"],
        maker_fee_bps=data["maker_fee_bps"],
        escrow_account=accounts["escrow"],
        fee_account=accounts["fees"],
        house_account=accounts["house"],
    )
    state.books = [Book() for _ in range(1 if outcomes == 2 else outcomes)]
    state.status = "open"
    state.last_prices = list(data["prior_units"])
    if data["house_liquidity"]:
        b, prior = data["house_liquidity"], data["prior_units"]
        state.house = House(b, lmsr.start(prior, b), prior, [0] * outcomes)
        state.holding(accounts["house"])
        effects.reason = "subsidy"
        effects.move(accounts["subsidy"], -data["subsidy_units"])
        effects.move(accounts["house"], data["subsidy_units"])


def _status(status: str) -> Handler:
    def change(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
        state.status = status

    return change


def _resolved(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    state.status = "resolved"
    state.payout_units = list(data["payout_units"])


def _closed(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    cancelled(state, data, at_us, effects)
    state.status = "closed"


def _settled(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    _pay_out(state, data, effects)
    state.status = "settled"


def _pay_out(state: MarketState, data: EventData, effects: Effects) -> None:
    """Pay every holder what its contracts are worth and dissolve all sets."""
    effects.reason = "payout"
    for account, units in data["payouts"]:
        effects.move(account, units)
    change_sets(state, -state.sets, effects)
    for account, holding in state.holdings.items():
        if any(holding.free):
            holding.free = [0] * len(holding.free)
            effects.holders.add(account)
        holding.kept = 0


def _withdrawn(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    state.status = "closed"
    state.payout_units = []
    _release_bonds(state, data, effects)


def _disputed(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """The bond leaves the disputer's account for the market's bond account, where it waits for the decision."""
    state.status = "disputed"
    account, units = data["account"], data["bond_units"]
    state.bonds.append([account, units])
    if units:
        effects.reason = "bond"
        effects.move(account, -units)
        effects.move(data["bond_account"], units)


def _upheld(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    state.status = "resolved"
    _release_bonds(state, data, effects)


def _overturned(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    _resolved(state, data, at_us, effects)
    _release_bonds(state, data, effects)


def _bonds_returned(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    _release_bonds(state, data, effects)


def _release_bonds(state: MarketState, data: EventData, effects: Effects) -> None:
    """All bonds of the proposal go where the event says: back, or to the organization."""
    effects.reason = "bond"
    for account, units in data.get("bonds", ()):
        effects.move(data["bond_account"], -units)
        effects.move(account, units)
    state.bonds = []


def _voided(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """Pay the frozen prices; a market that never opened has nothing to pay."""
    if state.rules is not None:
        state.payout_units = list(data["payout_units"])
        _pay_out(state, data, effects)
    state.status = "voided"


def _corrected(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """Move what the accounts were paid too much or too little; the subsidy stands for the house and for what is missing."""
    effects.reason = "correction"
    state.payout_units = list(data["payout_units"])
    for account, units in (*data["changes"], data["subsidy"]):
        effects.move(account, units)


def _swept(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """What is left of the house's cash returns to the subsidy; the market's fees go to the organization's fee account."""
    effects.reason = "sweep"
    for source, target, units in data["sweeps"]:
        effects.move(source, -units)
        effects.move(target, units)


def _nothing(state: MarketState, data: EventData, at_us: int, effects: Effects) -> None:
    """Events that say something about the market without changing how it trades."""


LIFECYCLE: dict[str, Handler] = {
    "MarketCreated": _status("draft"),
    "MarketUpdated": _nothing,
    "MarketSubmitted": _status("pending_approval"),
    "MarketReturned": _status("draft"),
    "MarketApproved": _nothing,
    "MarketLimitsChanged": _nothing,
    "MarketOpened": _opened,
    "MarketHalted": _status("halted"),
    "MarketResumed": _status("open"),
    "MarketClosed": _closed,
    "ResolutionProposed": _resolved,
    "ResolutionConfirmed": _nothing,
    "ResolutionWithdrawn": _withdrawn,
    "ResolutionDisputed": _disputed,
    "ResolutionUpheld": _upheld,
    "ResolutionOverturned": _overturned,
    "ResolutionFinalized": _status("finalized"),
    "MarketSettled": _settled,
    "MarketSwept": _swept,
    "VoidRequested": _nothing,
    "VoidRejected": _nothing,
    "BondsReturned": _bonds_returned,
    "MarketVoided": _voided,
    "CorrectionRequested": _nothing,
    "CorrectionRejected": _nothing,
    "ResolutionCorrected": _corrected,
}
