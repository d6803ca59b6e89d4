"""Which addresses open a socket."""

from channels.routing import URLRouter
from django.urls import path, re_path

from markets.realtime import consumers

websockets = URLRouter(
    [
        path("ws/analytics", consumers.analytics),
        re_path("", consumers.refuse),
    ]
)
