"""What was published to Envoy, and which node runs what."""

from django.conf import settings
from django.db import models


class ConfigSnapshot(models.Model):
    """One whole configuration of the data plane: the rows it came from, and the resources rendered from them.

    Written in the transaction of the change, after Envoy itself found it valid. Never changed but for its state.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for nodes"
        LIVE = "live", "Live"
        REPLACED = "replaced", "Replaced"
        FAILED = "failed", "Refused by a node"

    class Cause(models.TextChoices):
        CHANGE = "change", "Change"
        INSTANCES = "instances", "Instances"
        EXPERIMENT = "experiment", "Experiment"
        ROLLBACK = "rollback", "Rollback"
        START = "start", "Start"

    cause = models.CharField(max_length=10, choices=Cause.choices)
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    made_at = models.DateTimeField(db_index=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the resources.")
    # Text, for it is read whole: {"cds": [...], "lds": [...], "rds": {name: ...}, "ecds": {name: ...}}.
    resources = models.TextField()
    # The rows that describe what is wanted, by model; what a rollback restores.
    rows = models.TextField()
    restores = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Configuration {self.pk}"


class Node(models.Model):
    """A host with an Envoy and its controller."""

    name = models.CharField(max_length=120, primary_key=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    envoy_version = models.CharField(max_length=80, blank=True)
    is_envoy_live = models.BooleanField(default=False)
    memory_bytes = models.BigIntegerField(default=0)
    snapshot = models.ForeignKey(
        "mesh.ConfigSnapshot", null=True, blank=True, on_delete=models.SET_NULL, related_name="nodes"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Acknowledgement(models.Model):
    """A node took a configuration, or refused it."""

    node = models.ForeignKey("mesh.Node", on_delete=models.CASCADE, related_name="acknowledgements")
    snapshot = models.ForeignKey("mesh.ConfigSnapshot", on_delete=models.CASCADE, related_name="acknowledgements")
    is_accepted = models.BooleanField()
    message = models.CharField(max_length=500, blank=True)
    took_ms = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["node", "snapshot"], name="acknowledgement_node_snapshot")]

    def __str__(self) -> str:
        return f"{self.node_id}: {self.snapshot_id}"
