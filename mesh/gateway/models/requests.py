"""Requests at the front door, as Envoy's access log tells them."""

from django.db import models


class RequestLog(models.Model):
    """One logged request. Ids, not names; no address, no query: these may be personal data.

    `weight`: how many requests the row stands for, in thousandths, since of ordinary ones only a share is logged.
    """

    trace_id = models.CharField(max_length=64, help_text="The request id: also in the answer's header and upstream.")
    route = models.CharField(max_length=63, blank=True, help_text="Empty: no route took it.")
    method = models.CharField(max_length=16)
    path = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField()
    flags = models.CharField(max_length=60, blank=True, help_text="Envoy's response flags, such as UF or UAEX.")
    details = models.CharField(max_length=120, blank=True, help_text="Why it was answered so.")
    duration_us = models.PositiveBigIntegerField()
    upstream_us = models.PositiveBigIntegerField(null=True, blank=True, help_text="Until the answer began.")
    attempts = models.PositiveSmallIntegerField(default=0)
    service = models.CharField(max_length=120, blank=True)
    instance = models.CharField(max_length=160, blank=True)
    bytes_received = models.PositiveBigIntegerField(default=0)
    bytes_sent = models.PositiveBigIntegerField(default=0)
    user = models.CharField(max_length=64, blank=True, help_text="The id that was proved, if any.")
    key = models.CharField(max_length=64, blank=True)
    organization = models.CharField(max_length=64, blank=True)
    limited_by = models.CharField(max_length=6, blank=True, help_text="Refused by a limit per this unit.")
    weight = models.PositiveIntegerField(default=1_000)
    node = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="request_log_at"),
            models.Index(fields=["route", "-at"], name="request_log_route"),
            models.Index(fields=["trace_id"], name="request_log_trace"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status}"
