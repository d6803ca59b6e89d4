"""The hub's one subscription to Redis."""

import asyncio
import logging
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from markets.realtime.announcing import CHANNEL

if TYPE_CHECKING:
    from markets.realtime.hub import Hub

log = logging.getLogger(__name__)

_AGAIN_S = 0.5
_HEARTBEAT_S = 5.0


async def listen(hub: "Hub") -> None:
    """Pass on what batches announce, for ever; once Redis is back after a loss, have everything read again."""
    while True:
        redis = Redis.from_url(settings.ENV.redis_url, socket_connect_timeout=2.0)
        try:
            async with redis.pubsub() as subscription:
                await subscription.subscribe(CHANNEL)
                hub.is_listening = True
                hub.resynchronise()
                while True:
                    message = await subscription.get_message(ignore_subscribe_messages=True, timeout=_HEARTBEAT_S)
                    if message is None:
                        await subscription.ping()
                    elif message["type"] == "message":
                        _pass_on(hub, message["data"])
        except (RedisError, OSError) as error:
            log.warning("The hub lost Redis and tries again: %s", error)
        finally:
            hub.is_listening = False
            await redis.aclose()
        await asyncio.sleep(_AGAIN_S)


def _pass_on(hub: "Hub", data: bytes) -> None:
    market_id, version, _sequence = data.decode().split()
    hub.hear(UUID(market_id), int(version))
