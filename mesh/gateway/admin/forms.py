"""The console's forms for routes, limits, providers and the pipeline. Lists are written one per line."""

import json
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from governance.access.asking import DeedForm
from mesh.gateway.checking import KINDS
from mesh.gateway.models import IdentityProvider, RateLimit, Route, SigningKey
from mesh.registry.models import Service


def text(
    label: str, help_text: str = "", *, most: int = 300, is_needed: bool = False, initial: str = ""
) -> forms.CharField:
    """A line of text."""
    return forms.CharField(
        label=label, max_length=most, required=is_needed, help_text=help_text, widget=UnfoldAdminTextInputWidget, initial=initial
    )  # fmt: skip


def number(
    label: str, help_text: str = "", *, least: int = 0, most: int = 2**31 - 1, initial: int = 0
) -> forms.IntegerField:
    """A whole number."""
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, help_text=help_text, widget=UnfoldAdminIntegerFieldWidget, initial=initial
    )  # fmt: skip


def switch(label: str, help_text: str = "") -> forms.BooleanField:
    """Yes or no."""
    return forms.BooleanField(label=label, required=False, help_text=help_text, widget=UnfoldBooleanSwitchWidget)


def lines(label: str, help_text: str = "", rows: int = 2) -> forms.CharField:
    """Several lines."""
    return forms.CharField(
        label=label, required=False, help_text=help_text, widget=UnfoldAdminTextareaWidget(attrs={"rows": rows})
    )


def choice(label: str, choices: Any, help_text: str = "") -> forms.ChoiceField:
    """One of several."""
    return forms.ChoiceField(label=label, choices=choices, help_text=help_text, widget=UnfoldAdminSelectWidget)


def rows_of(label: str, rows: Any, *, is_needed: bool = False, help_text: str = "") -> Any:
    """One of these rows."""
    return forms.ModelChoiceField(
        label=label, queryset=rows, required=is_needed, help_text=help_text, widget=UnfoldAdminSelectWidget
    )


class ServiceChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Services by mesh and name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.mesh.name}/{obj.name}"


def service(label: str, *, is_needed: bool) -> ServiceChoice:
    """One of the registered services."""
    return ServiceChoice(
        label=label,
        queryset=Service.objects.select_related("mesh").order_by("mesh__name", "name"),
        required=is_needed,
        widget=UnfoldAdminSelectWidget,
    )


def split_lines(given: str) -> list[str]:
    """The lines that say something."""
    return [line.strip() for line in given.splitlines() if line.strip()]


class RouteForm(DeedForm):
    """A route. The services check what it may be, and Envoy whether it is understood."""

    name = text("Name", "Lower-case letters, digits and hyphens; stands in the log.", most=63, is_needed=True)
    description = text("Description", most=200)
    match = choice("The path", Route.Match.choices)
    path = text("This", "Without the query.", is_needed=True, initial="/")
    hosts = lines("Hosts", "One per line; *.example.org for all below it. Empty: any.")
    methods = text("Methods", "Separated by commas. Empty: any.", most=100)
    headers = lines(
        "Headers",
        f"One per line: name, kind ({', '.join(KINDS)}) and value; ! in front: must not be so. All must hold.",
    )
    upstream = service("Upstream", is_needed=True)
    upstream_version = text("Version of its instances", "Empty: all.", most=40)
    backends = lines("Split", "Divides requests instead; one per line: mesh/service weight [version].")
    rewrite = text("Rewrite", "Replaces what matched; with a regular expression, its substitution (\\1).")
    timeout_ms = number("Timeout, in milliseconds", least=1, most=3_600_000, initial=60_000)
    is_open_ended = switch("Open-ended", "No time limit: for streams.")
    is_websocket = switch("WebSockets")
    retries = number("Retries", most=10)
    retry_on = text("Retry on", "The default repeats only what was not sent.", most=120, is_needed=True,
                    initial="connect-failure,refused-stream")  # fmt: skip
    authentication = rows_of("Authentication", IdentityProvider.objects.order_by("name"))
    cors_origins = lines("Other origins (CORS)", "One per line, as https://example.org. Empty: none.")
    is_compressed = switch("Compression")
    has_security_headers = switch("Security headers")
    body_limit_bytes = number("Largest body, in bytes", "0: not limited here.")
    cache_s = number("Cached for, in seconds", "0: not. Only GET and HEAD, only without authentication.", most=86_400)
    api_version = text("API version", most=40)
    deprecated_at = forms.DateTimeField(
        label="Deprecated since (UTC)", required=False, widget=UnfoldAdminTextInputWidget
    )
    sunset_at = forms.DateTimeField(label="Ends (UTC)", required=False, widget=UnfoldAdminTextInputWidget)
    successor = text("Successor", "The address of what replaces it.")

    def clean_headers(self) -> list[dict[str, object]]:
        return [_header_of(line) for line in split_lines(self.cleaned_data["headers"])]

    def clean_backends(self) -> list[dict[str, object]]:
        return [_backend_of(line) for line in split_lines(self.cleaned_data["backends"])]

    def values(self) -> dict[str, object]:
        """What the service takes; call it once the form is valid."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in {"reason", "backends"}}
        origins = split_lines(str(given.pop("cors_origins")))
        kept = dict(self.initial.get("cors") or {})
        given["cors"] = {**kept, "origins": origins} if origins else None
        given["hosts"] = split_lines(str(given["hosts"]))
        given["methods"] = [each.strip().upper() for each in str(given["methods"]).split(",") if each.strip()]
        return given


def initial_of(route: Route) -> dict[str, Any]:
    """A route as the form shows it."""
    told = {field: getattr(route, field) for field in RouteForm.base_fields if hasattr(route, field)}
    backends = [
        f"{each.service.mesh.name}/{each.service.name} {each.weight} {each.version}".strip()
        for each in route.backends.all()
    ]
    return {
        **told,
        "hosts": "\n".join(route.hosts),
        "methods": ", ".join(route.methods),
        "headers": "\n".join(map(header_text, route.headers)),
        "backends": "\n".join(backends),
        "cors_origins": "\n".join((route.cors or {}).get("origins", [])),
        "cors": route.cors,
    }


def header_text(header: dict[str, Any]) -> str:
    """A header's condition on one line."""
    mark = "!" if header.get("is_inverted") else ""
    return f"{mark}{header['name']} {header.get('kind', 'exact')} {header.get('value', '')}".strip()


