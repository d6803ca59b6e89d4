"""The figures as CSV: one line per outcome, or per interval and outcome."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from markets.analytics.markets.api.shapes import outcome_body
from markets.analytics.markets.selectors import Figures
from markets.analytics.markets.series import Interval
from opinion_market.kernel.clock import text

CSV = "text/csv; charset=utf-8"
# What makes a spreadsheet take a cell for a formula.
_FORMULA = "=+-@\t\r"

_MARKET_COLUMNS = (
    "market", "at", "version", "contracts", "value", "trades", "contracts_24h", "value_24h", "trades_24h",
    "contracts_7d", "value_7d", "trades_7d", "participants", "active_traders_24h", "largest_trade_contracts",
)  # fmt: skip
_OUTCOME_COLUMNS = (
    "outcome", "label", "price", "price_change_1h", "price_change_24h", "price_change_7d", "best_bid", "best_offer",
    "spread", "volatility_24h", "volatility_7d", "momentum_24h", "liquidity_score",
)  # fmt: skip
_HISTORY_COLUMNS = (
    "start", "trades", "traders", "market_contracts", "market_value", "outcome", "label", "open", "high", "low",
    "close", "book_contracts",
)  # fmt: skip


def figures_csv(found: Figures) -> HttpResponse:
    """A line per outcome, each with the market's own figures before it; depth as `bids_within_100` and so on."""
    depths = [depth.within_units for depth in found.outcomes[0].quotes.depth] if found.outcomes else []
    sides = [f"{side}_within_{within}" for within in depths for side in ("bids", "offers")]
    turnovers = [
        figure for each in (found.total, found.day, found.week)
        for figure in (each.contracts, each.value_units, each.trades)
    ]  # fmt: skip
    largest = found.stored.largest_contracts if found.stored else 0
    market = [
        found.market.pk, text(found.at), found.version, *turnovers, found.participants, found.active_traders_24h, largest,
    ]  # fmt: skip
    rows = []
    for outcome in found.outcomes:
        body = {**outcome_body(outcome), "label": disarmed(outcome.label)}
        depth = [contracts for each in outcome.quotes.depth for contracts in (each.bids, each.offers)]
        rows.append([*market, *(body[name] for name in _OUTCOME_COLUMNS), *depth])
    return _table((*_MARKET_COLUMNS, *_OUTCOME_COLUMNS, *sides), rows, f"market-{found.market.pk}.csv")


def history_csv(market_id: object, labels: Sequence[str], intervals: Iterable[Interval]) -> HttpResponse:
    """A line per interval and outcome, oldest first; `traders` is empty for hours."""
    rows = [
        (
            text(each.bucket.start), each.bucket.trades, each.traders, each.bucket.contracts, each.bucket.value_units,
            index, disarmed(label), each.bucket.open_units[index], each.bucket.high_units[index],
            each.bucket.low_units[index], each.bucket.close_units[index], each.bucket.book_contracts[index],
        )
        for each in intervals
        for index, label in enumerate(labels[: len(each.bucket.close_units)])
    ]  # fmt: skip
    return _table(_HISTORY_COLUMNS, rows, f"market-{market_id}-history.csv")


def disarmed(cell: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return cell.lstrip(_FORMULA)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> HttpResponse:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(rows)
    response = HttpResponse(file.getvalue(), content_type=CSV)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
