"""Event handlers that staff configure, and the log of what they did."""

from django.db import models
from django.db.models import Q

from opinion_market.kernel.models import UuidModel


class EventHandler(UuidModel):
    """When an event of this type happens in the organization and its data fits, the action is carried out."""

    name = models.CharField(max_length=80)
    organization_id = models.UUIDField(null=True, help_text="Null: events of the platform and of all organizations.")
    event_type = models.CharField(max_length=60)
    filter = models.JSONField(
        default=dict, help_text="Top-level fields of the event's data and the values they must have."
    )
    action = models.CharField(max_length=40)
    settings = models.JSONField(default=dict, help_text="What the action takes; secrets are not kept here.")
    is_active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0, help_text="Deliveries given up in a row.")
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_by = models.UUIDField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "event handler"
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization_id", "-id"], name="event_handler_organization")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event given to one handler: tried until it succeeds or is given up."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Given up"

    id = models.BigAutoField(primary_key=True)
    handler = models.ForeignKey(EventHandler, on_delete=models.CASCADE, related_name="deliveries")
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not tried before.")
    finished_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True, help_text="What the last attempt came to.")

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["handler", "event_position"], name="delivery_once")]
        indexes = [
            models.Index(fields=["handler", "-id"], name="delivery_handler"),
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.handler_id}: {self.event_type} at {self.event_position}"
