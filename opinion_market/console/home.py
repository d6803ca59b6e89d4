"""What the console's home page shows: the exchange's live figures and what needs attention.

Everything is confined to the organizations in which the viewer holds the permission each part takes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from governance.access.pages import organizations_in
from governance.access.per_request import access_for
from governance.audit.chain_checks import last_check
from markets.oversight import attention, figures
from markets.oversight.chart import bars
from opinion_market.console import concerns
from opinion_market.eventstore import selectors as eventstore
from opinion_market.eventstore.selectors import SubscriptionState
from opinion_market.kernel.money import credits_text

CHART_HOURS = 48
CHART_WIDTH, CHART_HEIGHT = 960.0, 120.0
MARKETS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `tone`: good, bad, or nothing."""

    title: str
    value: str
    note: str = ""
    link: str = ""
    tone: str = ""


def home(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The page's figures, by part; a part the viewer may not see is empty."""
    access = access_for(request)
    parts: dict[str, Any] = {"now": now, "figures": [], "money": [], "store": [], "concerns": []}
    if access.has_anywhere("markets.read"):
        parts.update(_markets(request, now))
        parts["figures"] += _activity(request, now)
    if access.has_anywhere("participants.read"):
        _money(request, parts)
    if access.has_anywhere("system.audit"):
        _store(request, now, parts)
    states = _subscriptions(now, parts) if access.everything else []
    parts["concerns"] = concerns.concerns_of(access, now, states)
    return parts


def _markets(request: HttpRequest, now: datetime) -> dict[str, Any]:
    scope = organizations_in(request, "markets.read")
    listed = reverse("admin:markets_market_changelist")
    counts = figures.markets_by_status(scope)
    hours = figures.value_per_hour(scope, hours=CHART_HOURS, now=now)
    labelled = [(f"{hour:%a %H:00} UTC: {credits_text(units)} credits", units) for hour, units in hours]
    return {
        "has_markets": True,
        "statuses": [
            (status.replace("_", " "), count, f"{listed}?status__exact={status}", status)
            for status, count in counts.items()
        ],
        "all_markets": sum(counts.values()),
        "waiting": attention.waiting_markets(scope, now, most=MARKETS_SHOWN),
        "needs": attention.NEEDS,
        "bars": bars(labelled, width=CHART_WIDTH, height=CHART_HEIGHT),
        "chart_width": CHART_WIDTH,
        "chart_height": CHART_HEIGHT,
        "chart_total": credits_text(sum(units for _, units in hours)),
        "chart_top": credits_text(max((units for _, units in hours), default=0)),
        "chart_first": hours[0][0],
        "chart_last": hours[-1][0],
    }


def _activity(request: HttpRequest, now: datetime) -> list[Figure]:
    activity = figures.activity_since(organizations_in(request, "markets.read"), now - timedelta(days=1))
    orders, contracts = figures.open_orders(organizations_in(request, "orders.read"))
    trades = reverse("admin:markets_trade_changelist")
    resting = f"{reverse('admin:markets_order_changelist')}?status__exact=open"
    return [
        Figure("Volume in 24 hours", credits_text(activity.value_units), f"{activity.contracts:,} contracts"),
        Figure("Trades in 24 hours", f"{activity.trades:,}", "", trades),
        Figure("Active traders in 24 hours", f"{activity.traders:,}", "took or made a trade"),
        Figure("Open orders", f"{orders:,}", f"{contracts:,} contracts rest", resting),
    ]


def _money(request: HttpRequest, parts: dict[str, Any]) -> None:
    scope = organizations_in(request, "participants.read")
    money = figures.money(scope)
    accounts, balance = reverse("admin:markets_account_changelist"), reverse("admin:markets_account_trial_balance")
    reserved = f"{credits_text(money.reserved_units)} reserved by orders"
    outside = f"outside world: {credits_text(money.outside_units)}"
    is_zero = money.balance_units == 0
    parts["money"] = [
        Figure("Traders' cash", credits_text(money.cash_units), reserved, f"{accounts}?kind__exact=trader"),
        Figure("Escrow", credits_text(money.escrow_units), "backs every contract", f"{accounts}?kind__exact=escrow"),
        Figure("House and subsidy", credits_text(money.house_units + money.subsidy_units), "for market making"),
        Figure("Fees", credits_text(money.fees_units), "taken so far"),
        Figure("Trial balance", credits_text(money.balance_units), outside, balance, tone="good" if is_zero else "bad"),
    ]


def _store(request: HttpRequest, now: datetime, parts: dict[str, Any]) -> None:
    scope = organizations_in(request, "system.audit")
    totals = eventstore.totals(organizations=scope, now=now)
    newest = eventstore.newest_event(organizations=scope)
    events, streams = reverse("admin:eventstore_event_changelist"), reverse("admin:eventstore_streamsummary_changelist")
    parts["store"] = [
        Figure("Events", f"{totals.total_events:,}", f"{totals.events_last_24_hours:,} in 24 hours", events),
        Figure("Streams", f"{totals.streams:,}", "", streams),
        Figure("Last event", f"{newest.recorded_at:%H:%M:%S} UTC" if newest else "–", newest.type if newest else ""),
    ]
    if scope is None:
        check = last_check()
        parts["store"].append(
            Figure(
                "Last chain check",
                ("intact" if check.intact else "broken") if check else "none yet",
                f"{check.checked_at:%Y-%m-%d %H:%M} UTC, {check.events:,} events" if check else "verify a stream",
                streams,
                tone=("good" if check.intact else "bad") if check else "",
            )
        )


def _subscriptions(now: datetime, parts: dict[str, Any]) -> list[SubscriptionState]:
    states = eventstore.subscription_states(now=now)
    listed = reverse("admin:eventstore_checkpoint_changelist")
    behind = max((state.lag.events for state in states), default=0)
    parts["store"].append(Figure("Projections' lag", f"{behind:,}", f"events, of {len(states)} projections", listed))
    return states
