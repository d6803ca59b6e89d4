"""The projection's rows: the same however the events arrive, and what the ledger, the positions and the trades say."""

from collections import defaultdict

import pytest

from markets.analytics.traders.models import TraderDay, TraderResult
from markets.analytics.traders.projection import TRADER_FIGURES
from markets.ledger.models import Account, Posting
from markets.trading.models import Position, Trade
from opinion_market.eventstore import projections
from opinion_market.eventstore.models import Checkpoint, Event
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue
from tests.eventstore.conftest import run_until
from tests.traders.feed import kept, refigure


def busy_venue() -> tuple[Venue, list[Person], list[str]]:
    """Three markets, one with three outcomes, two settled; house, fees, minting, short sales, resting orders, cancellations."""
    venue = Venue()
    people = [venue.trader() for _ in range(3)]
    ann, bob, eve = people
    house = venue.market(
        house_liquidity=200, taker_fee_bps=150, maker_fee_bps=40, category="weather", dispute_window_s=0
    )
    three = venue.market(
        kind="categorical", outcomes=["A", "B", "C"], taker_fee_bps=90, category="sport", dispute_window_s=0
    )
    plain = venue.market(category="weather")
    ann.order(house, price=6_000, quantity=40)
    bob.order(house, outcome=1, price=7_000, quantity=25)
    eve.order(house, side="sell", price=7_500, quantity=30)
    ann.order(house, price=7_600, quantity=20)
    ann.order(house, side="sell", price=3_000, quantity=35)
    bob.post(f"markets/{three}/mint", {"quantity": 20})
    bob.order(three, side="sell", outcome=0, price=3_000, quantity=15)
    ann.order(three, outcome=0, price=3_500, quantity=25)
    eve.order(three, side="sell", outcome=0, price=3_000, quantity=18)
    eve.order(three, outcome=0, price=9_000, quantity=6)
    bob.post(f"markets/{three}/merge", {"quantity": 2})
    eve.order(plain, price=4_100, quantity=50)
    bob.order(plain, side="sell", price=4_000, quantity=20)
    resting = bob.order(plain, side="sell", price=6_000, quantity=5)["id"]
    ann.order(plain, outcome=1, price=6_500, quantity=10)
    bob.delete(f"orders/{resting}")
    settle(venue, house, outcome=0)
    settle(venue, three, outcome=1)
    return venue, people, [house, three, plain]


def settle(venue: Venue, market: str, **resolution: object) -> None:
    venue.chief.post(f"markets/{market}/close", {"reason": "It is over."})
    venue.second.post(f"markets/{market}/resolve", {"evidence": "Seen.", **resolution})
    venue.third.post(f"markets/{market}/finalize")


@pytest.mark.django_db
def test_figures_are_the_same_however_the_events_arrive() -> None:
    busy_venue()
    refigure(batch=1_000)
    at_once = kept()
    assert all(at_once.values())
    for batch in (1, 3, 7):
        refigure(batch)
        assert kept() == at_once


@pytest.mark.django_db
def test_cash_is_what_the_ledger_posted_and_contracts_are_the_positions() -> None:
    busy_venue()
    refigure()
    streams = dict(Event.objects.values_list("position", "stream"))
    posted: dict[tuple[int, str], int] = defaultdict(int)
    holders = (Account.Kind.TRADER, Account.Kind.HOUSE)
    for posting in Posting.objects.filter(account__kind__in=holders).exclude(reason__in=["subsidy", "sweep"]):
        kind, _, market = streams[posting.event_position].partition("-")
        if kind == "market":
            posted[posting.account_id, market] += posting.delta_units
    held: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for position in Position.objects.all():
        contracts = position.free_contracts + position.reserved_contracts
        held[position.account_id, str(position.market_id)][position.outcome] = contracts
    results = {(result.account_id, str(result.market_id)): result for result in TraderResult.objects.all()}
    assert posted.keys() <= results.keys()
    for key, result in results.items():
        assert result.cash_units == posted[key]
        assert result.contracts == [held[key].get(outcome, 0) for outcome in range(len(result.contracts))]


@pytest.mark.django_db
def test_fills_fees_and_volume_are_those_of_the_trades() -> None:
    busy_venue()
    refigure()
    counted: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for trade in Trade.objects.all():
        for account, fee in (
            (trade.taker_account_id, trade.taker_fee_units),
            (trade.maker_account_id, trade.maker_fee_units),
        ):
            own = counted[account, str(trade.market_id)]
            own[0] += 1
            own[1] += trade.quantity
            own[2] += fee
    for result in TraderResult.objects.all():
        told = [result.fills, result.traded_contracts, result.fees_units]
        assert told == counted[result.account_id, str(result.market_id)]


@pytest.mark.django_db
def test_profit_over_everybody_is_minus_the_fees() -> None:
    _, _, markets = busy_venue()
    refigure()
    for market in markets:
        results = TraderResult.objects.filter(market=market)
        marks = [10_000] + [0] * (len(results[0].contracts) - 1)
        worth = sum(
            result.cash_units + sum(held * mark for held, mark in zip(result.contracts, marks, strict=True))
            for result in results
        )
        assert worth == -sum(result.fees_units for result in results)


@pytest.mark.django_db
def test_a_day_keeps_the_stake_as_it_was_at_its_end() -> None:
    busy_venue()
    refigure()
    names = ["account_id", "market_id", "contracts", "basis_units", "cash_units", "fills", "turnover_units"]
    assert sorted(map(str, TraderDay.objects.values_list(*names))) == sorted(
        map(str, TraderResult.objects.values_list(*names))
    )


@pytest.mark.usefixtures("committed_db")
def test_what_the_platform_keeps_up_to_date_is_what_a_rebuild_computes() -> None:
    venue = Venue()
    ann, bob = venue.trader(), venue.trader()
    market = venue.market(house_liquidity=50, taker_fee_bps=100, dispute_window_s=0)
    ann.order(market, price=6_000, quantity=30)
    catch_up()
    bob.order(market, side="sell", price=5_000, quantity=12)
    catch_up()
    settle(venue, market, outcome=1)
    catch_up()
    before = rows_of(market)
    assert len(before) == 3
    assert projections.rebuild(TRADER_FIGURES, clock=clock.now).value == "up to date"
    catch_up()
    assert rows_of(market) == before


def catch_up() -> None:
    """As far as the newest event, which other transactions of the server may hold back for a moment."""
    newest = Event.objects.order_by("-transaction_id", "-position").first()
    assert newest is not None
    key = {"transaction_id": newest.transaction_id, "position": newest.position}
    run_until(
        TRADER_FIGURES.subscription,
        lambda: Checkpoint.objects.filter(subscriber=TRADER_FIGURES.name, **key).exists(),
    )


def rows_of(market: str) -> list[dict]:
    rows = TraderResult.objects.filter(market=market).order_by("account_id").values()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]
