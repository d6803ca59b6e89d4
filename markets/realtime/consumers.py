"""The WebSocket endpoints: ASGI applications that connect a socket to the hub."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from markets.realtime.callers import caller_of_scope
from markets.realtime.client import INVALID, Client, Subscription
from markets.realtime.hub import Hub, current_hub
from markets.realtime.outbox import Numbering
from markets.realtime.protocol import Conversation, established
from markets.realtime.wire import wire_of
from opinion_market.kernel.errors import DomainError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# What still waits when a socket is closed is sent within this time.
_LAST_WORDS_S = 2.0
_CLOSING_S = 30.0


async def analytics(scope: Scope, receive: Receive, send: Send) -> None:
    """`/ws/analytics`: subscriptions to channels."""
    await _serve(scope, receive, send, _with_channels)


async def pushed_analytics(scope: Scope, receive: Receive, send: Send) -> None:
    """`/api/v1/ai-analytics/ws/analytics/{client_id}`: figures, without being asked."""
    await _serve(scope, receive, send, _with_figures)


async def _with_channels(hub: Hub, client: Client) -> Conversation:
    return Conversation(hub, client)


async def _with_figures(hub: Hub, client: Client) -> Conversation:
    subscription = Subscription(client, hub.system, Numbering("system"), {})

    async def push() -> None:
        await hub.system.join(subscription)

    client.subscriptions["system"] = subscription
    await push()
    return Conversation(hub, client, only=frozenset({"authenticate", "ping"}), on_identified=push)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Close a socket that nobody serves before it opens, so that the client sees HTTP 403."""
    await send({"type": "websocket.close", "code": 4404})


async def _serve(
    scope: Scope, receive: Receive, send: Send, conversation_with: Callable[[Hub, Client], Awaitable[Conversation]]
) -> None:
    """Authenticate, accept, and talk until one side ends it."""
    hub = current_hub()
    await receive()
    try:
        caller = await hub.workers.run(caller_of_scope, scope)
    except DomainError:
        await send({"type": "websocket.close", "code": 4403})  # before it is accepted: HTTP 403
        return
    await send({"type": "websocket.accept"})
    client = Client(caller, address_of(scope), hub.limits, asyncio.get_running_loop(), wire_of(scope))
    hub.enter(client)
    client.outbox.put(established(caller))

    async def send_text(text: str) -> None:
        await send({"type": "websocket.send", "text": text})

    tasks = {
        asyncio.create_task(client.write(send_text)),
        asyncio.create_task(_listen(receive, client, conversation_with(hub, client))),
    }
    try:
        ends: set[asyncio.Future[Any]] = {client.closing, *tasks}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(client)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if client.closing.done():
        await _close(client, send_text, send)


async def _listen(receive: Receive, client: Client, beginning: Awaitable[Conversation]) -> None:
    conversation = await beginning
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            client.close(INVALID, "frames are text")
        else:
            await conversation.hear(text)


async def _close(client: Client, send_text: Callable[[str], Awaitable[None]], send: Send) -> None:
    """Say the last words, unless they are too many, and close with the reason. A reader that has stopped gets it late or never."""
    code, reason = client.closing.result()
    try:
        if not client.outbox.overflowed:
            async with asyncio.timeout(_LAST_WORDS_S):
                while (text := client.outbox.take()) is not None:
                    await send_text(text)
    except TimeoutError:
        pass  # what it did not read in time it will not read; the reason below still tells it why
    except Exception:  # noqa: BLE001 - the server says in its own ways that the other end has gone
        return
    try:
        async with asyncio.timeout(_CLOSING_S):
            await send({"type": "websocket.close", "code": code, "reason": reason})
    except Exception:  # noqa: BLE001 - as above
        return


def address_of(scope: Mapping[str, Any]) -> str:
    """Where the client is, as far as is known."""
    return str((scope.get("client") or ("",))[0])
