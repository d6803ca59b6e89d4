"""How projections are rebuilt beside the one in use, and how often streams are snapshotted."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class ProjectionRebuild(models.Model):
    """A projection that is being computed anew in tables of its own, to replace those in use when it has caught up."""

    projection = models.CharField(primary_key=True, max_length=90)
    started_at = models.DateTimeField()
    started_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    events_to_read = models.BigIntegerField(help_text="About how many events there were when it began.")
    swap_failures = models.PositiveIntegerField(
        default=0, help_text="Times the tables were in use and could not be swapped."
    )

    class Meta:
        ordering = ["projection"]

    def __str__(self) -> str:
        return f"rebuild of {self.projection}"


class SnapshotPolicy(models.Model):
    """How often streams of a kind are snapshotted, and how many snapshots each keeps."""

    kind = models.CharField(primary_key=True, max_length=40, db_collation="C", help_text="market, for market-<uuid>.")
    every_events = models.PositiveIntegerField(
        validators=[MinValueValidator(1_000), MaxValueValidator(1_000_000)],
        help_text="A snapshot is taken when so many events came since the last one.",
    )
    max_age_s = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(60)],
        help_text="Seconds; a stream that moved since is snapshotted when its newest snapshot is older. Empty: by events only.",
    )
    kept = models.PositiveSmallIntegerField(
        default=2,
        validators=[MinValueValidator(2), MaxValueValidator(1_000)],
        help_text="Snapshots kept per stream. More make the state at earlier versions cheaper to ask for.",
    )
    updated_at = models.DateTimeField()
    updated_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = "snapshot policy"
        verbose_name_plural = "snapshot policies"
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind
