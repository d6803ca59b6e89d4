"""A real uvicorn, killed with SIGKILL under its clients and started again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from websockets.exceptions import ConnectionClosed

from markets.realtime.disconnects import services
from tests.platform.processes import eventually
from tests.realtime.served import Talking, a_key
from tools.soak.server import Uvicorn


class Killable(Talking, Uvicorn):
    """Its clients talk to it as to `Served`."""


@pytest.fixture
def server(committed_db: None) -> Iterator[Killable]:
    database = urlsplit(settings.ENV.database_url)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {"DATABASE_URL": database, "LOG_LEVEL": "ERROR"}
    running = Killable(environment, "tests.realtime.brisk_app:application")
    running.start()
    yield running
    running.stop()


class Follower:
    """A client that comes back as often as it is cut off, each time from where it was: the trades of a market and its own fills,
    as they were told."""

    def __init__(self, server, key, market) -> None:
        self.trades, self.fills, self.connections = [], [], 0
        self._server, self._key, self._market = server, key, market
        self._cursor: str | None = None
        self._ended = Event()
        self._thread = Thread(target=self._follow)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ended.is_set():
            try:
                with self._server.talk(X_API_Key=self._key) as talk:
                    self.connections += 1
                    self._resume(talk)
                    while not self._ended.is_set():
                        self._take(talk.hear(0.2))
            except TimeoutError:
                continue
            except (ConnectionClosed, OSError, EOFError):
                sleep(0.1)

    def _resume(self, talk) -> None:
        last = {"resume_from": self.trades[-1] if self.trades else 0}
        talk.say("subscribe", channel=f"market:{self._market}", filters={**last, "kinds": ["trades"]})
        talk.say("subscribe", channel="orders", filters={"resume_from": self._cursor} if self._cursor else {})

    def _take(self, frame) -> None:
        data = frame.get("data", {})
        self.trades += [trade["sequence"] for trade in data.get("trades", ())]
        fills = [fill["sequence"] for fill in data.get("fills", ())]
        self.fills += reversed(fills) if frame["type"] == "initial_data" else fills
        self._cursor = data.get("cursor", self._cursor)


def test_a_client_of_a_server_that_is_killed_again_and_again_gets_every_trade_once(server, venue):
    market, ann = venue.market(house_liquidity=1_000), venue.trader(10_000)
    followers = [Follower(server, a_key(ann.user), market) for _ in range(2)]
    try:
        for _ in range(2):
            for _ in range(12):
                ann.order(market, price=9000, quantity=1)
            server.kill()
            for _ in range(5):
                ann.order(market, price=9000, quantity=1)
            server.start()
        ann.order(market, price=9000, quantity=1)
        everything = list(range(1, ann.get(f"markets/{market}/book")["sequence"] + 1))
        assert len(everything) == 35
        assert eventually(lambda: all(each.trades == each.fills == everything for each in followers), 30)
    finally:
        for each in followers:
            each.stop()
    assert [(each.trades, each.fills) for each in followers] == [(everything, everything)] * 2
    # Once more at least: the second death may come before a client is back from the first.
    assert min(each.connections for each in followers) >= 2


def trading_key(person):
    return a_key(person.user, "trade")


def watched(talk, grace_s):
    talk.say("cancel_on_disconnect", enabled=True, grace_s=grace_s)
    assert talk.next("cancel_on_disconnect_status")["enabled"] is True


def test_orders_are_cancelled_though_the_server_that_held_the_socket_was_killed(server, venue):
    """Whether the scheduler notices or the server that is started again, and not those of whoever is back in time."""
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    keys = [trading_key(each) for each in (ann, bob)]

    def has_orders(person):
        return bool(person.get("orders", status="open")["results"])

    for each in (ann, bob):
        each.order(market, side="buy", price=3000, quantity=1)
    with server.talk(X_API_Key=keys[0]) as gone, server.talk(X_API_Key=keys[1]) as back:
        watched(gone, 0)
        watched(back, 30)
        server.kill()
        services.cancel_due(now=datetime.now(UTC))
        assert has_orders(ann)  # nobody can know yet
    # The scheduler's part, while no server is there.
    assert eventually(lambda: services.cancel_due(now=datetime.now(UTC)) == 1, within_s=5)
    assert not has_orders(ann)
    server.start()
    with server.talk(X_API_Key=keys[1]) as back:
        watched(back, 0)
        until = monotonic() + 2.5
        while monotonic() < until:
            assert has_orders(bob)
            sleep(0.2)
        server.kill()
    server.start()
    with server.talk():  # the new server's first client
        assert eventually(lambda: not has_orders(bob), within_s=5)
