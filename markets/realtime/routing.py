"""Which addresses open a socket or an event stream."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from markets.realtime import consumers
from markets.realtime.event_stream import stream

# The router takes ASGI applications where Django's addresses expect views.
_analytics: Any = consumers.analytics
_pushed: Any = consumers.pushed_analytics
_refuse: Any = consumers.refuse
_stream: Any = stream

websockets = URLRouter(
    [
        path("ws/analytics", _analytics),
        path("api/v1/ai-analytics/ws/analytics/<str:client_id>", _pushed),
        re_path("", _refuse),
    ]
)


def http_with(application: Any) -> URLRouter:
    """Event streams, and everything else to the application."""
    return URLRouter([path("api/v1/stream", _stream), re_path("", application)])
