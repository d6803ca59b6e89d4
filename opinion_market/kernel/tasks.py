"""Housekeeping of the kernel's own tables."""

from celery import shared_task

from opinion_market.kernel import clock, idempotency


@shared_task(name="kernel.purge_idempotency_records", ignore_result=True)  # type: ignore[untyped-decorator]
def purge_idempotency_records() -> int:
    """Forget answers older than 24 hours. Idempotent."""
    return idempotency.purge_expired(now=clock.now())
