"""Orders of a client whose socket drops: cancelled if it asked for that and does not come back, and only then."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic, sleep

import pytest
from django.db import connection

from governance.identity import services as identity
from governance.identity.models import ApiKey
from markets.realtime.disconnects import services
from markets.trading.mass_cancels import cancel_in
from tests.platform.processes import eventually
from tests.realtime.served import a_key


@pytest.fixture
def served(serve):
    return serve(lease_s=1.0, lease_renew_s=0.2)


def trading(served, person):
    return served.talk(X_API_Key=a_key(person.user, "trade"))


def asked(talk, **wish):
    talk.say("cancel_on_disconnect", **{"enabled": True, "grace_s": 0, **wish})
    return talk.next("cancel_on_disconnect_status")


def resting(person, *markets):
    return [person.order(market, side="buy", price=3000, quantity=1)["id"] for market in markets]


def open_orders(person):
    return {order["id"] for order in person.get("orders", status="open")["results"]}


def cancellations(venue, market):
    found = venue.chief.get(f"markets/{market}/events", type="OrdersCancelled")["results"]
    return [(event["data"]["orders"], event["data"]["reason"]) for event in found]


def test_a_socket_that_drops_takes_its_owners_orders_with_it_and_nobody_elses(served, venue):
    here, there, ann, bob = venue.market(), venue.market(), venue.trader(), venue.trader()
    mine, others = resting(ann, here, here, there), resting(bob, here)
    with trading(served, ann) as talk:
        status = asked(talk, id="watch")
        assert (status["enabled"], status["markets"], status["id"]) == (True, None, "watch")
        sleep(1.5)  # longer than a lease, which is renewed
        assert open_orders(ann) == set(mine)
        talk.drop()
    assert eventually(lambda: not open_orders(ann))
    assert open_orders(bob) == set(others)
    assert cancellations(venue, here) == [(sorted(mine[:2]), "disconnected")]
    assert cancellations(venue, there) == [(mine[2:], "disconnected")]
    assert ann.cash()["reserved"] == 0


def test_a_socket_that_is_closed_politely_drops_too_but_one_that_asked_for_nothing_does_not(served, venue):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    resting(ann, market), resting(bob, market)
    with trading(served, ann) as talk, trading(served, bob) as other:
        asked(talk)
        asked(other)
        other.say("cancel_on_disconnect", enabled=False)
        assert other.next("cancel_on_disconnect_status")["enabled"] is False
    assert eventually(lambda: not open_orders(ann))
    sleep(1.5)
    assert open_orders(bob)


def test_only_orders_in_the_markets_named_are_cancelled(served, venue):
    here, there, ann = venue.market(), venue.market(), venue.trader()
    _, kept = resting(ann, here, there)
    with trading(served, ann) as talk:
        assert asked(talk, markets=[here])["markets"] == [here]
    assert eventually(lambda: open_orders(ann) == {kept})


def test_whoever_comes_back_in_time_and_asks_again_keeps_their_orders(served, venue):
    market, ann = venue.market(), venue.trader()
    mine = resting(ann, market)
    key = a_key(ann.user, "trade")
    with served.talk(X_API_Key=key) as first:
        asked(first, grace_s=1)
        first.drop()
    with served.talk(X_API_Key=key) as second:
        assert asked(second, grace_s=1)["last_cancelled"] is None
        sleep(1.5)
        assert open_orders(ann) == set(mine)
        with served.talk(X_API_Key=key) as third:  # it comes before the loss of the second is noticed
            asked(third, grace_s=0)
            over = second.next("cancel_on_disconnect_status")
            assert (over["enabled"], over["reason"]) == (False, "another_socket")
            second.drop()
            sleep(0.5)
            assert open_orders(ann) == set(mine)
    assert eventually(lambda: not open_orders(ann))
    with served.talk(X_API_Key=key) as late:
        told = eventually(lambda: asked(late).get("last_cancelled"))
        assert told


def test_whoever_comes_back_but_does_not_ask_again_does_not(served, venue):
    market, ann = venue.market(), venue.trader()
    resting(ann, market)
    with trading(served, ann) as talk:
        asked(talk, grace_s=1)
    with trading(served, ann):
        assert open_orders(ann)
        assert eventually(lambda: not open_orders(ann), within_s=3)


def test_a_revoked_key_is_a_drop(served, venue):
    market, ann = venue.market(), venue.trader()
    resting(ann, market)
    with trading(served, ann) as talk:
        asked(talk)
        key = ApiKey.objects.get(user=ann.user)
        identity.revoke_api_key(actor=ann.user, api_key_id=key.pk, now=datetime.now(UTC))
        assert talk.closed()[0] == 4401
    assert eventually(lambda: not open_orders(ann))


def test_it_takes_somebody_who_may_trade_and_a_frame_that_makes_sense(served, venue, elsewhere):
    foreign, ann = elsewhere.market(), venue.trader()
    with served.talk() as stranger:
        assert stranger.refused("cancel_on_disconnect", enabled=True) == "not_authenticated"
    with served.talk_as(ann.user) as reader:
        assert reader.refused("cancel_on_disconnect", enabled=True) == "scope_too_narrow"
    with trading(served, ann) as talk:
        assert talk.refused("cancel_on_disconnect", enabled=True, markets=[foreign]) == "market_not_found"
        for nonsense in (
            {}, {"enabled": 1}, {"enabled": True, "grace_s": 61}, {"enabled": True, "grace_s": True},
            {"enabled": True, "markets": []}, {"enabled": True, "markets": ["x"]}, {"enabled": True, "markets": "all"},
        ):  # fmt: skip
            assert talk.refused("cancel_on_disconnect", **nonsense) == "invalid_frame"


def test_a_disk_that_is_slow_to_cancel_keeps_nobody_from_being_served_nor_leases_from_renewal(
    served, venue, monkeypatch
):
    market, gone, here = venue.market(), [venue.trader() for _ in range(6)], venue.trader()
    for each in (*gone, here):
        resting(each, market)

    is_quick = Event()

    def slowly(*place, **why):
        is_quick.wait(20)
        return cancel_in(*place, **why)

    monkeypatch.setattr(services, "cancel_in", slowly)
    with trading(served, here) as stays:
        asked(stays)
        for each in gone:
            with trading(served, each) as talk:
                asked(talk)
        until = monotonic() + 2  # longer than a lease
        while monotonic() < until:
            with served.talk_as(here.user) as talk:
                talk.subscribe("orders")
        is_quick.set()
        assert eventually(lambda: not any(open_orders(each) for each in gone))
        assert open_orders(here)


def test_a_lease_that_nobody_renews_expires_and_many_who_notice_cancel_once(venue):
    markets, ann, now = [venue.market() for _ in range(3)], venue.trader(), datetime.now(UTC)
    mine = resting(ann, *markets)
    wish = services.Wish(holder=ann.user.pk, market_ids=None, grace_s=5)
    access = services.Access({venue.organization.pk: ""})
    services.ask(actor=ann.user, access=access, api_key_id=None, wish=wish, lease=timedelta(seconds=10), now=now)
    services.cancel_due(now=now + timedelta(seconds=14))
    assert open_orders(ann) == set(mine)

    def sweep(_number):
        try:
            return services.cancel_due(now=now + timedelta(seconds=15))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sweep, range(8))) >= 3
    assert not open_orders(ann)
    assert [cancellations(venue, market) for market in markets] == [[([order], "disconnected")] for order in mine]


def test_a_sweep_that_died_half_way_is_taken_up_again(venue, monkeypatch):
    market, ann, now = venue.market(), venue.trader(), datetime.now(UTC)
    resting(ann, market)
    wish = services.Wish(holder=ann.user.pk, market_ids=None, grace_s=0)
    terms = {"actor": ann.user, "access": services.Access({}), "api_key_id": None, "lease": timedelta(seconds=1)}
    services.ask(**terms, wish=wish, now=now)
    with monkeypatch.context() as patched:
        patched.setattr(services, "cancel_in", lambda *_place, **_why: None)
        services.cancel_due(now=now + timedelta(seconds=2))
    with pytest.raises(services.CancellingNow):
        services.ask(**terms, wish=wish, now=now + timedelta(seconds=3))
    services.cancel_due(now=now + timedelta(seconds=20))
    assert open_orders(ann)  # whoever claimed it may still be at it
    services.cancel_due(now=now + timedelta(seconds=40))
    assert not open_orders(ann)
    ended = services.ask(**terms, wish=wish, now=now + timedelta(seconds=41))
    assert ended.cancelled_orders == 1
