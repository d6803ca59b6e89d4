"""Decisions about a resolution: disputes with bonds, voiding at the frozen prices, corrections. Nothing here changes the state."""

from collections.abc import Mapping, Sequence

from markets.engine.decide import settle
from markets.engine.effects import EventData
from markets.engine.errors import AlreadyDisputed, InsufficientCover, InsufficientFunds, NothingHeld
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS

Vector = Sequence[int]


def frozen_prices(prices: Vector) -> list[int]:
    """Prices as a payout vector: in proportion, whole units that sum to exactly 10,000.

    By largest remainder (Hamilton's method): shares are rounded down, and what is missing goes, a unit each, to the
    largest remainders, on a tie to the first outcome.
    """
    total = sum(prices)
    shares = [price * SET_UNITS // total for price in prices]
    by_remainder = sorted(range(len(prices)), key=lambda i: (-(prices[i] * SET_UNITS % total), i))
    for outcome in by_remainder[: SET_UNITS - sum(shares)]:
        shares[outcome] += 1
    return shares


def dispute(state: MarketState, *, account: int, bond_units: int, available: int) -> EventData:
    """Dispute the present proposal, once per account. Raises NothingHeld, AlreadyDisputed, InsufficientFunds."""
    if not any(held(state, account)):
        raise NothingHeld
    if any(disputer == account for disputer, _ in state.bonds):
        raise AlreadyDisputed
    if bond_units > available:
        raise InsufficientFunds(needed_units=bond_units, available_units=available)
    return {"account": account, "bond_units": bond_units}


def returned_bonds(state: MarketState) -> list[list[int]]:
    """[[account, units], ...]: every disputer gets the bond back."""
    return [list(bond) for bond in state.bonds if bond[1]]


def forfeited_bonds(state: MarketState, fee_account: int) -> list[list[int]]:
    """[[account, units]]: all bonds go to the organization's fee account."""
    units = sum(bond for _, bond in state.bonds)
    return [[fee_account, units]] if units else []


def void(state: MarketState) -> EventData:
    """What every holder is paid at the frozen prices. All orders must have been cancelled before."""
    if state.rules is None:
        return {"payout_units": None, "payouts": []}
    return settle(state, frozen_prices(state.last_prices))


def correct(
    state: MarketState,
    payout_units: Vector,
    *,
    holdings: Mapping[int, Vector],
    shortfalls: Mapping[int, int],
    available: Mapping[int, int],
    subsidy_account: int,
) -> EventData:
    """Pay a settled market again, at another vector: per account the difference to what it has kept so far.

    holdings: contracts when it settled, by account, the house's among them. shortfalls: what accounts still owe from
    earlier corrections, in units. available: unreserved cash. An account that cannot give back all of it gives what it
    has; the subsidy pays the rest, as it pays and receives for the house. Raises InsufficientCover.
    """
    house = state.opened_rules().house_account
    shift = [new - old for new, old in zip(payout_units, state.payout_units, strict=True)]
    changes, owed = [], []
    for account, contracts in sorted(holdings.items()):
        if account == house:
            continue
        due = sum(count * units for count, units in zip(contracts, shift, strict=True)) - shortfalls.get(account, 0)
        change = max(due, -available[account])
        if change:
            changes.append([account, change])
        if change > due:
            owed.append([account, change - due])
    cover = sum(change for _, change in changes)
    if cover > available[subsidy_account]:
        raise InsufficientCover(needed_units=cover, available_units=available[subsidy_account])
    return {
        "payout_units": list(payout_units),
        "previous_units": list(state.payout_units),
        "changes": changes,
        "subsidy": [subsidy_account, -cover],
        "shortfalls": owed,
    }


def held(state: MarketState, account: int) -> list[int]:
    """An account's contracts per outcome, free and reserved."""
    holding = state.holdings.get(account)
    return [free + put_aside for free, put_aside in zip(holding.free, holding.reserved, strict=True)] if holding else []
