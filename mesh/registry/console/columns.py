"""How the registry's pages write figures and states."""

from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mesh.registry.models import Instance, Service
from mesh.registry.traffic import Traffic

HEALTH_TONES = {
    "healthy": "good",
    "degraded": "fair",
    "unhealthy": "bad",
    "ejected": "bad",
    "open": "bad",
    "half_open": "fair",
    "closed": "good",
    "draining": "fair",
}
HEALTH_WORDS = {
    "healthy": "healthy",
    "degraded": "degraded",
    "unhealthy": "unhealthy",
    "unserved": "no instances",
    "ejected": "ejected",
    "unknown": "not checked",
    "caller": "caller",
    "up": "up",
    "draining": "draining",
    "open": "open",
    "half_open": "half-open",
    "closed": "closed",
}


# As badges of a list; what is neither good nor bad has a plain one.
_BADGES = {"good": "success", "fair": "warning", "bad": "danger", "none": "default"}
LABELS = {name: _BADGES[HEALTH_TONES.get(name, "none")] for name in HEALTH_WORDS}


def badge(name: str) -> tuple[str, str]:
    """A state for a list's column with `label=LABELS`."""
    return name, HEALTH_WORDS[name]


def state(name: str) -> SafeString:
    """A state as a word with a dot of its colour."""
    return format_html('<span class="mesh-state mesh-{}">{}</span>', HEALTH_TONES.get(name, "none"), HEALTH_WORDS[name])


def milliseconds(us: int) -> str:
    """Microseconds as milliseconds, with three significant digits below ten."""
    return f"{us / 1000:.2f} ms" if us < 10_000 else f"{us / 1000:,.0f} ms"


def rate(traffic: Traffic | None) -> str:
    """Calls per second."""
    return f"{traffic.per_s:,.1f}/s" if traffic and traffic.calls else "–"


def share(traffic: Traffic | None) -> str:
    """Errors among the calls, in percent."""
    return f"{traffic.error_share:.1%}" if traffic and traffic.calls else "–"


def p95(traffic: Traffic | None) -> str:
    return milliseconds(traffic.p95_us) if traffic and traffic.calls else "–"


def lease(instance: Instance, now: datetime) -> str:
    """How long it stays without another heartbeat."""
    if instance.lease_until is None:
        return "stays"
    seconds = int((instance.lease_until - now).total_seconds())
    return f"{seconds} s left" if seconds > 0 else "run out"


def service_link(service: Service) -> SafeString:
    address = reverse("admin:mesh_service_change", args=[service.pk])
    return format_html('<a class="om-link" href="{}">{}</a>', address, service.name)
