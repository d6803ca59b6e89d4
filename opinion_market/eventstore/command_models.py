"""Commands that are carried out later, and processes of several steps: what is kept of them between two attempts."""

from django.db import models
from django.db.models import Q

from opinion_market.kernel.models import UuidModel


class QueuedCommand(UuidModel):
    """A command that was accepted, durably, and what became of it. Its id is the idempotency key of its effect."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    command = models.CharField(max_length=60)
    input = models.JSONField()
    actor_id = models.UUIDField(help_text="Who gave it; it is carried out with what they may do at that time.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    correlation_id = models.CharField(
        max_length=64, help_text="Of the request that gave it. Its events bear the command's own id instead."
    )
    delivery_id = models.BigIntegerField(null=True, help_text="The event handler's delivery that gave it, if one did.")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not tried before.")
    started_at = models.DateTimeField(null=True, help_text="Start of the first attempt.")
    lease_until = models.DateTimeField(null=True, help_text="Whoever carries it out is taken for dead after this.")
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, help_text="What interrupted the last attempt; it is tried again.")
    result = models.JSONField(null=True)
    problem = models.JSONField(null=True, help_text="Why it failed: code, status, title, message, data.")
    appended = models.JSONField(default=list, help_text="[stream, first version, last version] of its events.")

    class Meta:
        verbose_name = "command"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["actor_id", "-id"], name="queued_command_actor"),
            models.Index(fields=["due_at"], condition=Q(state__in=["queued", "running"]), name="queued_command_due"),
            models.Index(fields=["state", "-id"], name="queued_command_state"),
        ]

    def __str__(self) -> str:
        return f"{self.command} {self.pk}"


class Process(UuidModel):
    """Where a process of several steps stands. Its history is the stream `process-<id>`; this row is changed with it."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        COMPENSATING = "compensating", "Being undone"
        COMPLETED = "completed", "Completed"
        COMPENSATED = "compensated", "Undone"
        STUCK = "stuck", "Stuck"

    name = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    actor_id = models.UUIDField(help_text="Who started it, or took it over; its steps are done with what they may do.")
    organization_id = models.UUIDField(null=True)
    version = models.BigIntegerField(default=0, help_text="Of the last event in its stream.")
    step = models.CharField(max_length=60, blank=True, help_text="The step that is next, or is undone next.")
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="Not tried before; null when it is over.")
    attempts = models.PositiveIntegerField(default=0, help_text="At the present step.")
    problem = models.JSONField(null=True, help_text="Why a step failed, or why it cannot be undone.")

    class Meta:
        verbose_name_plural = "processes"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization_id", "-id"], name="process_organization"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="process_due"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"

    @property
    def stream(self) -> str:
        """The stream of its events."""
        return f"process-{self.pk}"
