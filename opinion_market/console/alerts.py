"""What the home page says needs attention, for the hub's channel `alerts`."""

from datetime import datetime

from governance.access.policies import Access
from markets.realtime.alerting import Alert
from opinion_market.console.concerns import concerns_of
from opinion_market.eventstore import selectors as eventstore


def alerts_of(access: Access, now: datetime) -> list[Alert]:
    """The same concerns as on the caller's home page."""
    states = eventstore.subscription_states(now=now) if access.everything else []
    return [
        Alert(each.name, each.text, each.count, each.is_fault, each.link) for each in concerns_of(access, now, states)
    ]
