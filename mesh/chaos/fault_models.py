"""Faults that are on or were, who may be killed, what stops all, and how services stood it."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class InjectedFault(models.Model):
    """One fault of a run on real traffic or on a host. It has an end of its own, whatever becomes of its controller."""

    class Kind(models.TextChoices):
        DELAY = "delay", "Delay"
        ABORT = "abort", "Abort"
        RESET = "reset", "Connection reset"
        BANDWIDTH = "bandwidth", "Bandwidth"
        UNHEALTHY = "unhealthy", "Instance without traffic"
        TCP_DELAY = "tcp_delay", "Messages wait"
        KILL = "kill", "Process killed"
        CPU = "cpu", "CPU stress"
        MEMORY = "memory", "Memory pressure"

    # Those which Envoy carries out; the others are done by the node.
    OF_TRAFFIC = ("delay", "abort", "reset", "bandwidth", "unhealthy", "tcp_delay")

    run = models.ForeignKey("mesh.Run", on_delete=models.PROTECT, related_name="faults")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    service = models.CharField(max_length=110, blank=True)
    route = models.CharField(max_length=120, blank=True)
    percent = models.FloatField(default=100.0)
    header = models.CharField(max_length=60, blank=True)
    header_value = models.CharField(max_length=120, blank=True)
    # Milliseconds, an HTTP status, KiB/s, percent of CPU or MiB, by kind.
    amount = models.PositiveIntegerField(default=0)
    instance = models.CharField(max_length=160, blank=True, help_text="The instance or process it strikes.")
    begins_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="injected_fault_on",
                condition=Q(applied_at__isnull=False, lifted_at__isnull=True),
            ),
            models.Index(fields=["service"], name="injected_fault_tcp", condition=Q(kind="tcp_delay")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("begins_at")), name="injected_fault_ends")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.service or self.route or self.instance}"


class KillSwitch(models.Model):
    """While a row stands unreleased, nothing runs."""

    engaged_at = models.DateTimeField()
    engaged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["released_at"],
                condition=Q(released_at__isnull=True),
                nulls_distinct=False,
                name="kill_switch_engaged_once",
            )
        ]

    def __str__(self) -> str:
        return f"Engaged at {self.engaged_at:%Y-%m-%d %H:%M:%S}"


class KillableProcess(models.Model):
    """A process that a node's supervisor started and may lose: written by the node's controller, verified before each kill."""

    node = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    service = models.CharField(max_length=110, blank=True)
    pid = models.PositiveIntegerField()
    # Seconds since 1970 as the kernel tells it: a recycled pid has another.
    started_s = models.FloatField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["node", "name"]
        verbose_name_plural = "killable processes"
        constraints = [models.UniqueConstraint(fields=["node", "name"], name="killable_process_node_name")]

    def __str__(self) -> str:
        return f"{self.node}/{self.name}"


class ResilienceScore(models.Model):
    """What a run told of a service, and the service's score after it (see `mesh.chaos.scoring`)."""

    service = models.CharField(max_length=120, help_text="`mesh/service`, or `route name`.")
    run = models.OneToOneField("mesh.Run", on_delete=models.CASCADE, related_name="resilience")
    run_score = models.FloatField()
    score = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["service", "-at"], name="resilience_service")]

    def __str__(self) -> str:
        return f"{self.service}: {self.score}"
