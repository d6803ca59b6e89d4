"""The projection as the platform runs it: kept up to date by its subscription, and rebuilt by the command to the same rows."""

from io import StringIO

import pytest
from django.core.management import call_command

from markets.analytics.markets.projection import MARKET_FIGURES, NAME
from opinion_market.eventstore.models import Checkpoint, Event
from tests.api_markets.venue import Venue
from tests.eventstore.conftest import run_until
from tests.market_figures.replaying import rows

pytestmark = pytest.mark.usefixtures("committed_db")


def bring_up_to_date() -> None:
    newest = Event.objects.order_by("-transaction_id", "-position").first()
    assert newest is not None
    there = Checkpoint.objects.filter(subscriber=NAME, transaction_id=newest.transaction_id, position=newest.position)
    run_until(MARKET_FIGURES.subscription, there.exists)


def a_session(venue: Venue, market: str) -> None:
    ann, bob = venue.trader(), venue.trader()
    for price in (4_800, 5_200, 5_500):
        ann.order(market, side="sell", price=price, quantity=7)
        bob.order(market, price=price, quantity=9)
    bob.delete(f"orders?market={market}")


def test_following_the_events_and_rebuilding_give_the_same_rows():
    venue = Venue()
    binary = venue.market(house_liquidity=80)
    three = venue.market(kind="categorical", outcomes=list("ABC"), is_exhaustive=True, house_liquidity=40)
    for market in (binary, three, binary):
        a_session(venue, market)
        bring_up_to_date()
    followed = {market: rows(of=market) for market in (binary, three)}
    for market in (binary, three):
        assert len(followed[market]["MarketTrader"]) >= 2
        assert len(followed[market]["MarketBucket"]) >= 3
    out = StringIO()
    call_command("rebuild_projection", NAME, stdout=out)
    assert f"{NAME} is rebuilt." in out.getvalue()
    assert {market: rows(of=market) for market in (binary, three)} == followed
