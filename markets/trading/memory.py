"""The markets this process holds in memory, each brought up to date from its stream before it is used.

A cached state may be behind (another process traded) or ahead (a transaction here was rolled back after the state had
moved). The market's row tells: it carries the version and the hash of the stream's last event.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from markets.engine import snapshot
from markets.engine.apply import apply
from markets.engine.state import MarketState
from markets.trading.errors import StreamInconsistent
from opinion_market.eventstore.append import Head
from opinion_market.eventstore.hashing import GENESIS
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.snapshot_policies import LEAST_EVENTS, policy_for
from opinion_market.eventstore.snapshots import load_snapshot, save_snapshot
from opinion_market.kernel.clock import microseconds

# How many events a cold market replays is bounded by its snapshots, every 5,000 unless the policy says otherwise; writing
# one of 24,000 resting orders takes 50 ms.
# 100,000 resting orders take 45 MB (measured), an ordinary market a few kB.
MARKETS_IN_MEMORY = 2_000


def stream_of(market_id: str) -> str:
    """The name of a market's stream."""
    return f"market-{market_id}"


@dataclass(slots=True)
class LoadedMarket:
    """A state, the hash of the last event applied to it, and the version of its newest snapshot.

    positions: what the table of positions shows of an account, (free, reserved) contracts per outcome, where that is known.
    """

    state: MarketState
    head_hash: bytes = GENESIS
    snapshot_version: int = 0
    positions: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @property
    def head(self) -> Head:
        return Head(self.state.version, self.head_hash)


def load(market_id: str, *, until: int | None = None) -> LoadedMarket:
    """A market from its newest snapshot and the events after it; with `until`, replayed from nothing to that version."""
    stream = stream_of(market_id)
    loaded = LoadedMarket(MarketState(market_id))
    if until is None and (saved := load_snapshot(stream, schema_version=snapshot.SCHEMA_VERSION)):
        [last] = read_stream(stream, after=saved.version - 1, until=saved.version)
        loaded = LoadedMarket(snapshot.load(saved.state), last.hash, saved.version)
    catch_up(loaded, until=until)
    return loaded


def catch_up(loaded: LoadedMarket, *, until: int | None = None) -> None:
    """Apply the events the state has not seen yet."""
    state = loaded.state
    for event in read_stream(stream_of(state.market_id), after=state.version, until=until):
        apply(state, event.type, event.data, microseconds(event.recorded_at))
        loaded.head_hash = event.hash
        loaded.positions.clear()  # another process has written them


def _is_followed(loaded: LoadedMarket) -> bool:
    """Whether the next event follows the state. None does if the state ends with an event whose commit failed."""
    state = loaded.state
    [following] = read_stream(stream_of(state.market_id), after=state.version, until=state.version + 1)
    return following.previous_hash == loaded.head_hash


class MarketMemory:
    """The least recently used markets are dropped; dropping one costs nothing but a later load."""

    def __init__(self, capacity: int = MARKETS_IN_MEMORY) -> None:
        self._capacity = capacity
        self._markets: OrderedDict[str, LoadedMarket] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def checked_out(self, market_id: str, *, version: int, head_hash: bytes) -> Iterator[LoadedMarket]:
        """The market at exactly this version and hash, for the holder of its row lock to change.

        It is out of the cache meanwhile and returns only if the block succeeds, so a failure half-way never stays.
        """
        with self._lock:
            loaded = self._markets.pop(market_id, None)
        if loaded is not None and loaded.state.version < version and _is_followed(loaded):
            catch_up(loaded, until=version)
        if loaded is None or loaded.state.version != version or loaded.head_hash != head_hash:
            loaded = load(market_id)
            if loaded.head != Head(version, head_hash):
                raise StreamInconsistent(market=market_id, row_version=version, stream_version=loaded.state.version)
        yield loaded
        with self._lock:
            self._markets[market_id] = loaded
            while len(self._markets) > self._capacity:
                self._markets.popitem(last=False)

    def forget(self, market_id: str) -> None:
        """Drop a market whose state may be wrong."""
        with self._lock:
            self._markets.pop(market_id, None)


def keep_snapshot(loaded: LoadedMarket, at: datetime) -> None:
    """Save a snapshot if more events came since the last one than the policy for markets allows.

    Runs in the caller's transaction; asks for the policy only after so many events that it could say yes.
    """
    state = loaded.state
    since = state.version - loaded.snapshot_version
    if since < LEAST_EVENTS:
        return
    policy = policy_for("market")
    if since >= policy.every_events:
        save_snapshot(
            stream=stream_of(state.market_id),
            version=state.version,
            state=snapshot.dump(state),
            at=at,
            schema_version=snapshot.SCHEMA_VERSION,
            keep=policy.kept,
        )
        loaded.snapshot_version = state.version
