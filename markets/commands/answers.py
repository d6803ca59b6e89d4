"""What the exchange's handlers share: the key for the sequencer, and the answer with the events it appended."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import connection

from governance.access.policies import access_of
from governance.identity.models import User
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import market_visible_to
from markets.trading.commands import IdempotencyKey, Outcome
from markets.trading.memory import stream_of
from opinion_market.eventstore.append import StreamRange
from opinion_market.eventstore.commands import Answer, CommandInput
from opinion_market.kernel.correlation import correlation_id

# How many of a stream's newest events are looked through: the command's own are nearly always among the first.
_WINDOWS = (64, 2_048, 65_536)


def sequencer_key(actor: User, key: UUID, input: CommandInput) -> IdempotencyKey:
    """The command's own id, under which the sequencer has one effect and one answer."""
    return IdempotencyKey(actor.pk, f"command-{key}", hashlib.sha256(input.model_dump_json().encode()).hexdigest())


def answer_of(outcome: Outcome, market_id: UUID, *, since: datetime) -> Answer:
    """The sequencer's reply, with the command's events. Raises the refusal."""
    return Answer(outcome.unwrap(), appended=appended_to(market_id, since=since))


def appended_to(market_id: UUID, *, since: datetime) -> list[StreamRange]:
    """The events that the work at hand appended to a market's stream, found by their correlation id.

    The sequencer may have been led by another thread, or the effect be an earlier attempt's. `since`: none is older.
    """
    stream = stream_of(str(market_id))
    for window in _WINDOWS:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(version) FILTER (WHERE own), max(version) FILTER (WHERE own), min(recorded_at) FROM ("
                "SELECT version, recorded_at, metadata->>'correlation_id' = %s AND recorded_at >= %s AS own "
                "FROM eventstore_event WHERE stream = %s ORDER BY version DESC LIMIT %s) newest",
                [correlation_id(), since, stream, window],
            )
            first, last, oldest = cursor.fetchone()
        if first is not None:
            return [StreamRange(stream, first, last)]
        if oldest is None or oldest < since:
            break
    return []


def visible_market(actor: User, market_id: UUID) -> Market:
    """A market the actor may see, to take a step with. Raises MarketNotFound."""
    return market_visible_to(access_of(actor), market_id)
