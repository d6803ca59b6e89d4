"""The list of markets: the first page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import urlencode

from governance.access.per_request import access_for
from governance.access.policies import Access
from markets.analytics.markets.ranking import with_day
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import markets_visible_to, matching, with_closing_order
from markets.watchlist.selectors import watched_ids
from opinion_market.api.representations import tag_of
from opinion_market.kernel import clock
from opinion_market.pages.frame import page, protected, reader
from opinion_market.pages.sparklines import HEIGHT, WIDTH, hours_of, points

PER_PAGE = 25
_DEEPEST_PAGE = 400
_MOST_CATEGORIES = 100
_STATUS = Market.Status
STAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "trading": ("Trading", (_STATUS.OPEN, _STATUS.HALTED)),
    "deciding": ("Being resolved", (_STATUS.CLOSED, _STATUS.RESOLVED, _STATUS.DISPUTED, _STATUS.FINALIZED)),
    "over": ("Settled", (_STATUS.SETTLED, _STATUS.VOIDED)),
    "all": ("All", ()),
}
ORDERS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "volume": ("24 h volume", (F("day_value_units").desc(), F("pk").desc())),
    "movers": ("24 h change", (F("day_move_units").desc(), F("pk").desc())),
    "closing": ("Closing soonest", (F("closes_or_never").asc(), F("pk").asc())),
    "newest": ("Newest", (F("created_at").desc(), F("pk").desc())),
}


class Wish(forms.Form):
    """What a reader asks for in the address. What cannot be read falls back to what is shown without asking."""

    search = forms.CharField(required=False, max_length=200)
    stage = forms.ChoiceField(required=False, choices=[(name, label) for name, (label, _) in STAGES.items()])
    order = forms.ChoiceField(required=False, choices=[(name, label) for name, (label, _) in ORDERS.items()])
    category = forms.CharField(required=False, max_length=60)
    kind = forms.ChoiceField(required=False, choices=Market.Kind.choices)
    watched = forms.BooleanField(required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=_DEEPEST_PAGE)


@dataclass(frozen=True, slots=True)
class Query:
    """A wish, understood."""

    search: str = ""
    stage: str = "trading"
    order: str = "volume"
    category: str = ""
    kind: str = ""
    watched: bool = False
    page: int = 1

    @classmethod
    def of(cls, request: HttpRequest) -> "Query":
        wish = Wish(request.GET)
        wish.is_valid()
        return cls(**{name: value for name, value in wish.cleaned_data.items() if value})

    def address(self, page: int) -> str:
        """The query string of another page of the same list."""
        given = {"search": self.search, "stage": self.stage, "order": self.order}
        more = {
            "category": self.category,
            "kind": self.kind,
            "watched": "on" if self.watched else "",
            "page": page if page > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in {**given, **more}.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """A market in the list, seen through the outcome that says most: the first of two, or the likeliest. Units."""

    market: Market
    label: str
    outcome: int
    price_units: int
    change_units: int | None
    day_value_units: int
    line: str
    others: int
    is_watched: bool

    @property
    def direction(self) -> str:
        change = self.change_units or 0
        return "up" if change > 0 else "down" if change < 0 else "flat"


def markets(request: HttpRequest) -> HttpResponse:
    """The list; with `?fragment=rows` its rows alone, tagged, for a page that keeps itself up to date."""
    query, held, now = Query.of(request), access_for(request), clock.now()
    person = reader(request)
    watched = frozenset[UUID]() if person is None else watched_ids(person)
    rows, has_more = _rows(query, held, watched, now)
    context = {
        "rows": rows,
        "query": query,
        "now": now,
        "can_watch": person is not None,
        "width": WIDTH,
        "height": HEIGHT,
        "next_page": query.address(query.page + 1) if has_more else "",
        "previous_page": query.address(query.page - 1) if query.page > 1 else "",
    }
    if request.GET.get("fragment") == "rows":
        return _tagged(request, render_to_string("pages/market_rows.html", context))
    choices = {
        "stages": [(name, label) for name, (label, _) in STAGES.items()],
        "orders": [(name, label) for name, (label, _) in ORDERS.items()],
        "kinds": Market.Kind.choices,
        "categories": _categories(held),
    }
    return page(request, "pages/markets.html", {**context, **choices})


def _tagged(request: HttpRequest, html: str) -> HttpResponse:
    tag = tag_of(html.encode())
    held = request.headers.get("If-None-Match") == tag
    response = protected(HttpResponse(status=304) if held else HttpResponse(html))
    response["ETag"] = tag
    return response


def _rows(query: Query, held: Access, watched: Collection[UUID], now: datetime) -> tuple[list[Row], bool]:
    """A page of rows, and whether another follows. Three queries, however long the page is."""
    found = matching(
        markets_visible_to(held),
        statuses=STAGES[query.stage][1],
        kind=query.kind or None,
        category=query.category or None,
        search=query.search or None,
    )
    if query.watched:
        found = found.filter(pk__in=watched)
    ordered = with_day(with_closing_order(found), now=now).order_by(*ORDERS[query.order][1])
    start = (query.page - 1) * PER_PAGE
    read = list(ordered.select_related("organization").prefetch_related("outcomes")[start : start + PER_PAGE + 1])
    hours = hours_of([market.pk for market in read], now=now)
    rows = [
        _row(market, hours.get(market.pk, ()), is_watched=market.pk in watched, now=now) for market in read[:PER_PAGE]
    ]
    return rows, len(read) > PER_PAGE


def _row(market: Any, hours: Sequence[Any], *, is_watched: bool, now: datetime) -> Row:
    prices: list[int] = market.price_units
    labels = [outcome.label for outcome in market.outcomes.all()]
    outcome = max(range(len(prices)), key=prices.__getitem__) if len(prices) > 2 else 0
    last = prices[outcome] if prices else 0
    before = market.day_prices
    begun = before[outcome] if before and outcome < len(before) else None
    return Row(
        market=market,
        label=labels[outcome] if outcome < len(labels) else "",
        outcome=outcome,
        price_units=last,
        change_units=None if begun is None else last - begun,
        day_value_units=market.day_value_units,
        line=points(hours, outcome=outcome, begun=begun, last=last, now=now),
        others=max(0, len(prices) - 2) and len(prices) - 1,
        is_watched=is_watched,
    )


def _categories(held: Access) -> list[str]:
    named = markets_visible_to(held).exclude(category="").order_by("category")
    return list(named.values_list("category", flat=True).distinct()[:_MOST_CATEGORIES])
