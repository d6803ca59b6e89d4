"""Appends per second to the event store, beside the `eventsourcing` library's PostgreSQL recorders on the same server.

All get the same events (an order of the exchange, about 700 bytes) from the same number of clients, each on a stream of its
own, and answer when the events are durable. Ours also chains and hashes each event and orders the store for readers; of the
library's two recorders, the application's orders its events for readers too, the aggregate's does not.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import orjson
from django.db import connection
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresAggregateRecorder, PostgresApplicationRecorder, PostgresDatastore

from opinion_market.eventstore.append import NewEvent, append
from opinion_market.kernel.ids import uuid7_text

CLIENTS = 8
BATCHES = (1, 64)
OURS = "event store"
PEERS = {
    "eventsourcing, application recorder": PostgresApplicationRecorder,
    "eventsourcing, aggregate recorder": PostgresAggregateRecorder,
}
DATABASE = "bench_eventsourcing"

# Appends so many events to a client's stream after the version given.
Append = Callable[[str, int, int], None]

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def measure(peer_url: str, *, seconds: float, rounds: int) -> dict[str, Any]:
    """All contenders in turns, for each batch size. `peer_url`: an empty database on the same server."""
    datastore = _datastore(peer_url)
    try:
        contenders: dict[str, Append] = {OURS: _append_ours}
        contenders |= {name: _peer(kind, datastore, index) for index, (name, kind) in enumerate(PEERS.items())}
        with ThreadPoolExecutor(CLIENTS) as pool:
            figures = {str(size): _measured(pool, contenders, size, seconds, rounds) for size in BATCHES}
            list(pool.map(lambda _: connection.close(), range(CLIENTS)))
    finally:
        datastore.close()
    return {"seconds": seconds, "rounds": rounds, "clients": CLIENTS, "event_bytes": len(_state(1)), "batches": figures}


def _measured(
    pool: ThreadPoolExecutor, contenders: dict[str, Append], size: int, seconds: float, rounds: int
) -> dict[str, Any]:
    for each in contenders.values():
        _run(pool, each, size, 0.3)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, each in contenders.items():
            rates[name].append(_run(pool, each, size, seconds))
    return {
        "events_per_s": {name: round(median(found), 1) for name, found in rates.items()},
        "ratio": {
            name: round(median(ours / theirs for ours, theirs in zip(rates[OURS], rates[name], strict=True)), 3)
            for name in PEERS
        },
        "rounds_measured": rates,
    }


def _run(pool: ThreadPoolExecutor, each: Append, size: int, seconds: float) -> float:
    started = time.perf_counter()
    events = sum(pool.map(lambda _: _client(each, size, started + seconds), range(CLIENTS)))
    return events / (time.perf_counter() - started)


def _client(each: Append, size: int, until: float) -> int:
    """One client's events on a new stream."""
    stream, version = str(uuid4()), 0
    while time.perf_counter() < until:
        each(stream, version, size)
        version += size
    return version


def _data(version: int) -> dict[str, object]:
    return {
        "order": {
            "id": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11",
            "account": 1_000 + version % 200,
            "outcome": 0,
            "side": "buy",
            "type": "limit",
            "price": 5_300,
            "quantity": 20,
            "time_in_force": "gtc",
            "post_only": False,
        },
        "fills": [
            {
                "sequence": version,
                "price": 5_290,
                "quantity": 20,
                "value": 105_800,
                "maker_order": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a12",
                "maker_account": 77,
                "taker_fee": 529,
                "maker_fee": 105,
            }
        ],
    }


_METADATA: dict[str, object] = {
    "actor": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a13",
    "organization_id": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a14",
    "causation_id": None,
    "correlation_id": uuid7_text(),
}


def _state(version: int) -> bytes:
    return orjson.dumps({"data": _data(version), "metadata": _METADATA, "at": _AT})


def _append_ours(stream: str, version: int, size: int) -> None:
    events = [NewEvent("OrderPlaced", _data(version + index), _AT, metadata=_METADATA) for index in range(size)]
    append(stream=f"bench-{stream}", expected_version=version, events=events)


@dataclass(frozen=True, slots=True)
class _Peer:
    recorder: PostgresAggregateRecorder

    def __call__(self, stream: str, version: int, size: int) -> None:
        self.recorder.insert_events(
            [
                StoredEvent(stream, version + index + 1, "exchange:OrderPlaced", _state(version + index))
                for index in range(size)
            ]
        )


def _peer(kind: type[PostgresAggregateRecorder], datastore: PostgresDatastore, index: int) -> Append:
    recorder = kind(datastore, events_table_name=f"stored_events_{index}")
    recorder.create_table()
    return _Peer(recorder)


def _datastore(url: str) -> PostgresDatastore:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return PostgresDatastore(
        dbname=unquote(parts.path.lstrip("/")),
        host=query["host"][0] if "host" in query else parts.hostname or "",
        port=str(parts.port or 5432),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        pool_size=CLIENTS,
        max_overflow=0,
        originator_id_type="text",
    )
