"""A real Redis, killed under connected clients and started again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from django.conf import settings as project

from markets.realtime import announcing
from opinion_market.platform.instance import temporary_folder
from opinion_market.platform.redis import EmbeddedRedis
from tests.platform.processes import eventually


class Restartable:
    """A Redis of the test's own, which hubs and those who announce are told of."""

    def __init__(self, folder: Path) -> None:
        self.redis = EmbeddedRedis(folder / "redis.sock", folder / "redis.log", folder / "data", durable=False)
        self._running = self.redis.start()

    def kill(self) -> None:
        self._running.popen.kill()
        self._running.popen.wait()

    def restart(self) -> None:
        self._running = self.redis.start()


@pytest.fixture
def redis(settings, monkeypatch) -> Iterator[Restartable]:
    with tempfile.TemporaryDirectory(prefix="opinion-market-redis-", dir=temporary_folder()) as folder:
        own = Restartable(Path(folder))
        settings.ENV = project.ENV.model_copy(update={"redis_url": own.redis.url})
        monkeypatch.setattr(announcing, "_announcer", announcing.Announcer())
        yield own
        own.kill()


def told(talk, sequences, wanted):
    """Read until the trades told are these."""
    while sequences != wanted:
        sequences += [trade["sequence"] for trade in talk.next("update")["data"].get("trades", ())]


def test_clients_are_told_all_while_redis_is_away_and_at_once_when_it_is_back(redis, serve, venue):
    served = serve(check_versions_s=1.0)
    market, ann = venue.market(house_liquidity=1_000), venue.trader()
    assert eventually(lambda: served.hub is not None)
    with served.talk_as(ann.user) as talk, served.talk_as(ann.user) as owner:
        talk.subscribe(f"market:{market}", kinds=["trades"])
        cursor = owner.subscribe("orders")["cursor"]
        assert eventually(lambda: served.hub.is_listening)
        sequences = []
        ann.order(market, price=9000, quantity=1)
        told(talk, sequences, [1])
        redis.kill()
        assert eventually(lambda: not served.hub.is_listening)
        for _ in range(3):
            ann.order(market, price=9000, quantity=1)
        told(talk, sequences, [1, 2, 3, 4])  # by asking PostgreSQL for versions
        with served.talk_as(ann.user) as late:  # what the feed knows may be old, so it is read anew
            ann.order(market, price=9000, quantity=1)
            snapshot = late.subscribe(f"market:{market}")
            assert [trade["sequence"] for trade in snapshot["trades"]] == [1, 2, 3, 4, 5]
        redis.restart()
        assert eventually(lambda: served.hub.is_listening)
        told(talk, sequences, [1, 2, 3, 4, 5])
        assert eventually(lambda: told_at_once(talk, ann, market, sequences))
        fills = []
        while len(fills) < len(sequences):
            fills += [fill["sequence"] for fill in owner.next("update")["data"].get("fills", ())]
        assert fills == sequences
        again = owner.subscribe("orders", resume_from=cursor)
        assert [fill["sequence"] for fill in reversed(again["fills"])] == sequences
    assert sequences == list(range(1, len(sequences) + 1))


def told_at_once(talk, ann, market, sequences):
    """Whether a trade is told before the next look at the versions; those who announce may still be waiting for Redis."""
    began = monotonic()
    ann.order(market, price=9000, quantity=1)
    told(talk, sequences, [*sequences, sequences[-1] + 1])
    return monotonic() - began < 0.5
