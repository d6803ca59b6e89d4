"""The ASGI entry point: uvicorn under `make run`. HTTP goes to Django, which streams; WebSockets to the hub's router."""

import sys

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application
from django.utils.module_loading import import_string

from opinion_market.settings.env import SettingsError, choose_settings_module


def _application() -> ProtocolTypeRouter:
    """Load Django, or end the process with the one sentence that says which setting is wrong."""
    try:
        choose_settings_module()
        http = get_asgi_application()
    except SettingsError as error:
        sys.exit(str(error))
    # Its models can be imported only once Django is loaded.
    return ProtocolTypeRouter({"http": http, "websocket": import_string("markets.realtime.routing.websockets")})


application = _application()
