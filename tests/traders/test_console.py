"""An account's page in the console shows its owner's figures and risk, and who leads has a page of its own."""

from datetime import timedelta

import pytest

from markets.analytics.leaderboards.models import Standing
from markets.analytics.leaderboards.standings import compute_standings
from markets.analytics.traders.models import MarketClose, TraderDay, TraderResult
from markets.ledger.models import Account
from opinion_market.kernel import clock
from tests.console.scene import Exchange, client_of, page
from tests.console.test_pages import queries_of
from tests.governance.people import a_member, an_organization
from tests.traders.feed import refigure

pytestmark = pytest.mark.django_db


def account_of(exchange: Exchange, user: object) -> Account:
    return Account.objects.get(owner=user, organization=exchange.organization)


def test_a_traders_account_shows_profit_skill_and_risk() -> None:
    exchange = Exchange()
    buyer, _ = exchange.trade(exchange.market(category="weather"))
    refigure()
    account = account_of(exchange, buyer)
    response = client_of(exchange.member("viewer")).get(page("markets_account_change", account.pk))
    body = response.content.decode()
    for title in ("Trading", "Forecasting", "Categories", "Risk", "Value at risk, 99%", "weather"):
        assert title in body
    result = TraderResult.objects.get(account=account)
    assert response.context["figures"].turnover_units == result.turnover_units > 0
    assert response.context["risk"].worst_total_units <= response.context["risk"].expected_total_units
    for period in ("7d", "30d", "90d", "all", "nonsense"):
        shown = client_of(exchange.root).get(page("markets_account_change", account.pk), {"period": period})
        assert shown.context["figures"].fills == result.fills


def test_an_account_that_never_traded_says_so() -> None:
    exchange = Exchange()
    account = account_of(exchange, exchange.member())
    body = client_of(exchange.root).get(page("markets_account_change", account.pk)).content.decode()
    assert "Nothing was traded or held in this period." in body
    assert "The account holds no contracts and has no open orders." in body


def test_accounts_of_the_exchange_itself_have_no_such_figures() -> None:
    exchange = Exchange()
    market = exchange.market()
    exchange.trade(market)
    refigure()
    house = Account.objects.get(market=market, kind="house")
    body = client_of(exchange.root).get(page("markets_account_change", house.pk)).content.decode()
    assert "Forecasting" not in body


def ranked_exchange() -> Exchange:
    exchange = Exchange()
    members = [exchange.member() for _ in range(3)]
    for _ in range(3):
        market = exchange.market(category="weather")
        for member, price in zip(members, (5_600, 6_000, 6_400), strict=True):
            exchange.order(member, market, side="buy", price=price, quantity=5)
            exchange.order(member, market, side="sell", price=5_000, quantity=2)
    refigure()
    assert compute_standings(organization_id=exchange.organization.pk, now=clock.now())
    return exchange


def test_one_board_is_listed_at_a_time_and_ends_at_the_tenants_border() -> None:
    ours, theirs = ranked_exchange(), ranked_exchange()
    compute_standings(organization_id=ours.organization.pk, now=clock.now())
    client = client_of(ours.member("viewer"))
    shown = client.get(page("markets_standing_changelist")).context["cl"].queryset
    boards = set(shown.values_list("organization", "window", "metric", "category"))
    assert boards == {(ours.organization.pk, "30d", "profit", "")}
    assert [standing.rank for standing in shown] == sorted(standing.rank for standing in shown)
    chosen = {"window": "7d", "metric": "roi", "category": "weather"}
    narrowed = client.get(page("markets_standing_changelist"), chosen).context["cl"].queryset
    assert set(narrowed.values_list("window", "metric", "category")) == {("7d", "roi", "weather")}
    foreign = Standing.objects.filter(organization=theirs.organization).first()
    assert foreign is not None
    assert client.get(page("markets_standing_change", foreign.pk)).status_code == 302
    own = shown.first()
    assert "shrunk towards the mean" in client.get(page("markets_standing_change", own.pk)).content.decode()
    assert client.post(page("markets_standing_change", own.pk), {"rank": "1"}).status_code == 403


@pytest.mark.parametrize(("role", "status"), [("viewer", 200), ("auditor", 200), ("", 403)])
def test_leaderboards_are_for_those_who_may_read_participants(role: str, status: int) -> None:
    client = client_of(a_member(an_organization(), role, staff=True))
    address = page("markets_standing_changelist")
    assert client.get(address).status_code == status
    assert (f'href="{address}"' in client.get(page("index")).content.decode()) == (status == 200)


def test_an_accounts_page_asks_no_more_of_the_database_the_more_was_traded() -> None:
    exchange = Exchange()
    buyer, _ = exchange.trade(exchange.market())
    refigure()
    client, address = client_of(exchange.root), page("markets_account_change", account_of(exchange, buyer).pk)
    before = queries_of(client, address)
    for number in range(4):
        exchange.order(buyer, exchange.market(category=f"c{number}"), side="buy", price=6_000, quantity=10)
    refigure()
    assert queries_of(client, address) == before


def test_the_profit_of_two_days_or_more_is_drawn() -> None:
    exchange = Exchange()
    buyer, _ = exchange.trade(exchange.market())
    refigure()
    account = account_of(exchange, buyer)
    client, address = client_of(exchange.root), page("markets_account_change", account.pk)
    assert client.get(address).context["chart"] is None
    for day in TraderDay.objects.all():
        day.day -= timedelta(days=2)
        day.save()
    for close in MarketClose.objects.all():
        close.day -= timedelta(days=2)
        close.save()
    chart = client.get(address).context["chart"]
    result = TraderResult.objects.get(account=account)
    prices = MarketClose.objects.get(market=result.market_id).price_units
    profit = result.cash_units + sum(held * price for held, price in zip(result.contracts, prices, strict=True))
    assert profit in (chart.high_units, chart.low_units)
    assert (chart.last - chart.first).days == 2
    assert "Profit since the first trade" in client.get(address).content.decode()
