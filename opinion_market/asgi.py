"""The ASGI entry point: uvicorn under `make run`. HTTP goes to Django, which streams; WebSockets to their router."""

import sys
from collections.abc import Awaitable, Callable, Mapping

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from opinion_market.settings.env import SettingsError, choose_settings_module

Message = Mapping[str, object]


async def refuse_websocket(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Close a WebSocket before it opens, so that the client sees HTTP 403. No path serves one yet."""
    await send({"type": "websocket.close", "code": 4404})


def _application() -> ProtocolTypeRouter:
    """Load Django, or end the process with the one sentence that says which setting is wrong."""
    try:
        choose_settings_module()
        http = get_asgi_application()
    except SettingsError as error:
        sys.exit(str(error))
    return ProtocolTypeRouter({"http": http, "websocket": refuse_websocket})


application = _application()
