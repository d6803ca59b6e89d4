"""Signing up, in and out, and changing the password."""

import pytest
from django.test import Client

from governance.identity.models import User
from governance.organizations.models import Membership
from markets.ledger.models import Account
from tests.console.scene import Exchange, client_of
from tests.governance.people import PASSWORD, a_user

pytestmark = pytest.mark.django_db
NEWCOMER = {"username": "gull", "display_name": "Gull", "password": PASSWORD, "repeated": PASSWORD}


def test_sign_up_is_closed_unless_the_installation_opens_it() -> None:
    for response in (Client().get("/sign-up"), Client().post("/sign-up", NEWCOMER)):
        assert response.status_code == 403
    assert not User.objects.filter(username="gull").exists()
    assert 'href="/sign-up"' not in Client().get("/").text


def test_a_newcomer_is_signed_in_belongs_to_the_organization_and_can_trade(open_sign_up: Exchange) -> None:
    client = Client()
    market = open_sign_up.market()
    assert client.post("/sign-up", NEWCOMER).status_code == 302
    user = User.objects.get(username="gull")
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert Membership.objects.get(user=user).role == ""
    assert Account.objects.get(owner=user).balance_units == 250_000
    order = {"outcome": 0, "side": "buy", "price": 6_000, "quantity": 2}
    placed = client.post(f"/api/v1/markets/{market.pk}/orders", order, content_type="application/json")
    assert placed.status_code == 201


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"username": ""}, "required"),
        ({"username": "a gull"}, "valid username"),
        ({"repeated": "something else"}, "differ"),
        ({"password": "short", "repeated": "short"}, "too short"),
        ({"password": "123456789012", "repeated": "123456789012"}, "numeric"),
    ],
)
def test_what_is_wrong_stands_at_its_field(open_sign_up: Exchange, changed: dict[str, str], words: str) -> None:
    response = Client().post("/sign-up", {**NEWCOMER, **changed})
    assert response.status_code == 422
    assert words in response.text
    assert 'aria-invalid="true"' in response.text
    assert not User.objects.filter(display_name="Gull").exists()


def test_a_name_taken_in_another_case_is_refused(open_sign_up: Exchange) -> None:
    Client().post("/sign-up", NEWCOMER)
    again = Client().post("/sign-up", {**NEWCOMER, "username": "GULL"})
    assert (again.status_code, User.objects.filter(username__iexact="gull").count()) == (422, 1)
    assert "taken" in again.text


def test_one_signs_in_with_the_right_password_and_is_led_back() -> None:
    user, client = a_user(), Client()
    wrong = client.post("/sign-in", {"username": user.username, "password": "no"})
    assert (wrong.status_code, "correct username and password" in wrong.text) == (200, True)
    right = client.post("/sign-in", {"username": user.username, "password": PASSWORD, "next": "/portfolio"})
    assert right["Location"] == "/portfolio"


def test_signing_in_leads_to_no_other_site() -> None:
    user = a_user()
    sent = {"username": user.username, "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert Client().post("/sign-in", sent)["Location"] == "/"


def test_guessing_is_slowed_down() -> None:
    user, client = a_user(), Client()
    for _ in range(10):
        client.post("/sign-in", {"username": user.username, "password": "no"})
    refused = client.post("/sign-in", {"username": user.username, "password": PASSWORD})
    assert "Too many attempts" in refused.text


def test_signing_out_takes_a_post() -> None:
    client = client_of(a_user())
    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert client.get("/portfolio").status_code == 302


def test_the_password_is_changed_by_whoever_knows_the_old_one() -> None:
    user = a_user()
    client = client_of(user)
    new = "quite another long password"
    sent = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    assert "entered incorrectly" in client.post("/password", sent).text
    assert client.post("/password", {**sent, "old_password": PASSWORD})["Location"] == "/preferences"
    user.refresh_from_db()
    assert user.check_password(new)
    assert client.get("/portfolio").status_code == 200


@pytest.mark.parametrize("address", ["/sign-in", "/sign-up", "/sign-out", "/password"])
def test_a_form_sent_from_another_site_is_refused(open_sign_up: Exchange, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(a_user())
    assert client.post(address, NEWCOMER).status_code == 403
    assert not User.objects.filter(username="gull").exists()


def test_the_api_takes_the_session_only_with_the_pages_token(exchange: Exchange) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(exchange.member())
    page = client.get("/keys").text
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    body = {"name": "bot", "scope": "read"}
    refused = client.post("/api/v1/api-keys", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    made = client.post("/api/v1/api-keys", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert made.status_code == 201
