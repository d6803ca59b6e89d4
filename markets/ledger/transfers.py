"""Moving money among accounts of one organization by a journal: one event, its postings, the new balances."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection

from markets.ledger.errors import InsufficientBalance
from markets.ledger.models import Posting
from opinion_market.eventstore.append import NewEvent, append, reserve_positions
from opinion_market.kernel.bulk import copy_lines

_COLUMNS = ("event_position", "account_id", "reason", "delta_units", "balance_after_units", "recorded_at")


def post(
    *,
    stream: str,
    type: str,
    data: Mapping[str, object],
    metadata: Mapping[str, object],
    moves: Mapping[int, int],
    reason: Posting.Reason,
    now: datetime,
) -> int:
    """Append the event to the stream and carry out its journal; returns the event's position.

    moves: change of balance by account, in units, summing to zero; none may be empty. Without any, the event stands alone.
    Runs in the caller's transaction, which holds the lock that guards the stream. Locks: the accounts, by id. Four
    statements, however many accounts. Raises InsufficientBalance. Appends the event, with `cash` as it moves.
    """
    available = lock_balances(moves)
    for account, delta in moves.items():
        if available[account][0] - available[account][1] + delta < 0 and delta < 0:
            raise InsufficientBalance(available_units=available[account][0] - available[account][1])
    [position] = reserve_positions(1)
    cash = [[account, delta, 0] for account, delta in sorted(moves.items())]
    event = NewEvent(type, {**data, "cash": cash} if cash else data, now, metadata=metadata)
    append(stream=stream, expected_version=None, events=[event], positions=[position])
    copy_lines(
        "markets_posting",
        _COLUMNS,
        [
            f"{position}\t{account}\t{reason.value}\t{delta}\t{available[account][0] + delta}\t{now}"
            for account, delta in sorted(moves.items())
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE markets_account a SET balance_units = balance_units + n.delta "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS n (id, delta) WHERE a.id = n.id",
            [list(moves), list(moves.values())],
        )
    return position


def lock_balances(accounts: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Balance and reserved part of each account, in units, under lock.

    Whoever posts several journals in one transaction locks all their accounts with this first, in the one order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, balance_units, reserved_units FROM markets_account WHERE id = ANY(%s) ORDER BY id "
            "FOR NO KEY UPDATE",
            [sorted(accounts)],
        )
        return {account: (balance, reserved) for account, balance, reserved in cursor.fetchall()}
