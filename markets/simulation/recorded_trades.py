"""Recorded trades of a real LMSR market, and how its questions came out, read from CSV (plain or gzip).

Everything is read and checked before anything is made, so that a bad line leaves nothing half-done.
"""

import csv
import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from markets.engine.lmsr import CEILING_UNITS, FLOOR_UNITS
from markets.engine.units import SET_UNITS
from markets.simulation.errors import UnusableRecord

TRADE_COLUMNS = ("project", "finding_id", "transaction_id", "forecaster_id", "net_shares", "price")
OUTCOME_COLUMNS = ("project", "finding_id", "replicated")
_NAME = re.compile(r"[\w.@+-]{1,40}", re.ASCII)
_Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class RecordedTrade:
    """One line. net_shares: contracts on "does not replicate" the market has sold net after it; price: of "replicates"."""

    line: int
    finding_id: str
    transaction_id: str
    forecaster_id: str
    net_shares: Decimal
    price: float


@dataclass(frozen=True, slots=True)
class Recording:
    """The trades of one project, in the order of the file, and what they are recognised by when the replay is repeated."""

    project: str
    trades: tuple[RecordedTrade, ...]
    digest: str

    @property
    def findings(self) -> dict[str, list[RecordedTrade]]:
        """The trades of each finding, findings in the order they first appear."""
        found: dict[str, list[RecordedTrade]] = {}
        for trade in self.trades:
            found.setdefault(trade.finding_id, []).append(trade)
        return found


def read_trades(path: Path, *, project: str) -> Recording:
    """The recorded trades of a project. Raises UnusableRecord."""
    trades: list[RecordedTrade] = []
    seen: dict[str, int] = {}
    digest = hashlib.sha256(project.encode())
    for line, row in _rows(path, TRADE_COLUMNS):
        if row["project"] != project:
            continue
        trade = _trade(path, line, row)
        if (first := seen.setdefault(trade.transaction_id, line)) != line:
            raise UnusableRecord(
                f"{path.name}, line {line}: transaction {trade.transaction_id} stands on line {first} already."
            )
        digest.update(f"\n{trade.finding_id},{trade.transaction_id},{trade.forecaster_id},{trade.net_shares}".encode())
        trades.append(trade)
    if not trades:
        raise UnusableRecord(f"{path.name} has no trades of project {project}.")
    return Recording(project, tuple(trades), digest.hexdigest())


def read_outcomes(path: Path, *, project: str) -> dict[str, bool]:
    """Whether each finding of a project replicated. Raises UnusableRecord."""
    outcomes: dict[str, bool] = {}
    for line, row in _rows(path, OUTCOME_COLUMNS):
        if row["project"] != project:
            continue
        if row["replicated"] not in {"0", "1"}:
            raise UnusableRecord(f"{path.name}, line {line}: replicated is {row['replicated']!r}, not 0 or 1.")
        if outcomes.setdefault(row["finding_id"], row["replicated"] == "1") != (row["replicated"] == "1"):
            raise UnusableRecord(f"{path.name}, line {line}: finding {row['finding_id']} has two outcomes.")
    return outcomes


def _trade(path: Path, line: int, row: _Row) -> RecordedTrade:
    for column in ("finding_id", "transaction_id", "forecaster_id"):
        if not _NAME.fullmatch(row[column]):
            raise UnusableRecord(f"{path.name}, line {line}: {column} {row[column]!r} is not a name.")
    price = float(_number(path, line, row, "price"))
    if not FLOOR_UNITS <= price * SET_UNITS <= CEILING_UNITS:
        raise UnusableRecord(
            f"{path.name}, line {line}: the price {row['price']} is beyond {FLOOR_UNITS / SET_UNITS:.0%} to "
            f"{CEILING_UNITS / SET_UNITS:.0%}, within which the house market maker trades."
        )
    return RecordedTrade(
        line=line,
        finding_id=row["finding_id"],
        transaction_id=row["transaction_id"],
        forecaster_id=row["forecaster_id"],
        net_shares=_number(path, line, row, "net_shares"),
        price=price,
    )


def _number(path: Path, line: int, row: _Row, column: str) -> Decimal:
    try:
        number = Decimal(row[column])
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UnusableRecord(f"{path.name}, line {line}: {column} {row[column]!r} is not a number.")
    return number


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, _Row]]:
    """Each line's number with its columns. Raises UnusableRecord."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise UnusableRecord(f"{path.name}, line 1: the columns {', '.join(missing)} are missing.")
            for row in reader:
                if any(row[column] is None for column in columns):
                    raise UnusableRecord(f"{path.name}, line {reader.line_num}: the line ends too early.")
                yield reader.line_num, row
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnusableRecord(f"{path} cannot be read: {reason}.") from None
    except csv.Error as error:
        raise UnusableRecord(f"{path.name}, line {reader.line_num}: {error}.") from None
