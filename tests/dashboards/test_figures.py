"""What the dashboards show is what the tables hold, of one's own organizations."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from markets.analytics.overview.forecasts import scored
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.performance.recording import meter, record
from markets.trading.models import Order, Trade
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.sealing import seal_events
from opinion_market.kernel import clock
from tests.console.scene import Exchange, catch_up, client_of
from tests.dashboards.test_pages import address
from tests.eventstore.sealed import everything_is_final

pytestmark = pytest.mark.django_db


def figures_of(name: str, user, **query: object) -> dict:
    answer = client_of(user).get(address(name, figures=True), query)
    assert answer.status_code == 200
    return answer.json()


def trades_of(exchange: Exchange) -> list[Trade]:
    return list(Trade.objects.filter(market__organization=exchange.organization).select_related("maker_account"))


def people_of(trades: list[Trade]) -> int:
    takers = {trade.taker_account.owner_id for trade in trades}
    makers = {trade.maker_account.owner_id for trade in trades if trade.maker_order is not None}
    return len(takers | makers)


@pytest.mark.parametrize("range_name", ["24h", "7d", "30d", "90d"])
def test_what_was_traded_is_what_the_trades_say(range_name):
    exchange = Exchange()
    busy, quiet = exchange.market(), exchange.market()
    exchange.trade(busy, times=2)
    exchange.trade(quiet)
    catch_up()
    found = figures_of("markets", exchange.creator, range=range_name)
    trades = trades_of(exchange)
    assert found["totals"]["trades"] == len(trades) > 0
    assert found["totals"]["value_units"] == sum(trade.value_units for trade in trades)
    assert found["totals"]["contracts"] == sum(trade.quantity for trade in trades)
    assert found["totals"]["traders"] == found["days"][-1]["traders"] == people_of(trades)
    assert (found["totals"]["open"], found["totals"]["markets"], found["totals"]["created"]) == (2, 2, 2)
    assert sum(each["trades"] for each in found["intervals"]) == len(trades)
    assert found["intervals"][-1]["value_units"] == found["totals"]["value_units"]
    worth = Counter()
    for trade in trades:
        worth[trade.market.question] += trade.value_units
    assert [(each["question"], each["value_units"]) for each in found["busiest"]] == worth.most_common()


def test_movers_are_those_whose_price_is_not_what_it_was():
    exchange = Exchange()
    market = exchange.market()
    exchange.order(exchange.member(), market, side="buy", price=6_000, quantity=10)
    catch_up()
    (mover,) = figures_of("markets", exchange.creator)["movers"]
    market.refresh_from_db()
    assert mover["question"] == market.question
    assert abs(mover["change_units"]) == abs(Trade.objects.get(market=market).price_after_units - 5_000)


def test_two_organizations_never_meet():
    ours, theirs = Exchange(), Exchange()
    for exchange in (ours, theirs, theirs):
        exchange.trade(exchange.market())
    catch_up()
    analyst = ours.member("analyst")
    mine = figures_of("markets", analyst)
    assert mine["totals"]["trades"] == len(trades_of(ours))
    assert {each["organization"] for each in mine["busiest"]} == {ours.organization.name}
    assert figures_of("markets", analyst, organization=ours.organization.pk)["totals"] == mine["totals"]
    for organization in (theirs.organization.pk, "01a1fcc7-2cec-7000-8000-000000000000", "nonsense"):
        for figures in (True, False):
            refused = client_of(analyst).get(address("markets", figures=figures), {"organization": organization})
            assert refused.status_code == 403
    offered = client_of(analyst).get(address("markets")).context["organizations"]
    assert list(offered) == [ours.organization]
    everything = figures_of("markets", ours.root)["totals"]["trades"]
    assert everything == len(trades_of(ours)) + len(trades_of(theirs))
    auditor = ours.member("auditor")
    streams = figures_of("event_sourcing", auditor)["totals"]["streams"]
    assert 0 < streams < figures_of("event_sourcing", ours.root)["totals"]["streams"]


def test_forecasts_are_scored_half_way_by_what_was_paid():
    exchange = Exchange()
    resolved, rejected = exchange.market("resolved"), exchange.market()
    lifecycle.finalize_market(actor=exchange.creator, market=resolved, now=clock.now()).unwrap()
    exchange.trade(rejected)
    catch_up()
    found = figures_of("markets", exchange.creator)["forecasts"]
    # Nobody had traded: the market stood at 50% each way, and one of two came.
    assert (found["markets"], found["brier"]) == (1, 0.5)
    assert found["bins"] == [{"low": 5000, "high": 6000, "outcomes": 2, "price": 5000.0, "paid": 5000.0}]
    Market.objects.filter(pk=resolved.pk).update(resolved_at=clock.now() - timedelta(days=8))
    assert figures_of("markets", exchange.creator)["forecasts"]["markets"] == 0
    assert figures_of("markets", exchange.creator, range="30d")["forecasts"]["markets"] == 1


chances = st.integers(0, 10_000).map(lambda price: [price, 10_000 - price])


@given(forecasts=st.lists(st.tuples(chances, st.sampled_from([[10_000, 0], [0, 10_000], [2_500, 7_500]])), max_size=30))
def test_scores_lie_between_right_and_wrong_and_bins_hold_every_outcome(forecasts):
    found = scored(forecasts)
    assert sum(each.outcomes for each in found.bins) == 2 * len(forecasts)
    assert all(each.low <= each.price_units <= each.high for each in found.bins)
    if forecasts:
        assert 0 <= found.brier <= 2
        assert sum(each.outcomes * each.paid_units for each in found.bins) == pytest.approx(
            10_000 * len(forecasts), abs=2 * len(forecasts)
        )
    else:
        assert found.brier is None


def test_the_exchange_counts_the_orders_that_were_placed():
    exchange = Exchange()
    market = exchange.market()
    meter().take()
    before = Order.objects.count()
    exchange.trade(market, times=2)
    record(meter(), now=clock.now() - timedelta(seconds=2))
    found = figures_of("exchange", exchange.root)["exchange"]
    assert found["summary"]["orders"] == Order.objects.count() - before == 6
    # An interval of five seconds, unless it is the last.
    assert max(slot["orders_per_s"] for slot in found["slots"]) >= 6 / 5
    assert sum(each["batches"] for each in found["batch_sizes"]) == found["summary"]["batches"]
    day = figures_of("exchange", exchange.root, range="24h")["exchange"]
    assert len(day["slots"]) in {144, 145}


def test_events_and_seals_are_those_of_the_store(monkeypatch):
    exchange = Exchange()
    exchange.trade(exchange.market())
    everything_is_final(monkeypatch)
    (*_, seal) = seal_events(now=clock.now())
    catch_up()
    found = figures_of("event_sourcing", exchange.root)
    assert found["totals"]["events"] == Event.objects.count()
    recent = Event.objects.filter(recorded_at__gte=found["hours"][0]["at"])
    assert sum(each["events"] for each in found["hours"]) == recent.count() > 0
    assert dict(map(dict.values, found["types"]))["OrderPlaced"] == Event.objects.filter(type="OrderPlaced").count()
    assert [each["number"] for each in found["platform"]["seals"]][:1] == [seal.number]
    assert found["platform"]["event_store"]["last_seal"]["events"] == seal.events


@pytest.mark.parametrize("name", ["markets", "event_sourcing"])
def test_more_markets_cost_no_more_queries(name):
    exchange = Exchange()
    exchange.trade(exchange.market())
    catch_up()

    def queries() -> int:
        client = client_of(exchange.root)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, figures=True)).status_code == 200
        return len(captured)

    before = queries()
    for _ in range(3):
        exchange.trade(exchange.market())
    catch_up()
    assert queries() == before
