"""The fold's rows out of the database and back, set-wise: one statement per table and batch, whatever the batch holds."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from markets.analytics.traders.average_cost import Stake
from markets.analytics.traders.course import Course
from markets.analytics.traders.fold import Fold, Key, Result
from markets.analytics.traders.forecast import Forecast

COURSE_COLUMNS = {
    "market_id": "uuid", "price_units": "integer[]", "prior_units": "integer[]", "escrow_account": "bigint",
    "fee_account": "bigint", "house_account": "bigint", "liquidity": "bigint", "house_sold": "bigint[]",
    "closed_ms": "bigint", "payout_units": "integer[]",
}  # fmt: skip
STAKE_COLUMNS = {
    "contracts": "bigint[]", "basis_units": "bigint[]", "cash_units": "bigint", "fees_units": "bigint",
    "turnover_units": "bigint", "invested_units": "bigint", "fills": "bigint", "traded_contracts": "bigint",
}  # fmt: skip
RESULT_COLUMNS = {
    "account_id": "bigint", "market_id": "uuid", **STAKE_COLUMNS, "first_at": "timestamptz", "last_at": "timestamptz",
    "forecast": "jsonb", "settled_at": "timestamptz", "brier_millionths": "integer", "log_micronats": "integer",
}  # fmt: skip
DAY_COLUMNS = {"account_id": "bigint", "market_id": "uuid", "day": "date", **STAKE_COLUMNS}
CLOSE_COLUMNS = {"market_id": "uuid", "day": "date", "price_units": "integer[]"}
CASH_COLUMNS = {"account_id": "bigint", "balance_units": "bigint"}

Row = Mapping[str, Any]


def load(markets: Collection[str], whole: Collection[str], keys: Collection[Key], accounts: Collection[int]) -> Fold:
    """The rows of these markets, of these accounts in them (`whole`: of all accounts in them), and these balances."""
    fold = Fold()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(COURSE_COLUMNS)} FROM markets_marketcourse WHERE market_id = ANY(%s::uuid[])",  # noqa: S608
            [list(markets)],
        )
        for row in cursor.fetchall():
            market, prices, prior, escrow, fees, house, liquidity, sold, closed_ms, payout = row
            fold.courses[str(market)] = Course(prices, prior, escrow, fees, house, liquidity, sold, closed_ms, payout)
        cursor.execute(
            "SELECT account_id, balance_units FROM markets_accountcash WHERE account_id = ANY(%s)", [list(accounts)]
        )
        fold.balances = dict(cursor.fetchall())
        columns = ", ".join(f"r.{name}" for name in RESULT_COLUMNS).replace("r.forecast", "r.forecast::text")
        cursor.execute(
            f"SELECT {columns} FROM markets_traderresult r WHERE r.market_id = ANY(%s::uuid[]) "  # noqa: S608
            f"UNION ALL SELECT {columns} FROM unnest(%s::bigint[], %s::uuid[]) AS wanted (account_id, market_id) "
            "JOIN markets_traderresult r USING (account_id, market_id)",
            [list(whole), [account for account, _ in keys], [market for _, market in keys]],
        )
        for row in cursor.fetchall():
            fold.results[row[0], str(row[1])] = _result(row[2:])
    return fold


def _result(row: Sequence[Any]) -> Result:
    stake, (first_at, last_at, forecast, settled_at, brier, log) = Stake(*row[:8]), row[8:]
    return Result(stake, first_at, last_at, Forecast(**json.loads(forecast)), settled_at, brier, log)


def course_row(market: str, course: Course) -> Row:
    return {
        "market_id": market,
        "price_units": course.price_units,
        "prior_units": course.prior_units,
        "escrow_account": course.escrow_account,
        "fee_account": course.fee_account,
        "house_account": course.house_account,
        "liquidity": course.liquidity,
        "house_sold": course.sold,
        "closed_ms": course.closed_ms,
        "payout_units": course.payout_units,
    }


def stake_row(stake: Stake) -> dict[str, Any]:
    return {
        "contracts": list(stake.contracts),
        "basis_units": list(stake.basis_units),
        **{name: getattr(stake, name) for name in STAKE_COLUMNS if name not in ("contracts", "basis_units")},
    }


def result_row(key: Key, result: Result) -> Row:
    return {
        "account_id": key[0],
        "market_id": key[1],
        **stake_row(result.stake),
        "first_at": result.first_at.isoformat(),
        "last_at": result.last_at.isoformat(),
        "forecast": result.forecast.as_data(),
        "settled_at": result.settled_at and result.settled_at.isoformat(),
        "brier_millionths": result.brier_millionths,
        "log_micronats": result.log_micronats,
    }


def day_row(key: Key, day: date, result: Result) -> Row:
    return {"account_id": key[0], "market_id": key[1], "day": day.isoformat(), **stake_row(result.stake)}


def upsert(table: str, columns: Mapping[str, str], key: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert the rows, or overwrite those with the same key. Names and types are this package's own, never input."""
    given = list(rows)
    if not given:
        return
    names = ", ".join(columns)
    shape = ", ".join(f"{name} {type}" for name, type in columns.items())
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM json_to_recordset(%s::json) AS given ({shape}) "  # noqa: S608
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}",
            # The standard library's JSON, because sums of forecasts pass 64 bits.
            [json.dumps(given)],
        )