def _header_of(line: str) -> dict[str, object]:
    name, _, rest = line.partition(" ")
    kind, _, value = rest.strip().partition(" ")
    if kind not in KINDS:
        raise forms.ValidationError(f"“{line}”: after the name comes one of {', '.join(KINDS)}.")
    return {"name": name.removeprefix("!"), "kind": kind, "value": value.strip(), "is_inverted": name.startswith("!")}


def _backend_of(line: str) -> dict[str, object]:
    parts = line.split()
    mesh, _, name = parts[0].partition("/")
    found = Service.objects.filter(mesh__name=mesh, name=name).first()
    if found is None or len(parts) not in {2, 3} or not parts[1].isdecimal():
        raise forms.ValidationError(f"“{line}”: a service as mesh/service, its weight, and maybe a version.")
    return {"service": found, "weight": int(parts[1]), "version": parts[2] if len(parts) == 3 else ""}


class PreviewForm(forms.Form):
    """A request to ask about."""

    method = text("Method", most=20, is_needed=True, initial="GET")
    host = text("Host", most=253, is_needed=True, initial="localhost")
    path = text("Path", most=2_000, is_needed=True, initial="/")
    headers = lines("Headers", "One per line: name: value")

    def clean_headers(self) -> dict[str, str]:
        read = [line.partition(":") for line in split_lines(self.cleaned_data["headers"])]
        return {name.strip(): value.strip() for name, _, value in read}


class LimitForm(DeedForm):
    """A limit."""

    name = text("Name", most=63, is_needed=True)
    scope = choice("For", RateLimit.Scope.choices)
    requests = number("Requests", least=1, most=1_000_000_000, initial=1_000)
    unit = choice("Per", [(value, label.removeprefix("per ").capitalize()) for value, label in RateLimit.Unit.choices])
    route = rows_of(
        "Route", Route.objects.order_by("position", "id"), help_text="Only its requests; empty: all together."
    )
    is_enabled = switch("Enabled")


class ProviderForm(DeedForm):
    """An identity provider."""

    name = text("Name", most=63, is_needed=True)
    kind = choice("Kind", IdentityProvider.Kind.choices)
    description = text("Description", most=200)
    issuer = text("Issuer", "JWT: what iss must be.")
    audiences = lines("Audiences", "JWT: one per line; one of them must be in aud.")
    is_own_issuer = switch("Signed by this platform", "JWT: its keys are taken by themselves.")
    jwks = lines("Public keys", "JWT: a JSON Web Key Set of RSA or Ed25519 keys.", rows=5)
    user_claim = text("Claim with the user", most=60, is_needed=True, initial="sub")
    organization_claim = text("Claim with the organization", most=60)
    service = service("Service", is_needed=False)
    path = text("Path before the request's", is_needed=True, initial="/")
    timeout_ms = number("Timeout, in milliseconds", least=10, most=10_000, initial=1_000)

    def values(self) -> dict[str, object]:
        """What the service takes; call it once the form is valid."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        return {**given, "audiences": split_lines(str(given["audiences"]))}


class KeyForm(DeedForm):
    """A new signing key."""

    algorithm = choice("Algorithm", SigningKey.Algorithm.choices)


class RevocationForm(DeedForm):
    """A token that is no longer wanted."""

    jti = text("Token id (jti)", most=120, is_needed=True)
    expires_at = forms.DateTimeField(
        label="Expires (UTC)", widget=UnfoldAdminTextInputWidget, help_text="By itself; until then it is refused."
    )


class PipelineForm(DeedForm):
    """The pipeline's order, and what holds for all routes."""

    middleware = lines(
        "Order", "One step per line, outermost first. A new order replaces the listener: limits count anew.", rows=7
    )
    security_headers = lines("Security headers", "One per line: name: value. Set where the answer has none.", rows=4)
    log_share_ppm = number(
        "Logged share of ordinary requests", "In parts per million; failures and slow ones always are.", most=1_000_000
    )
    log_slow_ms = number("Slow from, in milliseconds", least=1, most=600_000)
    log_retention_days = number("Log kept, in days", least=1, most=365)
    cache_max_bytes = number("Cache: most bytes", least=1_048_576, most=2**40)
    cache_max_entries = number("Cache: most answers", least=1, most=1_000_000)

    def values(self) -> dict[str, object]:
        """What the service takes; call it once the form is valid."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        pairs = [line.partition(":") for line in split_lines(str(given["security_headers"]))]
        return {
            **given,
            "middleware": split_lines(str(given["middleware"])),
            "security_headers": [[name.strip(), value.strip()] for name, _, value in pairs],
        }


def readable_keys(jwks: str) -> list[str]:
    """The ids and kinds of the keys in a key set, for a page."""
    try:
        keys = json.loads(jwks)["keys"]
    except (ValueError, KeyError, TypeError):
        return []
    return [f"{key.get('kid', 'without id')} ({key.get('crv') or key.get('kty')})" for key in keys]
