"""Reading the figures of the exchange as it runs. They are of all tenants together: who may see them is the callers' to check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from orjson import loads

from markets.performance.histograms import BATCH_BOUNDS, LATENCY_BOUNDS_US, percentile
from markets.performance.recording import SECOND
from markets.performance.sums import OF_MINUTES, OF_SECONDS, sums_of
from markets.performance.upkeep import MINUTE

# By name: how far back, and the length of the intervals it is shown in.
RANGES: dict[str, tuple[timedelta, timedelta]] = {
    "5m": (timedelta(minutes=5), timedelta(seconds=5)),
    "1h": (timedelta(hours=1), timedelta(seconds=30)),
    "24h": (timedelta(hours=24), timedelta(minutes=10)),
    "7d": (timedelta(days=7), timedelta(hours=1)),
}
# A second is written down at its end, and may be a moment late.
SETTLED_AFTER = SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SLOT = "date_bin(%(step)s, at, timestamptz 'epoch')"
_SECONDS = sums_of(OF_SECONDS.format(slot=_SLOT, where="at >= %(since)s AND at < %(until)s")) + "ORDER BY slot"
_BOTH = sums_of(
    OF_MINUTES.format(slot=_SLOT, where="at >= %(since)s AND at < %(until)s")
    + " UNION ALL "
    + OF_SECONDS.format(
        slot=_SLOT,
        where="at >= greatest(%(since)s, (SELECT coalesce(max(at) + interval '1 minute', %(since)s) "
        "FROM markets_exchangeminute)) AND at < %(until)s",
    )
) + "ORDER BY slot"  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """Counts of an interval over all processes, as `tally.Tally` has them; `seconds` long, from `at` on."""

    at: datetime
    seconds: float
    processes: int = 0
    commands: int = 0
    orders: int = 0
    refused: int = 0
    failed: int = 0
    batches: int = 0
    busy_us: int = 0
    latency_us: int = 0
    waiting: int = 0
    waiting_most: int = 0
    latency: Sequence[int] = ()
    sizes: Sequence[int] = field(default_factory=lambda: [0] * (len(BATCH_BOUNDS) + 1))
    refusals: Mapping[str, int] = field(default_factory=dict)

    @property
    def orders_per_s(self) -> float:
        return round(self.orders / self.seconds, 2)

    @property
    def commands_per_s(self) -> float:
        return round(self.commands / self.seconds, 2)

    @property
    def batches_per_s(self) -> float:
        return round(self.batches / self.seconds, 2)

    @property
    def waiting_mean(self) -> float:
        return round(self.waiting / self.batches, 2) if self.batches else 0.0

    @property
    def batch_mean(self) -> float:
        """Commands in a batch."""
        return round(self.commands / self.batches, 2) if self.batches else 0.0

    def latency_at(self, share: float) -> int | None:
        """Microseconds within which this share of the commands was committed; None without any."""
        return percentile(self.latency, LATENCY_BOUNDS_US, share)


def slots(*, since: datetime, until: datetime, step: timedelta) -> list[Slot]:
    """The intervals from the one that holds `since` to the one before `until`, those without a batch too. One query.

    Steps of whole minutes reach back for two weeks, shorter ones for an hour.
    """
    first = _floor(since, step)
    statement = _BOTH if step % MINUTE == timedelta(0) else _SECONDS
    found = _rows(statement, {"since": first, "until": until, "step": step})
    by_start = {row.pop("slot"): row for row in found}
    made, at = [], first
    while at < until:
        seconds = (min(at + step, until) - at).total_seconds()
        made.append(Slot(at=at, seconds=seconds, **by_start.get(at, {})))
        at += step
    return made


def whole(*, since: datetime, until: datetime) -> Slot:
    """All of a time as one interval, `since` and `until` whole seconds (whole minutes, for more than an hour). One query."""
    step = until - since
    is_long = step > timedelta(hours=1)
    statement = (_BOTH if is_long else _SECONDS).replace(_SLOT, "%(since)s")
    found = _rows(statement, {"since": since, "until": until})
    counted = found[0] if found else {}
    counted.pop("slot", None)
    return Slot(at=since, seconds=step.total_seconds(), **counted)


def _rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description or ()]
        return [
            {name: loads(value) if name == "refusals" else value for name, value in zip(names, row, strict=True)}
            for row in cursor.fetchall()
        ]


def settled_until(now: datetime) -> datetime:
    """The end of the last second that every process has written down."""
    return (now - SETTLED_AFTER).replace(microsecond=0)


def _floor(at: datetime, step: timedelta) -> datetime:
    return _EPOCH + (at - _EPOCH) // step * step
