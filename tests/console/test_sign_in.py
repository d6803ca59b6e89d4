"""The console's door: who is let in, how often one may guess, and what one reads on a page not meant for one."""

import logging
from ipaddress import IPv6Address
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import get_resolver

from tests.console.scene import client_of, page
from tests.governance.people import PASSWORD, a_member, a_user, an_organization

pytestmark = pytest.mark.django_db

GUESSES_PER_NAME, GUESSES_PER_ADDRESS = 10, 30


def an_address():
    """Attempts are counted per address, for all tests in the same Redis."""
    return str(IPv6Address(uuid4().int))


def sign_in(username, password=PASSWORD, address=""):
    client = Client(headers={"X-Forwarded-For": address or an_address()})
    return client.post(page("login"), {"username": username, "password": password})


def errors(response):
    assert response.status_code == 200
    return " ".join(response.context["form"].non_field_errors())


def is_let_in(response):
    return response.status_code == 302 and "sessionid" in response.cookies


def test_guessing_one_persons_password_shuts_the_door_for_that_name_whatever_the_address():
    address, user, colleague = an_address(), a_user(staff=True), a_user(staff=True)
    for _ in range(GUESSES_PER_NAME):
        assert "Please enter the correct username and password" in errors(sign_in(user.username, "guess", address))
    for elsewhere in (address, an_address()):
        refused = sign_in(user.username, PASSWORD, elsewhere)
        assert "sessionid" not in refused.cookies
        assert "Too many attempts to sign in. Try again in " in errors(refused)
        assert errors(refused) in refused.content.decode()
    assert is_let_in(sign_in(colleague.username, PASSWORD, address))


def test_another_spelling_of_a_name_is_no_other_name():
    user = a_user(staff=True)
    wide = user.username.translate({code: code + 0xFEE0 for code in range(ord("0"), ord("z") + 1)})
    for spelling in (user.username.upper(), wide) * (GUESSES_PER_NAME // 2):
        sign_in(spelling, "guess")
    assert "Too many attempts" in errors(sign_in(user.username))


def test_guessing_for_many_names_shuts_the_door_for_that_address():
    address, user = an_address(), a_user(staff=True)
    for _ in range(GUESSES_PER_ADDRESS):
        sign_in(uuid4().hex, "guess", address)
    assert "Too many attempts" in errors(sign_in(user.username, PASSWORD, address))
    assert is_let_in(sign_in(user.username))


def test_signing_in_and_leaving_a_field_empty_are_no_guesses():
    address, user = an_address(), a_user(staff=True)
    for _ in range(GUESSES_PER_NAME + 1):
        assert is_let_in(sign_in(user.username, PASSWORD, address))
        sign_in(user.username, "", address)
    for _ in range(GUESSES_PER_NAME - 1):
        sign_in(user.username, "guess", address)
    assert is_let_in(sign_in(user.username, PASSWORD, address))
    sign_in(user.username, "guess", address)
    assert "Too many attempts" in errors(sign_in(user.username, PASSWORD, address))


def test_the_right_password_of_somebody_who_may_not_enter_counts_as_a_guess():
    participant = a_user()
    for _ in range(GUESSES_PER_NAME):
        assert "for a staff account" in errors(sign_in(participant.username))
    assert "Too many attempts" in errors(sign_in(participant.username))


def test_nobody_is_let_in_while_attempts_cannot_be_counted(settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1"}}
    refused = sign_in(a_user(staff=True).username)
    assert "sessionid" not in refused.cookies
    assert errors(refused) == "Signing in is not possible at the moment. Try again later."


def test_no_name_or_password_reaches_a_log(caplog):
    caplog.set_level(logging.DEBUG)
    user = a_user(staff=True)
    for password in [PASSWORD, *["a wrong guess"] * GUESSES_PER_NAME, PASSWORD]:
        sign_in(user.username, password)
    for secret in (user.username, PASSWORD, "a wrong guess"):
        assert secret not in caplog.text


def test_a_page_not_meant_for_ones_role_says_so_and_leads_back():
    viewer = client_of(a_member(an_organization(), "viewer", staff=True))
    refused = viewer.get(page("eventstore_event_changelist"))
    assert refused.status_code == 403
    assert refused["Content-Type"].startswith("text/html")
    body = refused.content.decode()
    assert "You may not open this page or do this here." in body
    assert f'href="{page("index")}"' in body
    assert "console/console.css" in body


def test_programs_read_problem_details_instead():
    refuse = get_resolver().resolve_error_handler(403)
    refused = refuse(RequestFactory().get("/api/v1/markets"), PermissionDenied())
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
