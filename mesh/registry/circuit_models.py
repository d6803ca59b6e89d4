"""What became of circuit breakers, change by change."""

from django.db import models


class CircuitChange(models.Model):
    """A circuit breaker or an instance's outlier detection changed its state, as a node saw it."""

    class State(models.TextChoices):
        CLOSED = "closed", "Closed"
        OPEN = "open", "Open"
        HALF_OPEN = "half_open", "Half-open"

    service = models.ForeignKey("mesh.Service", on_delete=models.CASCADE, related_name="circuit_changes")
    # Kept as text: the instance may be gone when its history is read.
    instance = models.CharField(max_length=160, blank=True, help_text="Its address; empty: the whole service.")
    node = models.CharField(max_length=120)
    before = models.CharField(max_length=10, choices=State.choices)
    after = models.CharField(max_length=10, choices=State.choices)
    cause = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["service", "-at"], name="circuit_change_service")]

    def __str__(self) -> str:
        return f"{self.service_id} {self.instance}: {self.after}"
