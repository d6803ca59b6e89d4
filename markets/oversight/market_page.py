"""What each section of a market's page in the console shows. Each is read only when it is opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum

from governance.access.pages import BoundedPaginator
from markets.engine.units import SET_UNITS
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.dossier import MOST_EVENTS, dossier
from markets.oversight import figures_tab
from markets.oversight.chart import steps
from markets.oversight.depth import ladders
from markets.trading.models import Order, Position, Trade
from opinion_market.eventstore import selectors as eventstore
from opinion_market.kernel import clock
from opinion_market.kernel.clock import microseconds

TRADES_DRAWN = 400
OUTCOMES_DRAWN = 6
PER_PAGE = 50
# The chart's scale begins and ends at whole multiples of ten percent.
TICK_UNITS = 1_000
CHART_WIDTH, CHART_HEIGHT = 720.0, 180.0


@dataclass(frozen=True, slots=True)
class Section:
    """A tab: its name in the address, its title, and the permission it takes beside seeing the market."""

    name: str
    title: str
    permission: str
    read: Callable[[Market, Sequence[str], str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Line:
    """An outcome's price over time, as an SVG path."""

    label: str
    path: str
    number: int


@dataclass(frozen=True, slots=True)
class PriceChart:
    """The lines, and the prices in units at the top and the bottom of the chart."""

    lines: list[Line]
    high_units: int
    low_units: int
    width: float = CHART_WIDTH
    height: float = CHART_HEIGHT


def _overview(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    return {"chart": price_chart(market, labels)}


def price_chart(market: Market, labels: Sequence[str]) -> PriceChart | None:
    """The last trades' prices, by outcome; one line for two outcomes, since the other mirrors it. None without trades."""
    newest = Trade.objects.filter(market=market, sequence__gt=market.trade_sequence - TRADES_DRAWN)
    trades = list(newest.order_by("sequence").values_list("executed_at", "outcome", "price_after_units"))
    if not trades:
        return None
    prices = [price for _, _, price in trades]
    low = max(0, (min(prices) - TICK_UNITS // 2) // TICK_UNITS * TICK_UNITS)
    high = min(SET_UNITS, -(-(max(prices) + TICK_UNITS // 2) // TICK_UNITS) * TICK_UNITS)
    first, last = microseconds(trades[0][0]), microseconds(trades[-1][0])
    span = max(1, last - first)
    shown = range(1) if len(labels) == 2 else range(min(len(labels), OUTCOMES_DRAWN))
    lines = []
    for outcome in shown:
        points = [((microseconds(at) - first) / span, float(price)) for at, of, price in trades if of == outcome]
        path = steps(points, width=CHART_WIDTH, height=CHART_HEIGHT, low=low, high=high)
        if path:
            lines.append(Line(labels[outcome], path, outcome + 1))
    return PriceChart(lines, high, low)


def _book(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    return {"ladders": ladders(market, list(labels))}


def _trades(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    trades = Trade.objects.filter(market=market).select_related("taker_account__owner", "maker_account__owner")
    return {"page": BoundedPaginator(trades.order_by("-sequence"), PER_PAGE).get_page(page), "labels": labels}


def _orders(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    orders = Order.objects.filter(market=market).select_related("account__owner").order_by("-id")
    return {"page": BoundedPaginator(orders, PER_PAGE).get_page(page), "labels": labels}


def _positions(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    """Holders with what they hold of each outcome, the largest first."""
    held = Position.objects.filter(market=market).exclude(free_contracts=0, reserved_contracts=0).order_by()
    holders = held.values("account").annotate(total=Sum(F("free_contracts") + F("reserved_contracts")))
    accounts = Account.objects.filter(pk__in=held.values("account"))
    totals = dict(holders.order_by("-total", "account").values_list("account", "total")[: PER_PAGE * 4])
    people = accounts.select_related("owner", "market").in_bulk(list(totals))
    vectors = {account: [(0, 0)] * len(labels) for account in totals}
    for account, outcome, free, reserved in held.filter(account__in=list(totals)).values_list(
        "account", "outcome", "free_contracts", "reserved_contracts"
    ):
        vectors[account][outcome] = (free, reserved)
    worth = {
        account: sum((free + kept) * units for (free, kept), units in zip(vector, market.price_units, strict=False))
        for account, vector in vectors.items()
    }
    return {
        "labels": labels,
        "holders": [(people[account], vectors[account], worth[account]) for account in totals],
        "are_all_shown": len(totals) < PER_PAGE * 4,
    }


def _resolution(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    """Proposals, disputes and requests with their evidence, without replaying the stream."""
    return {"story": dossier(market=market, reader=None, shows_people=True, now=clock.now(), most_events=0)}


def _dossier(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    """Decisions, payouts and the proof, replayed when the tab is opened."""
    story = dossier(market=market, reader=None, shows_people=True, now=clock.now())
    return {"story": story, "labels": labels, "most_events": MOST_EVENTS}


def _accounts(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    accounts = list(Account.objects.filter(market=market).order_by("kind"))
    escrow = next((row.balance_units for row in accounts if row.kind == Account.Kind.ESCROW), 0)
    return {"accounts": accounts, "escrow_is_right": escrow == market.open_sets * SET_UNITS}


def _events(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    events = eventstore.events(organizations=None, stream=f"market-{market.pk}").order_by("-version")
    return {"page": BoundedPaginator(events, PER_PAGE).get_page(page)}


SECTIONS = (
    Section("overview", "Overview", "markets.read", _overview),
    Section("figures", "Figures", "markets.read", figures_tab.read),
    Section("book", "Book", "markets.read", _book),
    Section("trades", "Trades", "orders.read", _trades),
    Section("orders", "Orders", "orders.read", _orders),
    Section("resolution", "Resolution", "markets.read", _resolution),
    Section("dossier", "Dossier", "markets.read", _dossier),
    Section("positions", "Positions", "participants.read", _positions),
    Section("accounts", "Accounts", "participants.read", _accounts),
    Section("events", "Events", "system.audit", _events),
)
