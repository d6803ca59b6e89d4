"""`markets`: one line per market, of all the markets the client may see."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from markets.realtime.channels.tides import PacedFeed
from markets.realtime.client import Subscription
from markets.realtime.fanout import fan_out
from markets.realtime.frames import InvalidFrame, Update
from markets.realtime.sources.ticker import Ticker, read_tickers

if TYPE_CHECKING:
    from markets.realtime.hub import Hub

MOST_SHOWN = 500


class TickerFeed(PacedFeed):
    """The lines of all published markets, kept while somebody is subscribed. A line that did not change is not sent."""

    pause_s = 0.1

    def __init__(self, hub: "Hub") -> None:
        super().__init__(hub)
        self._lines: dict[UUID, Ticker] = {}
        self._changed: set[UUID] = set()
        self._reads_all = False

    async def join(self, subscription: Subscription) -> None:
        wanted = subscription.state = _Wanted(subscription.filters)
        async with self.lock:
            if not self.subscriptions or not self.hub.is_listening:
                await self._read(None)
            shown = [line for line in self._lines.values() if wanted.includes(line, subscription)]
            shown.sort(key=lambda line: line.moved_at, reverse=True)
            body = ",".join(line.body for line in shown[:MOST_SHOWN])
            subscription.send_snapshot(f'{{"markets":[{body}]}}')
            self.subscriptions.add(subscription)

    def hear(self, market_id: UUID) -> None:
        self._changed.add(market_id)
        self.touch()

    def touch_all(self) -> None:
        """Messages may have been lost, or the 24 hours have moved on."""
        self._reads_all = True
        self.touch()

    async def read(self) -> None:
        changed, self._changed = self._changed, set()
        reads_all, self._reads_all = self._reads_all, False
        try:
            await self._read(None if reads_all else changed)
        except BaseException:
            self._changed |= changed
            self._reads_all |= reads_all
            raise

    async def _read(self, market_ids: set[UUID] | None) -> None:
        for line in await self.hub.workers.run(read_tickers, market_ids):
            before = self._lines.get(line.market_id)
            self._lines[line.market_id] = line
            if before is None or before.body != line.body:
                self._send(line)

    def _send(self, line: Ticker) -> None:
        update = Update(f'{{"kind":"ticker","markets":[{line.body}]}}', line.market_id)
        fan_out((each for each in self.subscriptions if each.state.includes(line, each)), update)


class _Wanted:
    """Which markets a subscription asked for. Raises InvalidFrame."""

    def __init__(self, filters: dict[str, Any]) -> None:
        ids, organization = filters.get("markets"), filters.get("organization")
        try:
            if ids is not None and (not isinstance(ids, list) or len(ids) > MOST_SHOWN):
                raise ValueError
            self._markets = None if ids is None else {UUID(each) for each in ids}
        except (ValueError, TypeError, AttributeError):
            raise InvalidFrame(f"markets is a list of at most {MOST_SHOWN} ids.") from None
        if organization is not None and not isinstance(organization, str):
            raise InvalidFrame("organization is an id or a short name.")
        self._organization = organization

    def includes(self, line: Ticker, subscription: Subscription) -> bool:
        audience = line.audience
        if self._markets is not None and line.market_id not in self._markets:
            return False
        if self._organization is not None and self._organization not in {line.slug, str(audience.organization_id)}:
            return False
        return audience.includes(subscription.caller.access)
