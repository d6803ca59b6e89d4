"""Rate limits of the front door."""

from django.db import models

from mesh.registry.models import between, is_label
from opinion_market.kernel.models import UuidModel


class RateLimit(UuidModel):
    """At most so many requests per unit of time for each address, user, key, tenant or route."""

    class Scope(models.TextChoices):
        IP = "ip", "Each address"
        USER = "user", "Each user"
        KEY = "key", "Each API key"
        TENANT = "tenant", "Each organization"
        ENDPOINT = "endpoint", "Each route, all callers together"

    class Unit(models.TextChoices):
        SECOND = "second", "per second"
        MINUTE = "minute", "per minute"
        HOUR = "hour", "per hour"
        DAY = "day", "per day"

    name = models.CharField(max_length=63, unique=True, validators=[is_label])
    scope = models.CharField(max_length=8, choices=Scope.choices)
    unit = models.CharField(max_length=6, choices=Unit.choices)
    requests = models.PositiveIntegerField(validators=between(1, 1_000_000_000))
    route = models.ForeignKey(
        "mesh.Route",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="limits",
        help_text="Only requests of this route; empty: all together.",
    )
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=models.Q(requests__gt=0), name="rate_limit_positive")]

    def __str__(self) -> str:
        return self.name
