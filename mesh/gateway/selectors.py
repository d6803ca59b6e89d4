"""What is wanted of the front door."""

from mesh.gateway.spec import Gateway, Route


def gateway() -> Gateway:
    return Gateway(
        routes=[
            Route(name="sockets", path="/ws/", upstream="platform/realtime", is_open_ended=True, is_websocket=True),
            Route(name="events", upstream="platform/realtime", is_open_ended=True, accept_contains="text/event-stream"),
            Route(name="web", upstream="platform/web"),
        ]
    )
