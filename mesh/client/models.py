"""Calls of services through the mesh, one row each, as Envoy's access log tells them."""

from django.db import models


class ServiceCall(models.Model):
    """One request that went through the mesh listener, its tries included."""

    trace_id = models.CharField(max_length=64, help_text="The request id: also in the answer's header and in logs.")
    caller = models.CharField(max_length=63, blank=True, help_text="The calling service, as it names itself.")
    mesh = models.CharField(max_length=40)
    service = models.CharField(max_length=63)
    instance = models.CharField(max_length=160, blank=True)
    method = models.CharField(max_length=16)
    # Without the query: it may hold personal data.
    path = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField()
    flags = models.CharField(max_length=60, blank=True, help_text="Envoy's response flags, such as UO or UF.")
    attempts = models.PositiveSmallIntegerField()
    duration_us = models.PositiveBigIntegerField()
    node = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="service_call_at"),
            models.Index(fields=["service", "-at"], name="service_call_service"),
            models.Index(fields=["trace_id"], name="service_call_trace"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.service}{self.path}: {self.status}"
