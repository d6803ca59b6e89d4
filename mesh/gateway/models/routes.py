"""Routes of the front door, and what is the same for all of them."""

from django.db import models
from django.db.models import F, Q

from mesh.gateway.spec import MIDDLEWARE
from mesh.registry.models import between, is_label, is_version
from opinion_market.kernel.models import UuidModel


def default_middleware() -> list[str]:
    """The order of what a request passes, until staff change it."""
    return list(MIDDLEWARE)


class Route(UuidModel):
    """Requests that look like this go there. The first enabled route that fits takes the request."""

    class Match(models.TextChoices):
        PREFIX = "prefix", "Begins with"
        EXACT = "exact", "Is exactly"
        REGEX = "regex", "Fits the regular expression"

    name = models.CharField(max_length=63, unique=True, validators=[is_label])
    # Only the order counts; gaps are left so that one can be put between two.
    position = models.PositiveIntegerField(default=0)
    is_enabled = models.BooleanField(default=True)
    is_platform = models.BooleanField(
        default=False, help_text="One of the platform's own, made by itself; it cannot be removed."
    )
    description = models.CharField(max_length=200, blank=True)

    hosts = models.JSONField(default=list, blank=True, help_text="Host names, or *.example.org; none: any.")
    match = models.CharField(max_length=6, choices=Match.choices, default=Match.PREFIX)
    path = models.CharField(max_length=300, default="/", help_text="Of the path, without the query.")
    methods = models.JSONField(default=list, blank=True, help_text="None: any.")
    headers = models.JSONField(default=list, blank=True, help_text="[{name, kind, value, is_inverted}], all must hold.")

    upstream = models.ForeignKey("mesh.Service", on_delete=models.PROTECT, related_name="routes")
    upstream_version = models.CharField(
        max_length=40, blank=True, validators=[is_version], help_text="Only instances of this version; empty: all."
    )
    rewrite = models.CharField(
        max_length=300,
        blank=True,
        help_text="What replaces the matched beginning or path; with a regular expression, its substitution (\\1).",
    )
    timeout_ms = models.PositiveIntegerField(default=60_000, validators=between(1, 3_600_000))
    is_open_ended = models.BooleanField(default=False, help_text="No time limit: for streams.")
    is_websocket = models.BooleanField(default=False)
    retries = models.PositiveSmallIntegerField(default=0, validators=between(0, 10))
    retry_on = models.CharField(
        max_length=120,
        default="connect-failure,refused-stream",
        help_text="Envoy's conditions. The default repeats only what was not sent.",
    )

    authentication = models.ForeignKey(
        "mesh.IdentityProvider", null=True, blank=True, on_delete=models.PROTECT, related_name="routes"
    )
    cors = models.JSONField(
        null=True, blank=True, help_text="{origins, methods, headers, exposed, max_age_s, allows_credentials}"
    )
    is_compressed = models.BooleanField(default=False)
    has_security_headers = models.BooleanField(default=False)
    body_limit_bytes = models.PositiveIntegerField(default=0, help_text="0: none here.")
    cache_s = models.PositiveIntegerField(
        default=0, validators=between(0, 86_400), help_text="How long answers are kept for all callers; 0: not."
    )

    api_version = models.CharField("API version", max_length=40, blank=True, validators=[is_version])
    deprecated_at = models.DateTimeField(null=True, blank=True)
    sunset_at = models.DateTimeField(null=True, blank=True)
    successor = models.CharField(max_length=300, blank=True, help_text="The address of what replaces it.")

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(cache_s=0) | Q(authentication=None), name="route_cached_is_public"),
            # The store asks the service with the path as it came.
            models.CheckConstraint(condition=Q(cache_s=0) | Q(rewrite=""), name="route_cached_is_not_rewritten"),
            models.CheckConstraint(
                condition=Q(sunset_at=None) | Q(deprecated_at__lte=F("sunset_at")),
                name="route_deprecated_before_sunset",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RouteBackend(models.Model):
    """One of several services, or versions of one, among which a route divides its requests by weight."""

    route = models.ForeignKey("mesh.Route", on_delete=models.CASCADE, related_name="backends")
    service = models.ForeignKey("mesh.Service", on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=40, blank=True, validators=[is_version])
    weight = models.PositiveIntegerField(validators=between(0, 1_000))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["route", "service", "version"], name="route_backend_once"),
        ]

    def __str__(self) -> str:
        return f"{self.route_id}: {self.weight}"


class GatewaySettings(models.Model):
    """What holds for all routes; one row, with the id 1."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    middleware = models.JSONField(default=default_middleware)
    security_headers = models.JSONField(default=list, blank=True, help_text="[[name, value], …]")
    log_share_ppm = models.PositiveIntegerField(default=100_000, validators=between(0, 1_000_000))
    log_slow_ms = models.PositiveIntegerField(default=1_000, validators=between(1, 600_000))
    log_retention_days = models.PositiveSmallIntegerField(default=14, validators=between(1, 365))
    cache_max_bytes = models.PositiveBigIntegerField(default=256 * 1024 * 1024, validators=between(1_048_576, 2**40))
    cache_max_entries = models.PositiveIntegerField(default=10_000, validators=between(1, 1_000_000))
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "gateway settings"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="gateway_settings_once")]

    def __str__(self) -> str:
        return "The front door"
