"""Nonsense, floods, slow readers, too many of anything, and Redis going away."""

import json
from time import monotonic, sleep

from django.conf import settings
from redis import Redis

from markets.realtime import protocol
from tests.realtime.served import MESSAGES, a_key


def test_nonsense_is_answered_and_the_socket_stays_open(served, venue):
    with served.talk() as talk:
        for text in ("{", "[]", '"x"', "{}", '{"type":7}', '{"type":"dance"}', '{"type":"ping","x":1}', "null"):
            talk.connection.send(text)
            assert talk.next("error")["code"] == "invalid_frame"
        for channel in ("market:", "market:x", "weather", 'market:"', "system"):
            assert talk.refused("subscribe", channel=channel) == "unknown_channel"
        assert talk.refused("subscribe", channel=7) == "invalid_frame"
        assert talk.refused("unsubscribe", channel="markets") == "invalid_frame"
        talk.say("ping", id="mine")
        assert talk.next("pong")["id"] == "mine"


def test_binary_and_oversized_messages_close_the_socket(served):
    with served.talk() as talk:
        talk.connection.send(b"\x00")
        assert talk.closed()[0] == 4400
    with served.talk() as talk:
        talk.connection.send(json.dumps({"type": "ping", "id": "x" * 9_000}))
        assert talk.closed()[0] == 1009


def test_a_flood_is_warned_once_and_cut_off(serve):
    served = serve(messages_per_s=5.0, message_burst=10)
    with served.talk() as talk, served.talk() as other:
        for _ in range(30):
            talk.say("ping")
        assert talk.next("error")["code"] == "rate_limited"
        assert talk.closed() == (4429, "too many messages")
        other.say("ping")
        assert other.next("pong")


def test_connections_and_subscriptions_are_limited_per_client(serve, venue):
    served = serve(connections=2, subscriptions=2)
    ann, markets = venue.trader(), [venue.market() for _ in range(3)]
    with served.talk_as(ann.user) as first, served.talk_as(ann.user):
        with served.talk("/ws/analytics", X_API_Key=a_key(ann.user)) as third:
            assert third.closed() == (4413, "too many connections")
        with served.talk_as(venue.trader().user):
            pass
        for market in markets[:2]:
            first.subscribe(f"market:{market}")
        assert first.refused("subscribe", channel=f"market:{markets[2]}") == "too_many_subscriptions"
    with served.talk_as(ann.user) as again:
        again.say("ping")
        assert again.next("pong")


def test_a_slow_reader_is_closed_with_a_reason_and_holds_up_nobody(serve, venue):
    served = serve(send_buffer=4_096, queue=50, message_burst=200)
    market, ann = venue.market(house_liquidity=1_000), venue.trader()
    for _ in range(20):
        ann.order(market, price=9000, quantity=1)
    with served.talk_as(ann.user) as quick, served.talk_as(venue.trader().user) as slow:
        quick.subscribe(f"market:{market}")
        for _ in range(120):  # snapshots of 5 kB, none of which it reads
            slow.say("subscribe", channel=f"market:{market}")
        until = monotonic() + 10
        while len(served.hub.clients) > 1 and monotonic() < until:
            sleep(0.05)
        ann.order(market, price=9000, quantity=1)
        assert quick.next("update", kind="trades", patience_s=2)
        assert slow.closed() == (4408, "too slow")


def test_when_redis_loses_its_subscribers_nothing_is_lost(served, venue):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    redis = Redis.from_url(settings.ENV.redis_url)
    with served.talk_as(ann.user) as talk:
        talk.subscribe(f"market:{market}")
        talk.subscribe("orders")
        sequences = []
        lost = 0
        for _ in range(3):
            lost += redis.client_kill_filter(_type="pubsub")
            for _ in range(2):
                ann.order(market, price=9000, quantity=1)
            sleep(0.7)  # the hub comes back meanwhile
        assert lost >= 3
        fills = []
        while len(sequences) < 6 or len(fills) < 6:
            data = talk.next("update")["data"]
            sequences += [trade["sequence"] for trade in data.get("trades", ())]
            fills += [fill["sequence"] for fill in data.get("fills", ())]
    redis.close()
    assert sequences == fills == [1, 2, 3, 4, 5, 6]


def test_messages_that_never_came_are_made_up_for(served, venue, monkeypatch):
    market, ann = venue.market(house_liquidity=100), venue.trader()
    monkeypatch.setattr("markets.trading.batch.announce", lambda *news: None)
    with served.talk_as(ann.user) as talk:
        for channel in (f"market:{market}", "orders", "portfolio", "markets"):
            talk.subscribe(channel)
        ann.order(market, price=9000, quantity=1)
        kinds = set()
        while not {"trades", "book", "fills", "orders", "portfolio", "ticker"} <= kinds:
            kinds.add(talk.next("update")["data"]["kind"])


def test_every_frame_a_client_may_send_is_documented_with_its_fields():
    for kind, fields in protocol._FIELDS.items():
        assert set(MESSAGES[kind]["payload"]["properties"]) == fields | {"type", "id"}
