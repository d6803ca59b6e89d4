"""The nightly look at whether everything adds up."""

import logging

from celery import shared_task

from markets.audit.checks import run_all
from opinion_market.kernel import clock

log = logging.getLogger(__name__)

LONGEST_SECONDS = 3_600


@shared_task(name="markets.audit_exchange", ignore_result=True, time_limit=LONGEST_SECONDS)  # type: ignore[untyped-decorator]
def audit_exchange() -> int:
    """Check the exchange's invariants on the live tables; each broken one is an error in the log. Returns how many broke."""
    started_at = clock.now()
    broken = [result for result in run_all() if not result.passed]
    for result in broken:
        log.error(
            "Invariant %s is broken (%s): %s of %s: %s",
            result.invariant, result.statement, result.failed, result.checked, "; ".join(result.offenders),
        )  # fmt: skip
    log.info("The exchange was audited in %s; %s checks failed", clock.now() - started_at, len(broken))
    return len(broken)
