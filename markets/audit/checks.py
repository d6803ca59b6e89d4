"""All invariants of the exchange that its tables can show, in one consistent view of them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from markets.audit.ledger_statements import LEDGER_STATEMENTS
from markets.audit.market_statements import MARKET_STATEMENTS
from markets.audit.order_statements import ORDER_STATEMENTS
from markets.audit.position_statements import POSITION_STATEMENTS
from markets.audit.result import CheckResult
from markets.audit.reward_statements import REWARD_STATEMENTS
from markets.audit.statements import Scope

STATEMENTS = (*LEDGER_STATEMENTS, *POSITION_STATEMENTS, *ORDER_STATEMENTS, *MARKET_STATEMENTS, *REWARD_STATEMENTS)


def run_all(
    organization_ids: Collection[UUID] | None = None, market_ids: Collection[UUID] | None = None
) -> list[CheckResult]:
    """Check every statement over the given organizations or markets, or over everything.

    Takes no locks and may run beside trading: all queries see the same moment, unless the caller has opened a transaction
    (then each sees what that transaction does). `markets.audit.replay` compares the tables with the streams.
    """
    with _one_moment():
        scope = Scope.of(organization_ids=organization_ids, market_ids=market_ids)
        return [statement.check(scope) for statement in STATEMENTS]


@contextmanager
def _one_moment() -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
