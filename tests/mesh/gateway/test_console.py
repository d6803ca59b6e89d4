"""The gateway's pages: what operators see and can do there, and that nobody else can."""

from datetime import timedelta

import pytest
from django.urls import reverse

from mesh.gateway import request_log, selectors, services
from mesh.gateway.models import GatewaySettings, IdentityProvider, RateLimit, Route, SigningKey
from opinion_market.kernel import clock
from tests.console.scene import REASON, client_of
from tests.governance.people import a_member, a_user, an_organization
from tests.mesh.gateway.test_api import line
from tests.mesh.gateway.tokens import Issuer

pytestmark = pytest.mark.django_db


@pytest.fixture
def console():
    services.ensure_default_routes(now=clock.now())
    return client_of(a_user(superuser=True, staff=True))


def page(name: str, *arguments) -> str:
    return reverse(f"admin:mesh_{name}", args=arguments)


def text(client, name: str, *arguments, **query) -> str:
    answer = client.get(page(name, *arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def form_of(client, address: str) -> dict:
    """What the form shows, as a browser would send it back."""
    form = client.get(address).context["form"]
    values = {field.name: field.value() for field in form}
    return {name: value for name, value in values.items() if value is not None and value is not False} | {
        "reason": REASON
    }


def test_a_route_is_made_changed_moved_turned_off_and_removed(console):
    web = services.defaults.WEB
    upstream = Route.objects.get(name=web).upstream
    given = {
        **form_of(console, page("route_new")), "name": "quotes", "path": "/quotes/", "upstream": upstream.pk,
        "methods": "get, post", "hosts": "api.example.org\n*.example.net", "headers": "!x-old present\naccept contains json",
        "backends": "platform/web 3\nplatform/realtime 1 v2", "cors_origins": "https://example.org", "match": "prefix",
    }  # fmt: skip
    made = console.post(page("route_new"), given)
    assert made.status_code == 302, made.context["form"].errors
    route = Route.objects.get(name="quotes")
    assert (route.methods, route.hosts) == (["GET", "POST"], ["api.example.org", "*.example.net"])
    assert route.headers[0] == {"name": "x-old", "kind": "present", "value": "", "is_inverted": True}
    assert [each.weight for each in route.backends.all()] == [3, 1]
    assert Route.objects.first() == route
    shown = text(console, "route_change", route.pk)
    assert "platform/web 75%, platform/realtime@v2 25%" in shown
    again = form_of(console, page("route_edit", route.pk))
    assert console.post(page("route_edit", route.pk), {**again, "timeout_ms": 5_000}).status_code == 302
    route.refresh_from_db()
    assert (route.timeout_ms, route.cors["origins"], route.headers[1]["value"]) == (
        5_000,
        ["https://example.org"],
        "json",
    )
    wrong = console.post(page("route_edit", route.pk), {**again, "path": "quotes"})
    assert "begins with a slash" in wrong.content.decode()
    assert console.post(page("route_later", route.pk), {"reason": REASON}).status_code == 302
    assert list(Route.objects.values_list("name", flat=True))[1] == "quotes"
    assert console.post(page("route_turn", route.pk), {"reason": REASON}).status_code == 302
    assert "quotes" not in [each.name for each in selectors.gateway().routes]
    assert console.post(page("route_remove", route.pk), {"reason": REASON}).status_code == 302
    assert not Route.objects.filter(name="quotes").exists()
    own = Route.objects.get(name=web)
    refused = console.post(page("route_turn", own.pk), {"reason": REASON})
    assert "nobody reaches the console" in refused.content.decode()
    assert text(console, "route_changelist").count("the platform&#x27;s own") == 6


def test_the_preview_answers_without_sending_anything(console):
    assert "It would take" in text(console, "route_preview", method="GET", host="localhost", path="/ws/x", headers="")
    found = text(
        console, "route_preview", method="GET", host="localhost", path="/x", headers="Accept: text/event-stream"
    )
    assert "event-streams</a>" in found
    Route.objects.update(is_enabled=False)
    assert "answered 404" in text(console, "route_preview", method="GET", host="localhost", path="/", headers="")


def test_limits_providers_and_keys(console):
    given = {"name": "each", "scope": "ip", "unit": "minute", "requests": 5, "is_enabled": "on", "reason": REASON}
    assert console.post(page("ratelimit_new"), given).status_code == 302
    limit = RateLimit.objects.get()
    assert "5 per minute" in text(console, "ratelimit_changelist")
    request_log.record([line(status=429, limited_by="minute", route="quotes")], node="here")
    assert "quotes" in text(console, "ratelimit_change", limit.pk)
    assert console.post(page("ratelimit_edit", limit.pk), {**given, "requests": 6}).status_code == 302
    jwt = {
        **form_of(console, page("identityprovider_new")), "name": "issuer", "kind": "jwt", "issuer": "https://i.example.org",
        "audiences": "us", "jwks": Issuer().jwks(),
    }  # fmt: skip
    assert console.post(page("identityprovider_new"), jwt).status_code == 302
    provider = IdentityProvider.objects.get()
    assert "k1 (Ed25519)" in text(console, "identityprovider_change", provider.pk)
    token = {
        "jti": "stolen",
        "expires_at": (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"),
        "reason": REASON,
    }
    assert console.post(page("identityprovider_revoke", provider.pk), token).status_code == 302
    assert "stolen" in text(console, "identityprovider_change", provider.pk)
    assert console.post(page("identityprovider_rotate"), {"algorithm": "EdDSA", "reason": REASON}).status_code == 302
    assert SigningKey.objects.get().kid in text(console, "identityprovider_keys")
    ann = a_user()
    credential, _ = services.create_basic_credential(
        actor=a_user(superuser=True), user=ann, description="till", now=clock.now()
    )
    assert credential.username in text(console, "basiccredential_changelist")
    assert "till" in text(console, "basiccredential_change", credential.pk)
    assert console.post(page("basiccredential_revoke", credential.pk), {"reason": REASON}).status_code == 302
    assert "Revoked" in text(console, "basiccredential_changelist")
    assert console.post(page("identityprovider_remove", provider.pk), {"reason": REASON}).status_code == 302
    assert console.post(page("ratelimit_remove", limit.pk), {"reason": REASON}).status_code == 302
    assert "Without a limit everybody" in text(console, "ratelimit_changelist")


def test_the_pipeline_is_ordered_and_the_overview_shows_it(console):
    given = form_of(console, page("gatewaysettings_pipeline"))
    order = given["middleware"].split("\n")
    order.insert(0, order.pop())
    changed = {**given, "middleware": "\n".join(order), "security_headers": "X-Frame-Options: DENY"}
    assert console.post(page("gatewaysettings_pipeline"), changed).status_code == 302
    kept = GatewaySettings.objects.get()
    assert (kept.middleware[0], kept.security_headers) == ("cache", [["X-Frame-Options", "DENY"]])
    request_log.record([line(route="quotes"), line(route="quotes", status=503)], node="here")
    shown = text(console, "gatewaysettings_changelist")
    assert shown.index("<b>Cache</b>") < shown.index("<b>Authentication</b>")
    assert "2 requests, 1 failed" in shown


def test_a_request_is_found_by_its_trace_id_and_exported(console):
    request_log.record([line(trace_id="trace-1", path="/found"), line(path="/other", status=503)], node="here")
    found = text(console, "requestlog_changelist", q="trace-1")
    assert ("/found" in found, "/other" in found) == (True, False)
    failed = text(console, "requestlog_changelist", outcome="failed")
    assert ("/found" in failed, "/other" in failed) == (False, True)
    row = request_log.RequestLog.objects.get(trace_id="trace-1")
    assert "trace-1" in text(console, "requestlog_change", row.pk)
    assert console.post(page("requestlog_change", row.pk)).status_code == 403


def test_only_operators_see_the_gateway(console):
    admin = client_of(a_member(an_organization(), "admin", staff=True))
    route = Route.objects.first()
    names = ["gatewaysettings_changelist", "gatewaysettings_pipeline", "route_changelist", "route_new", "route_preview",
             "ratelimit_changelist", "ratelimit_new", "identityprovider_changelist", "identityprovider_keys",
             "requestlog_changelist"]  # fmt: skip
    for name in names:
        assert admin.get(page(name)).status_code == 403
        assert console.get(page(name)).status_code == 200
    assert admin.post(page("route_turn", route.pk), {"reason": REASON}).status_code == 403
    assert admin.get(reverse("admin:oauth2_provider_application_changelist")).status_code == 403
    assert console.get(reverse("admin:oauth2_provider_application_changelist")).status_code == 200
    assert console.get(reverse("admin:oauth2_provider_application_add")).status_code == 200
    for hidden in ("accesstoken", "grant", "refreshtoken", "idtoken"):
        assert console.get(f"/console/oauth2_provider/{hidden}/").status_code == 404
