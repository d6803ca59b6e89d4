"""Who may open a socket, by what, and what ends it."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client as Browser
from websockets.exceptions import InvalidStatus

from governance.identity import services as identity
from governance.identity.models import ApiKey
from governance.organizations.models import Membership
from markets.lifecycle.models import Market
from tests.governance.people import PASSWORD
from tests.realtime.served import a_key


def signed_in(user) -> str:
    browser = Browser()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def access_token(person) -> str:
    return person.post("auth/token", {"username": person.user.username, "password": PASSWORD}, 200)["access"]


def status_of(served, path="/ws/analytics", **headers) -> int:
    with pytest.raises(InvalidStatus) as refused, served.talk(path, **headers):
        pass
    return refused.value.response.status_code


def test_a_key_or_token_in_the_header_says_who_is_calling(served, venue):
    ann = venue.trader()
    for headers in (
        {"X_API_Key": a_key(ann.user)},
        {"Authorization": f"Bearer {a_key(ann.user)}"},
        {"Authorization": f"Bearer {access_token(ann)}"},
    ):
        with served.talk("/ws/analytics", **headers) as talk:
            assert talk.next("connection_established")["user"] == str(ann.user.pk)


def test_the_first_message_may_say_it_too(served, venue):
    ann = venue.trader()
    for field, text in (("api_key", a_key(ann.user)), ("token", access_token(ann))):
        with served.talk() as talk:
            assert talk.next("connection_established")["user"] is None
            talk.say("authenticate", **{field: text})
            assert talk.next("connection_established")["user"] == str(ann.user.pk)
            assert talk.subscribe("orders")["orders"] == []


def test_but_not_a_later_one_nor_a_wrong_one(served, venue):
    key = a_key(venue.trader().user)
    with served.talk() as talk:
        talk.say("ping")
        assert talk.refused("authenticate", api_key=key) == "invalid_frame"
        assert talk.refused("subscribe", channel="orders") == "not_authenticated"
    with served.talk() as talk:
        assert talk.refused("authenticate", api_key=key[:-1] + "x") == "invalid_credentials"
        assert talk.closed()[0] == 4401


def test_wrong_credentials_and_those_in_the_address_refuse_the_handshake(served, venue):
    key = a_key(venue.trader().user)
    assert status_of(served, X_API_Key="om_wrong") == 403
    assert status_of(served, Authorization="Basic eA==") == 403
    assert status_of(served, f"/ws/analytics?api_key={key}") == 403
    assert status_of(served, f"/ws/analytics?token={key}") == 403
    assert status_of(served, "/ws/unknown") == 403


def test_a_session_counts_only_from_a_page_of_this_site(served, venue):
    ann = venue.trader()
    cookie = signed_in(ann.user)
    with served.talk("/ws/analytics", Cookie=cookie, Origin=f"http://127.0.0.1:{served.port}") as talk:
        assert talk.next("connection_established")["user"] == str(ann.user.pk)
    assert status_of(served, Cookie=cookie, Origin="https://evil.example") == 403
    assert status_of(served, Cookie=cookie) == 403


def test_a_revoked_key_closes_its_socket_and_no_other(served, venue):
    ann, bob = venue.trader(), venue.trader()
    with served.talk_as(ann.user) as talk, served.talk_as(bob.user) as other:
        key = ApiKey.objects.get(user=ann.user)
        identity.revoke_api_key(actor=ann.user, api_key_id=key.pk, now=datetime.now(UTC))
        assert talk.closed() == (4401, "credentials no longer valid")
        other.say("ping")
        assert other.next("pong")


def test_signing_out_a_changed_password_and_being_deactivated_close_the_socket(served, venue):
    ann, bob, eve = venue.trader(), venue.trader(), venue.trader()
    origin = f"http://127.0.0.1:{served.port}"
    cookie = signed_in(ann.user)
    with (
        served.talk("/ws/analytics", Cookie=cookie, Origin=origin) as session,
        served.talk("/ws/analytics", Authorization=f"Bearer {access_token(bob)}") as token,
        served.talk_as(eve.user) as key,
    ):
        browser = Browser()
        browser.cookies.load(cookie)
        browser.session.flush()
        bob.user.set_password("another horse battery staple")
        bob.user.save()
        eve.user.is_active = False
        eve.user.save()
        assert [talk.closed()[0] for talk in (session, token, key)] == [4401, 4401, 4401]


def test_a_role_taken_away_closes_the_socket_and_a_new_one_does_not(served, venue):
    analyst, newcomer = venue.member("analyst"), venue.member()
    with served.talk_as(analyst.user) as loses, served.talk_as(newcomer.user) as gains:
        loses.subscribe("dashboard")
        assert gains.refused("subscribe", channel="dashboard") == "permission_missing"
        Membership.objects.filter(user=newcomer.user).update(role="analyst")
        Membership.objects.filter(user=analyst.user).update(role="")
        assert loses.closed() == (4403, "role taken away")
        # "" to analyst is an exchange of roles as well: whoever gains reconnects.
        assert gains.closed() == (4403, "role taken away")
        with served.talk_as(newcomer.user) as again:
            assert again.subscribe("dashboard")["organizations"]


def test_whoever_leaves_the_organization_sees_no_more_of_its_markets(served, venue):
    market, ann = venue.market(), venue.trader()
    with served.talk_as(ann.user) as talk:
        talk.subscribe(f"market:{market}")
        Membership.objects.filter(user=ann.user).delete()
        assert talk.closed()[0] == 4403


def test_a_market_that_is_made_private_is_taken_from_strangers(served, venue):
    market = venue.market(is_public=True)
    with served.talk() as talk:
        talk.subscribe(f"market:{market}")
        Market.objects.filter(pk=market).update(is_public=False)
        assert talk.next("unsubscription_confirmed")["channel"] == f"market:{market}"
        venue.trader().order(market)
        assert talk.is_silent()
