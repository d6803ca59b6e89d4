"""Seconds of all processes become minutes, and both are kept for a while only."""

from dataclasses import fields
from datetime import datetime, timedelta

from django.db import connection, transaction

from markets.performance.models import ExchangeMinute, ExchangeSecond
from markets.performance.sums import OF_SECONDS, sums_of
from markets.performance.tally import Tally

MINUTE = timedelta(minutes=1)
SECONDS_KEPT = timedelta(hours=1)
MINUTES_KEPT = timedelta(days=14)
# Seconds that a process writes late, because the database was away, still reach their minute within this time.
_AGAIN = timedelta(minutes=10)

_ROWS = OF_SECONDS.format(slot="date_trunc('minute', at)", where="at >= %(since)s AND at < %(until)s")
_COLUMNS = ["processes", *(each.name for each in fields(Tally))]
# Nothing of a caller's is in the text.
_ROLL_UP = (
    f"INSERT INTO markets_exchangeminute (at, {', '.join(_COLUMNS)}) "  # noqa: S608
    f"SELECT slot, {', '.join(_COLUMNS)} FROM ({sums_of(_ROWS)}) AS minutes ON CONFLICT (at) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS)
)


@transaction.atomic
def keep_exchange_figures(*, now: datetime) -> int:
    """Sum up the minutes that have ended, and forget what is too old. Answers how many minutes were written. Idempotent."""
    this_minute = now.replace(second=0, microsecond=0)
    newest = ExchangeMinute.objects.order_by("-at").values_list("at", flat=True).first()
    oldest = ExchangeSecond.objects.order_by("at").values_list("at", flat=True).first()
    written = 0
    if oldest is not None:
        since = newest - _AGAIN if newest is not None else oldest.replace(second=0)
        with connection.cursor() as cursor:
            cursor.execute(_ROLL_UP, {"since": since, "until": this_minute})
            written = cursor.rowcount
    # By whole minutes: a minute of which some seconds are gone would be summed up wrongly.
    ExchangeSecond.objects.filter(at__lt=this_minute - SECONDS_KEPT).delete()
    ExchangeMinute.objects.filter(at__lt=this_minute - MINUTES_KEPT).delete()
    return written
