"""Leases, where no controller runs; and the worker's own."""

from celery import shared_task
from django.conf import settings

from mesh.registry import instances, platform_parts
from opinion_market.kernel import clock


@shared_task(name="mesh.sweep_leases", ignore_result=True)  # type: ignore[untyped-decorator]
def sweep_leases() -> int:
    """Instances whose lease has run out leave. Idempotent; controllers do the same every second."""
    return instances.sweep(now=clock.now())


@shared_task(name="mesh.renew_worker", ignore_result=True)  # type: ignore[untyped-decorator]
def renew_worker() -> None:
    """The worker that carries this out is alive and reached through Redis: its lease runs on. Idempotent."""
    platform_parts.renew_worker(node=settings.MESH_NODE, now=clock.now())
