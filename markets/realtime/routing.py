"""Which addresses open a socket."""

from channels.routing import URLRouter
from django.urls import path, re_path

from markets.realtime import consumers

websockets = URLRouter(
    [
        path("ws/analytics", consumers.analytics),
        path("api/v1/ai-analytics/ws/analytics/<str:client_id>", consumers.pushed_analytics),
        re_path("", consumers.refuse),
    ]
)
