"""The ASGI entry point: uvicorn under `make run`. HTTP goes to Django, WebSockets and event streams to the hub."""

import sys
from importlib import import_module

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from opinion_market.settings.env import SettingsError, choose_settings_module


def _application() -> ProtocolTypeRouter:
    """Load Django, or end the process with the one sentence that says which setting is wrong."""
    try:
        choose_settings_module()
        http = get_asgi_application()
    except SettingsError as error:
        sys.exit(str(error))
    # Its models can be imported only once Django is loaded.
    routing = import_module("markets.realtime.routing")
    return ProtocolTypeRouter({"http": routing.http_with(http), "websocket": routing.websockets})


application = _application()
