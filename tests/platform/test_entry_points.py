"""The ASGI application refuses WebSockets that nobody serves, as a plain refusal and not as an error."""

import asyncio

from asgiref.testing import ApplicationCommunicator

from opinion_market.asgi import application


def test_a_websocket_on_an_unknown_path_is_refused() -> None:
    async def answer() -> str:
        scope = {"type": "websocket", "path": "/ws/unknown", "headers": [], "subprotocols": []}
        communicator = ApplicationCommunicator(application, scope)
        await communicator.send_input({"type": "websocket.connect"})
        message = await communicator.receive_output()
        await communicator.wait()
        return str(message["type"])

    assert asyncio.run(answer()) == "websocket.close"
