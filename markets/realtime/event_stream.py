"""`GET /api/v1/stream`: the same channels as Server-Sent Events, for clients without WebSockets. Read-only."""

import asyncio
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from markets.realtime.bookmarks import Bookmarks
from markets.realtime.callers import caller_of_scope
from markets.realtime.client import Client
from markets.realtime.consumers import Receive, Scope, Send, address_of
from markets.realtime.frames import InvalidFrame, encode, frame
from markets.realtime.hub import Hub, current_hub
from markets.realtime.protocol import Conversation, established
from opinion_market.api.problems import CODES_PAGE
from opinion_market.kernel.errors import DomainError

AWAKE_S = 15.0
MOST_CHANNELS = 20
_TYPE = '{"type":"'


class MethodNotServed(DomainError):
    code = "method_not_allowed"
    status = 405
    title = "A stream can only be read."


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Authenticate, subscribe to everything asked for, then send until the client goes."""
    hub = current_hub()
    client: Client | None = None
    try:
        try:
            if scope["method"] != "GET":
                raise MethodNotServed
            caller = await hub.workers.run(caller_of_scope, scope)
            client = Client(caller, address_of(scope), hub.limits, asyncio.get_running_loop())
            hub.enter(client)
            channels = _channels(scope)
            bookmarks = Bookmarks(channels, _last_event_id(scope))
            if not await _while_there(_subscribe(hub, client, channels, bookmarks), receive):
                return
        except DomainError as refused:
            await _refuse(send, refused)
            return
        await _stream(client, bookmarks, receive, send)
    finally:
        if client is not None:
            hub.leave(client)


def _channels(scope: Scope) -> list[str]:
    """Raises InvalidFrame."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    channels = [channel for text in query.get("channels", ()) for channel in text.split(",") if channel]
    if not 1 <= len(channels) <= MOST_CHANNELS:
        raise InvalidFrame(f"channels names 1 to {MOST_CHANNELS} channels, with commas between them.")
    return list(dict.fromkeys(channels))


def _last_event_id(scope: Scope) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"last-event-id"), None)


async def _subscribe(hub: Hub, client: Client, channels: list[str], bookmarks: Bookmarks) -> None:
    client.outbox.put(established(client.caller))
    conversation = Conversation(hub, client)
    for channel in channels:
        try:
            await conversation.subscribe(channel, bookmarks.filters(channel))
        except InvalidFrame:
            # An id that cannot be resumed from is left aside: a browser repeats it for ever, and the snapshot mends it.
            bookmarks.forget(channel)
            await conversation.subscribe(channel, {})


async def _while_there(subscribing: Coroutine[Any, Any, None], receive: Receive) -> bool:
    """Subscribe; false if the client went meanwhile, for whom nothing more is read. Raises DomainError."""
    task, gone = asyncio.create_task(subscribing), asyncio.create_task(_until_gone(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        is_there = task.done()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)
    if is_there:
        task.result()
    return is_there


async def _refuse(send: Send, error: DomainError) -> None:
    body = encode(
        {
            "type": f"{CODES_PAGE}#{error.code}",
            "title": error.title,
            "status": error.status,
            "detail": error.message,
            "code": error.code,
        }
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": HTTPStatus(error.status).value, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _stream(client: Client, bookmarks: Bookmarks, receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send_event(text: str) -> None:
        await send({"type": "http.response.body", "body": event(text, bookmarks.note(text)), "more_body": True})

    tasks = {
        asyncio.create_task(client.write(send_event)),
        asyncio.create_task(_until_gone(receive)),
        asyncio.create_task(_keep_awake(client)),
    }
    try:
        ends: set[asyncio.Future[Any]] = {client.closing, *tasks}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if client.closing.done():
        code, reason = client.closing.result()
        last = frame("error", code="closed", message=reason, channel=None, data={"close_code": code})
        await send({"type": "http.response.body", "body": event(last), "more_body": False})


def event(text: str, bookmark: str = "") -> bytes:
    """A frame as an event of its own type, with its id if it has one; an empty text as a comment."""
    if not text:
        return b":\n\n"
    kind = text[len(_TYPE) : text.index('"', len(_TYPE))]
    named = f"id: {bookmark}\n" if bookmark else ""
    return f"{named}event: {kind}\ndata: {text}\n\n".encode()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _keep_awake(client: Client) -> None:
    """Proxies close what is silent, and a connection that has gone is noticed by writing to it."""
    while True:
        await asyncio.sleep(AWAKE_S)
        client.outbox.put("")
