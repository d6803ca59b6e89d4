"""Tables of the proofs: seals over the events and the keys that signed them, archive files and what lies in them."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class SealKey(models.Model):
    """The public half of a key that has signed seals. Kept for ever, so that old seals verify after a rotation."""

    id = models.CharField(
        primary_key=True, max_length=16, db_collation="C", help_text="First 16 hexadecimal digits of its SHA-256."
    )
    public_key = models.BinaryField(max_length=32, help_text="Ed25519.")
    introduced_at = models.DateTimeField()

    class Meta:
        ordering = ["introduced_at", "id"]

    def __str__(self) -> str:
        return self.id


class Seal(models.Model):
    """A signed Merkle root over the events after the seal before it, up to and including its last key.

    What `hash` and `signature` cover is written in `sealing.content`. `blocks` only saves work: the first key and the root
    of each 1,024 leaves, from which the root follows.
    """

    number = models.BigIntegerField(primary_key=True, help_text="1, 2, 3 … without gaps.")
    first_transaction_id = models.BigIntegerField()
    first_position = models.BigIntegerField()
    last_transaction_id = models.BigIntegerField()
    last_position = models.BigIntegerField()
    events = models.BigIntegerField(help_text="Leaves of the tree, at least one.")
    root = models.BinaryField(max_length=32, help_text="Merkle root, RFC 6962 with SHA-256.")
    previous_hash = models.BinaryField(max_length=32, help_text="Hash of the seal before; zeros for the first.")
    hash = models.BinaryField(max_length=32, help_text="SHA-256 over the seal's content.")
    sealed_at = models.DateTimeField()
    key = models.ForeignKey("eventstore.SealKey", on_delete=models.PROTECT, related_name="seals", db_index=False)
    signature = models.BinaryField(max_length=64, help_text="Ed25519 over the seal's content.")
    blocks = models.BinaryField(help_text="Per 1,024 leaves: transaction id, position (8 bytes each), root (32).")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=models.Q(number__gte=1, events__gte=1), name="seal_is_not_empty"),
        ]
        indexes = [models.Index(fields=["last_transaction_id", "last_position"], name="seal_last_key")]

    def __str__(self) -> str:
        return f"Seal {self.number}"


class Archive(models.Model):
    """A compressed file that holds events of one seal instead of their rows; named after its SHA-256."""

    seal = models.ForeignKey("eventstore.Seal", on_delete=models.PROTECT, related_name="archives")
    sha256 = models.CharField(max_length=64, db_collation="C", help_text="Of the file, which is <sha256>.jsonl.gz.")
    size_bytes = models.BigIntegerField()
    events = models.BigIntegerField()
    archived_at = models.DateTimeField()
    verified_at = models.DateTimeField(help_text="The file was read back whole and every hash recomputed.")
    restored_at = models.DateTimeField(null=True, help_text="Its events are rows again since then.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "archive file"

    def __str__(self) -> str:
        return f"{self.sha256[:12]}… ({self.events:,} events)"

    @property
    def file_name(self) -> str:
        return f"{self.sha256}.jsonl.gz"


class ArchivedEvent(models.Model):
    """What stays of an event in the database when its row has left for a file: its place and its hash."""

    position = models.BigIntegerField(primary_key=True)
    transaction_id = models.BigIntegerField()
    stream = models.CharField(max_length=100, db_collation="C")
    version = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)
    archive = models.ForeignKey("eventstore.Archive", on_delete=models.PROTECT, related_name="archived", db_index=False)

    class Meta:
        ordering = ["transaction_id", "position"]
        constraints = [models.UniqueConstraint(fields=["stream", "version"], name="archived_stream_version")]
        indexes = [
            models.Index(fields=["transaction_id", "position"], name="archived_global_order"),
            # A file's rows are inserted together, so block ranges find them in a few pages.
            BrinIndex(fields=["archive"], name="archived_archive", pages_per_range=16, autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.version}"
