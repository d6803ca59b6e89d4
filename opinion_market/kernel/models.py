"""Shared model bases, and the record that makes a repeated command answer alike."""

from django.db import models

from opinion_market.kernel.ids import uuid7


class UuidModel(models.Model):
    """A model with a UUIDv7 primary key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class IdempotencyRecord(models.Model):
    """The answer given to a command, kept 24 hours under the caller's `Idempotency-Key`.

    Written in the command's own transaction, so that the effect and the memory of it are never apart.
    """

    caller = models.UUIDField(help_text="The user whose key it is; two users may use the same key.")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(help_text="HTTP status of the answer.")
    # Text, not jsonb: jsonb reorders keys, and a replay is to be the same bytes.
    answer = models.TextField(help_text="Body of the answer: JSON exactly as it was sent, empty for none.")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_caller_key")]

    def __str__(self) -> str:
        return f"{self.caller}: {self.key}"
