"""`alerts`: what needs attention in the organizations of whoever asks, sent when it has changed."""

from governance.access.policies import Access
from markets.realtime.channels.tides import PacedFeed
from markets.realtime.client import Subscription
from markets.realtime.frames import Update, encode
from markets.realtime.sources.alerts import read_alerts, require_staff


class AlertsFeed(PacedFeed):
    """Read with the hub's regular look at the versions, for time alone makes markets wait. Callers of equal rights share one reading."""

    pause_s = 1.0

    async def join(self, subscription: Subscription) -> None:
        access = subscription.caller.access
        require_staff(access)
        async with self.lock:
            subscription.state = encode(await self.hub.workers.run(read_alerts, access))
            subscription.send_snapshot(f'{{"alerts":{subscription.state}}}')
            self.subscriptions.add(subscription)

    async def read(self) -> None:
        # The rights are read once: those a client gains meanwhile are nobody else's.
        views: dict[object, tuple[Access, list[Subscription]]] = {}
        for subscription in self.subscriptions:
            access = subscription.caller.access
            view = (access.everything, frozenset(access.roles.items()))
            views.setdefault(view, (access, []))[1].append(subscription)
        for access, sharing in views.values():
            body = encode(await self.hub.workers.run(read_alerts, access))
            for subscription in sharing:
                if subscription in self.subscriptions and body != subscription.state:
                    subscription.state = body
                    subscription.send(Update(f'{{"kind":"alerts","alerts":{body}}}', "alerts"))
