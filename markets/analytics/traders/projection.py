"""The projection `trader_figures`: the fold over all events, a batch at a time."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date
from functools import lru_cache
from uuid import UUID

from django.db import connection

from markets.analytics.traders import rows
from markets.analytics.traders.course import Course
from markets.analytics.traders.fold import Key
from opinion_market.eventstore.notes import TYPE_PREFIX
from opinion_market.eventstore.projections import Projection
from opinion_market.eventstore.read import RecordedEvent

_MARKET = "market-"
# Events that concern everybody who ever had a stake in the market.
_OF_EVERYBODY = frozenset({"MarketSettled", "MarketVoided", "ResolutionCorrected", "OutcomeSplit"})


_TABLES = (
    "markets_marketcourse", "markets_marketclose", "markets_traderresult", "markets_traderday", "markets_accountcash",
)  # fmt: skip


@lru_cache(maxsize=10_000)
def market_of(stream: str) -> str | None:
    """The id of the market whose stream it is; None for other streams."""
    if not stream.startswith(_MARKET):
        return None
    try:
        return str(UUID(stream.removeprefix(_MARKET)))
    except ValueError:
        return None


def _moves_cash(event: RecordedEvent) -> bool:
    """Whether it is the platform's own. What notes of people and programs say of cash is nobody's cash."""
    return not event.type.startswith(TYPE_PREFIX)


def _handle(given: Sequence[RecordedEvent]) -> None:
    """Bring the figures up to these events: three reads and five writes per batch, however many they are."""
    events = [event for event in given if _moves_cash(event)]
    markets = {market for event in events if (market := market_of(event.stream)) is not None}
    whole = {market_of(event.stream) or "" for event in events if event.type in _OF_EVERYBODY}
    keys = {(account, market) for market, account in _concerned(events) if market not in whole}
    accounts = {account for event in events for account, *_ in event.data.get("cash", ())}
    accounts |= {account for account, _ in keys}
    fold = rows.load(markets, whole - {""}, keys, accounts)
    days: dict[tuple[Key, date], rows.Row] = {}
    closes: dict[tuple[str, date], list[int]] = {}
    for event in events:
        market, day = market_of(event.stream), event.recorded_at.astimezone(UTC).date()
        touched = fold.apply(market, event.type, event.data, event.recorded_at)
        for key in touched:
            days[key, day] = rows.day_row(key, day, fold.results[key])
        if market is not None and (touched or event.type == "MarketOpened"):
            closes[market, day] = list(fold.courses[market].price_units)
    _write_courses(fold.courses, closes)
    results = (rows.result_row(key, fold.results[key]) for key in sorted(fold.changed))
    rows.upsert("markets_traderresult", rows.RESULT_COLUMNS, ("account_id", "market_id"), results)
    rows.upsert("markets_traderday", rows.DAY_COLUMNS, ("account_id", "market_id", "day"), days.values())
    balances = ({"account_id": each, "balance_units": fold.balances[each]} for each in sorted(fold.balances))
    rows.upsert("markets_accountcash", rows.CASH_COLUMNS, ("account_id",), balances)


def _concerned(events: Iterable[RecordedEvent]) -> Iterable[tuple[str, int]]:
    """(market, account) of everybody whose stake an event may change."""
    for event in events:
        market, data = market_of(event.stream), event.data
        if market is None:
            continue
        for account, *_ in data.get("cash", ()):
            yield market, account
        for fill in data.get("fills", ()):
            yield market, fill["maker_account"]
            yield market, data["order"]["account"]


def _write_courses(courses: dict[str, Course], closes: dict[tuple[str, date], list[int]]) -> None:
    changed = (rows.course_row(market, course) for market, course in courses.items())
    rows.upsert("markets_marketcourse", rows.COURSE_COLUMNS, ("market_id",), changed)
    moved = (
        {"market_id": market, "day": day.isoformat(), "price_units": prices} for (market, day), prices in closes.items()
    )
    rows.upsert("markets_marketclose", rows.CLOSE_COLUMNS, ("market_id", "day"), moved)


def _reset() -> None:
    """Empty every table of the projection. Waits for nobody but writers of the same rows."""
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are this module's own


TRADER_FIGURES = Projection("trader_figures", _handle, reset=_reset, tables=_TABLES)
