"""The hub's part in cancelling on disconnect: hearing the wish, renewing its lease, noticing that a socket dropped."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import DatabaseError, InterfaceError

from governance.identity.models import User
from markets.realtime.callers import Caller
from markets.realtime.client import Client
from markets.realtime.disconnects import services
from markets.realtime.disconnects.models import LONGEST_GRACE_S, CancelOnDisconnect
from markets.realtime.disconnects.services import Wish
from markets.realtime.frames import InvalidFrame, frame
from markets.realtime.workers import Workers
from opinion_market.api.errors import NotAuthenticated
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError

if TYPE_CHECKING:
    from markets.realtime.hub import Hub

log = logging.getLogger(__name__)

MOST_MARKETS = 100
STANDARD_GRACE_S = 10


class Keeper:
    """The wishes of this process's clients. One change of leases at a time, so that no renewal overtakes a drop.

    It has threads of its own, one for leases and one for cancelling: a disk that is slow to commit many cancellations must
    not keep the hub from reading, nor leases from being renewed.
    """

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._wishes: dict[Client, Wish] = {}
        self._lock = asyncio.Lock()
        self._is_due = asyncio.Event()
        self._leases, self._cancelling = Workers(1), Workers(1)

    async def hear(self, client: Client, message: dict[str, Any], reference: object) -> None:
        """Answer a `cancel_on_disconnect` frame. Raises NotAuthenticated, InvalidFrame, and what `services.ask` raises."""
        user = client.caller.user
        if user is None:
            raise NotAuthenticated
        wish = _wish(message)
        async with self._lock:
            before = self._wishes.pop(client, None)
            if wish is None:
                if before is not None:
                    await self._leases.run(_withdraw, before.holder)
                client.outbox.put(_status(None, reference))
                return
            self._wishes[client] = wish  # so that it is let go should the socket drop while this is on its way
            try:
                ended = await self._leases.run(_ask, user, client.caller, wish, self._lease)
            except DomainError:
                self._wishes.pop(client, None)
                if before is not None:
                    self._wishes[client] = before
                raise
        noticed_s = self._hub.limits.lease_s
        client.outbox.put(_status(wish, reference, noticed_within_s=noticed_s, last_cancelled=_last(ended)))

    def dropped(self, client: Client) -> None:
        """The socket is gone, however that came."""
        wish = self._wishes.pop(client, None)
        if wish is not None:
            self._hub.background(self._let_go(wish))

    async def renew(self) -> None:
        """Renew the leases of those who are here, for ever."""
        while True:
            try:
                await self._renew()
            except (DatabaseError, InterfaceError) as error:
                log.warning("Leases could not be renewed: %s", error)
            await asyncio.sleep(self._hub.limits.lease_renew_s)

    async def sweep(self) -> None:
        """Cancel for those who are not here, in whichever process they were, for ever."""
        while True:
            self._is_due.clear()
            try:
                await self._cancelling.run(_cancel_due)
            except (DatabaseError, InterfaceError) as error:
                log.warning("Orders of clients that dropped could not be cancelled: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._hub.limits.lease_renew_s):
                    await self._is_due.wait()

    def close(self) -> None:
        """Wait for what is being done, in a thread."""
        self._leases.close()
        self._cancelling.close()

    async def _renew(self) -> None:
        async with self._lock:
            clients = {wish.holder: client for client, wish in self._wishes.items()}
            if not clients:
                return
            lost = await self._leases.run(_renew, list(clients), self._lease)
            for holder, reason in lost.items():
                client = clients[holder]
                if self._wishes.pop(client, None) is not None:
                    client.outbox.put(_status(None, None, reason=reason))

    async def _let_go(self, wish: Wish) -> None:
        """If this process dies meanwhile, or the database is away, the lease expires by itself."""
        async with self._lock:
            await self._leases.run(_let_go, wish.holder)
        await asyncio.sleep(wish.grace_s)
        self._is_due.set()

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self._hub.limits.lease_s)


def _wish(message: dict[str, Any]) -> Wish | None:
    """What the client wants; None for nothing (any more). Raises InvalidFrame."""
    enabled, markets = message.get("enabled"), message.get("markets")
    grace_s = message.get("grace_s", STANDARD_GRACE_S)
    if not isinstance(enabled, bool):
        raise InvalidFrame("enabled is true or false.")
    if type(grace_s) is not int or not 0 <= grace_s <= LONGEST_GRACE_S:
        raise InvalidFrame(f"grace_s is 0 to {LONGEST_GRACE_S} seconds.")
    try:
        if markets is not None and (not isinstance(markets, list) or not 1 <= len(markets) <= MOST_MARKETS):
            raise ValueError
        market_ids = None if markets is None else [UUID(each) for each in markets]
    except (ValueError, TypeError, AttributeError):
        raise InvalidFrame(f"markets is null, or a list of 1 to {MOST_MARKETS} ids.") from None
    return Wish(holder=uuid4(), market_ids=market_ids, grace_s=grace_s) if enabled else None


def _status(wish: Wish | None, reference: object, **fields: object) -> str:
    terms = (
        {"enabled": False} if wish is None else {"enabled": True, "markets": wish.market_ids, "grace_s": wish.grace_s}
    )
    return frame("cancel_on_disconnect_status", reference=reference, **terms, **fields)


def _last(ended: CancelOnDisconnect | None) -> dict[str, object] | None:
    return None if ended is None else {"at": ended.done_at, "orders": ended.cancelled_orders}


def _ask(user: User, caller: Caller, wish: Wish, lease: timedelta) -> CancelOnDisconnect | None:
    key = caller.credential.api_key_id
    return services.ask(actor=user, access=caller.access, api_key_id=key, wish=wish, lease=lease, now=clock.now())


def _withdraw(holder: UUID) -> None:
    services.withdraw(holder=holder)


def _renew(holders: list[UUID], lease: timedelta) -> dict[UUID, str]:
    return services.renew(holders=holders, lease=lease, now=clock.now())


def _let_go(holder: UUID) -> None:
    services.let_go(holder=holder, now=clock.now())


def _cancel_due() -> int:
    return services.cancel_due(now=clock.now())
