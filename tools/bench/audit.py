"""What must hold after any benchmark: a fast exchange with wrong books would be worth nothing."""

from markets.audit import checks, report
from markets.trading.models import Order
from opinion_market.eventstore.verify import verify_events


class BooksBroken(Exception):
    """An invariant does not hold; the text says which, and where first."""


def audit() -> dict[str, int]:
    """Check everything there is; how much that was. Raises BooksBroken."""
    results = checks.run_all()
    if not all(result.passed for result in results):
        raise BooksBroken(report.text(results, width=120))
    chains = verify_events()
    if not chains.intact:
        raise BooksBroken(f"The chain of events is broken: {chains.first}")
    return {
        "orders": Order.objects.count(),
        "streams": chains.streams,
        "events": chains.events,
        "checks": len(results),
    }
