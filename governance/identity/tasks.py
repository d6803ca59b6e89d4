"""Housekeeping of tokens."""

from celery import shared_task

from governance.identity import tokens
from opinion_market.kernel import clock


@shared_task(name="governance.purge_revoked_tokens", ignore_result=True)  # type: ignore[untyped-decorator]
def purge_revoked_tokens() -> int:
    """Forget revoked refresh tokens that have expired by themselves. Idempotent."""
    return tokens.purge_expired(now=clock.now())
