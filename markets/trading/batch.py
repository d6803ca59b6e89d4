"""One batch of commands on one market, in one transaction: lock, decide, write, commit.

A refused command changes nothing and disturbs no neighbour. Either the whole batch is durable when `execute` returns, or
it raises and nothing of it is.
"""

from collections.abc import Sequence
from datetime import datetime

import orjson
from django.db import connection, transaction

from markets.engine import decide
from markets.realtime.announcing import announce
from markets.trading.commands import Command, IdempotencyKey, Outcome, PlaceOrder
from markets.trading.reach import makers_of
from markets.trading.session import Cause, MarketSession, market_session
from markets.trading.writer import write
from opinion_market.kernel import idempotency
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.errors import DomainError


class RepeatedRefusal(DomainError):
    """A refusal answered again, exactly as it was answered the first time."""

    def __init__(self, *, code: str, status: int, title: str, message: str, data: dict[str, object]) -> None:
        super().__init__(message)
        self.code, self.status, self.title = code, status, title  # type: ignore[misc]
        self.data = data  # type: ignore[assignment]


def execute(market_id: str, commands: Sequence[Command], *, now: datetime) -> list[Outcome]:
    """Carry out the commands in order; one outcome each. Raises MarketNotFound, and django.db errors of the transaction."""
    with transaction.atomic(durable=True), market_session(market_id, now=now) as session:
        session.lock_accounts(_accounts(session, commands))
        session.client_order_ids = _client_order_ids_in_use(commands)
        answered = _answers(commands)
        due = decide.expire_orders(session.state, session.now_us)
        if due:
            session.record("OrdersExpired", due, Cause(None, correlation_id()))
        outcomes = [_outcome(session, command, answered) for command in commands]
        write(session)
        _remember(commands, outcomes, now)
        news = (session.state.version, session.state.trade_sequence) if session.events else None
    if news is not None:
        announce(market_id, *news)
    return outcomes


def _outcome(
    session: MarketSession, command: Command, answered: dict[idempotency.CallerKey, idempotency.Remembered]
) -> Outcome:
    try:
        key = command.idempotency
        if key is not None and (found := answered.get((key.caller, key.key))) is not None:
            return _replayed(found.answer_to(key.request_hash))
        command.check_time(session.now)
        outcome = Outcome(reply=command.decide(session), status=command.status)
    except DomainError as error:
        outcome = Outcome(error=error, status=error.status)
    if key is not None and not isinstance(outcome.error, idempotency.IdempotencyKeyReused):
        answered[key.caller, key.key] = idempotency.Remembered(key.request_hash, _answer(outcome))
    return outcome


def _accounts(session: MarketSession, commands: Sequence[Command]) -> set[int]:
    """Every account the batch may touch: the commands' own, those of orders due, makers within reach, the market's."""
    state = session.state
    accounts = {order.account for order in state.due(session.now_us)}
    for command in commands:
        accounts |= command.accounts(state)
    if state.rules is None:
        return accounts
    incoming = [order for command in commands if (order := command.incoming(state)) is not None]
    accounts |= makers_of(state, incoming, accounts)
    rules = state.rules
    return accounts | {rules.escrow_account, rules.fee_account} | ({rules.house_account} if state.house else set())


def _client_order_ids_in_use(commands: Sequence[Command]) -> set[tuple[int, str]]:
    """Which of the batch's client_order_ids their accounts have used before. The accounts are locked, so this stays true."""
    given = [
        (command.order.account, command.order.client_order_id)
        for command in commands
        if isinstance(command, PlaceOrder) and command.order.client_order_id is not None
    ]
    if not given:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, client_order_id FROM markets_order JOIN unnest(%s::bigint[], %s::text[]) "
            "AS given (account_id, client_order_id) USING (account_id, client_order_id)",
            [[account for account, _ in given], [client_id for _, client_id in given]],
        )
        return set(cursor.fetchall())


def _answers(commands: Sequence[Command]) -> dict[idempotency.CallerKey, idempotency.Remembered]:
    """Stored answers to the batch's idempotency keys; grows by the batch's own, so a repetition within it is found too."""
    return idempotency.find_answers([(key.caller, key.key) for key in _keys(commands)])


def _keys(commands: Sequence[Command]) -> list[IdempotencyKey]:
    return [command.idempotency for command in commands if command.idempotency is not None]


def _answer(outcome: Outcome) -> idempotency.Answer:
    error = outcome.error
    body: object = outcome.reply
    if error is not None:
        body = {"code": error.code, "title": error.title, "message": error.message, "data": error.data}
    return idempotency.Answer(outcome.status, orjson.dumps(body).decode())


def _replayed(answer: idempotency.Answer) -> Outcome:
    body = orjson.loads(answer.body)
    if answer.status < 400:
        return Outcome(reply=body, status=answer.status, replayed=True)
    return Outcome(error=RepeatedRefusal(status=answer.status, **body), status=answer.status, replayed=True)


def _remember(commands: Sequence[Command], outcomes: Sequence[Outcome], now: datetime) -> None:
    """Store the answers to keys that had none, in the batch's own transaction."""
    idempotency.remember_all(
        [
            idempotency.line(key.caller, key.key, key.request_hash, _answer(outcome), now)
            for command, outcome in zip(commands, outcomes, strict=True)
            if (key := command.idempotency) is not None
            and not outcome.replayed
            and not isinstance(outcome.error, idempotency.IdempotencyKeyReused)
        ]
    )
