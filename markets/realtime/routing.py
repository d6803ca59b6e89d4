"""Which addresses open a socket or an event stream."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from markets.realtime import consumers
from markets.realtime.event_stream import stream

websockets = URLRouter(
    [
        path("ws/analytics", consumers.analytics),
        path("api/v1/ai-analytics/ws/analytics/<str:client_id>", consumers.pushed_analytics),
        re_path("", consumers.refuse),
    ]
)


def http_with(application: Any) -> URLRouter:
    """Event streams, and everything else to the application."""
    return URLRouter([path("api/v1/stream", stream), re_path("", application)])
