"""What of the gateway runs by itself."""

from celery import shared_task

from mesh.gateway.request_log import purge
from opinion_market.kernel import clock


@shared_task(name="mesh.purge_request_log", ignore_result=True)  # type: ignore[untyped-decorator]
def purge_request_log() -> int:
    """Forget logged requests that are older than the settings say."""
    return purge(now=clock.now())
