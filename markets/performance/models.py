"""Figures of the exchange as it runs: per process and second for an hour, per minute of all processes for two weeks."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class _Counts(models.Model):
    """Counts of an interval; `markets.performance.tally.Tally` says what each is."""

    commands = models.BigIntegerField()
    orders = models.BigIntegerField(help_text="Placed; those refused are not among them.")
    refused = models.BigIntegerField()
    failed = models.BigIntegerField(help_text="Commands whose batch failed as a whole.")
    batches = models.BigIntegerField()
    busy_us = models.BigIntegerField(help_text="Spent on batches, in microseconds, summed over threads.")
    latency_us = models.BigIntegerField(help_text="From acceptance to commit, in microseconds, summed over commands.")
    waiting = models.BigIntegerField(help_text="Callers who waited as a batch set out, summed.")
    waiting_most = models.BigIntegerField()
    latency = ArrayField(models.BigIntegerField(), help_text="Commands per bucket of histograms.LATENCY_BOUNDS_US.")
    sizes = ArrayField(models.BigIntegerField(), help_text="Batches per bucket of histograms.BATCH_BOUNDS.")
    refusals = models.JSONField(default=dict, help_text="Commands refused or failed, by code.")

    class Meta:
        abstract = True


class ExchangeSecond(_Counts):
    """What one process counted up to `at`, as a rule within the second before it. Seconds without a batch have no row."""

    at = models.DateTimeField(help_text="A whole second: the beginning of the one that is counted.")
    process = models.CharField(max_length=80, help_text="Host and number of the process.")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at"], name="exchange_second_at")]

    def __str__(self) -> str:
        return f"{self.process} at {self.at:%H:%M:%S}"


class ExchangeMinute(_Counts):
    """A minute of all processes together."""

    at = models.DateTimeField(primary_key=True, help_text="A whole minute: its beginning.")
    processes = models.IntegerField(help_text="How many carried out batches.")

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
