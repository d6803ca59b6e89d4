"""Forgetting what the mesh saw long ago."""

from datetime import timedelta

from celery import shared_task

from mesh.client.models import ServiceCall
from mesh.registry.models import CircuitChange
from opinion_market.kernel import clock

CALLS_KEPT = timedelta(days=7)
CIRCUITS_KEPT = timedelta(days=90)


@shared_task(name="mesh.purge_history", ignore_result=True)  # type: ignore[untyped-decorator]
def purge_history() -> int:
    """Delete calls of more than 7 days ago and circuits' changes of more than 90; return how many. Idempotent."""
    now = clock.now()
    calls, _ = ServiceCall.objects.filter(at__lt=now - CALLS_KEPT).delete()
    changes, _ = CircuitChange.objects.filter(at__lt=now - CIRCUITS_KEPT).delete()
    return calls + changes
