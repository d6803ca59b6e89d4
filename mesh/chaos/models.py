"""Experiments, their runs, and what was measured each second of a run."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from opinion_market.kernel.models import UuidModel


class Experiment(UuidModel):
    """A claim about a service's steady state, and what is done to it to test the claim.

    Its target is a service of the mesh (`mesh/service`) or a route of the front door. Rows are also written by COPY
    (`mesh.chaos.bulk`), which is why people and services are not foreign keys that the database checks (see ADR 0006).
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        AWAITING = "awaiting_approval", "Awaiting approval"
        APPROVED = "approved", "Approved"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    class Source(models.TextChoices):
        PROBE = "probe", "Requests of its own, sent through the mesh or the front door"
        CALLS = "calls", "The service's calls as they pass through the mesh"

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=2_000)
    service = models.CharField(max_length=110, blank=True, help_text="The service it is done to: `mesh/service`.")
    route = models.CharField(max_length=120, blank=True, help_text="Or a route of the front door, by its name.")
    # Blast radius, beside the target.
    percent = models.FloatField(
        default=100.0,
        validators=[MinValueValidator(0.01), MaxValueValidator(100)],
        help_text="Share of requests, to the hundredth of a percent.",
    )
    header = models.CharField(max_length=60, blank=True, help_text="Only requests that carry this header.")
    header_value = models.CharField(max_length=120, blank=True, help_text="Its value; empty: any.")
    duration_s = models.PositiveIntegerField(default=30, help_text="How long faults last at most. Seconds.")
    # Times around it, seconds.
    baseline_s = models.PositiveIntegerField(default=5)
    recovery_s = models.PositiveIntegerField(default=15)

    source = models.CharField(max_length=5, choices=Source.choices, default=Source.PROBE)
    probe_path = models.CharField(max_length=500, default="/")
    probe_rate = models.PositiveIntegerField(default=20, help_text="Requests per second.")
    probe_timeout_ms = models.PositiveIntegerField(default=2_000)

    # Text, for it is read and written whole (see `mesh.chaos.method`).
    hypothesis = models.TextField(help_text="JSON: checks that hold in the steady state.")
    method = models.TextField(help_text="JSON: the steps, each a fault.")
    safety = models.TextField(help_text="JSON: rules; when one breaks everything is rolled back.")
    # Over which the rules look back.
    safety_window_ms = models.PositiveIntegerField(default=1_000)

    is_sandbox = models.BooleanField(default=False, help_text="All it touches is in a sandbox: no approval is needed.")
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    run_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    starts_at = models.DateTimeField(null=True, blank=True, help_text="When it runs; empty: when it is asked to.")
    repeat_s = models.PositiveIntegerField(null=True, blank=True, help_text="And again after so many seconds.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(service="") & ~Q(route="")) | (~Q(service="") & Q(route="")), name="experiment_one_target"
            ),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="experiment_percent"),
            # Not even a superuser approves what they wrote.
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=models.F("created_by")),
                name="experiment_second_person",
            ),
        ]
        indexes = [
            models.Index(fields=["starts_at"], name="experiment_due", condition=Q(state="approved")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def target(self) -> str:
        """What it is done to, in a word."""
        return self.service or f"route {self.route}"


class Run(UuidModel):
    """One carrying out of an experiment, led by one node's controller."""

    class Phase(models.TextChoices):
        BASELINE = "baseline", "Measuring the baseline"
        INJECTING = "injecting", "Faults are on"
        RECOVERING = "recovering", "Measuring the recovery"
        COMPLETED = "completed", "Completed"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    experiment = models.ForeignKey("mesh.Experiment", on_delete=models.PROTECT, related_name="runs")
    node = models.CharField(max_length=120)
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.BASELINE)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    # The controller renews it; a run whose controller died is rolled back by the next one.
    led_until = models.DateTimeField()
    injected_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was stopped, or failed.")
    hypothesis_held = models.BooleanField(null=True, blank=True)
    baseline = models.JSONField(default=dict)
    during = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    recovery_ms = models.PositiveIntegerField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    score_parts = models.JSONField(default=dict)

    LIVE = ("baseline", "injecting", "recovering")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment"],
                condition=Q(phase__in=("baseline", "injecting", "recovering")),
                name="run_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["-id"], name="run_live", condition=Q(ended_at__isnull=True))]

    def __str__(self) -> str:
        return f"Run of {self.experiment_id} at {self.started_at:%Y-%m-%d %H:%M:%S}"


class RunSample(models.Model):
    """One second of a run, as its requests told."""

    run = models.ForeignKey("mesh.Run", on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField(help_text="When the second began.")
    phase = models.CharField(max_length=10, choices=Run.Phase.choices)
    calls = models.PositiveIntegerField()
    errors = models.PositiveIntegerField()
    availability_percent = models.FloatField(null=True)
    p50_ms = models.FloatField(null=True)
    p95_ms = models.FloatField(null=True)
    p99_ms = models.FloatField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.run_id} {self.at:%H:%M:%S}"
