from asyncio import Protocol
from collections.abc import Callable, Iterator

import pytest

from markets.realtime.hub import Hub
from markets.realtime.limits import Limits
from markets.realtime.wire import Wire
from tests.api_markets.venue import Venue
from tests.realtime.served import Served

BRISK = {"recheck_s": 0.3, "check_versions_s": 0.5}


@pytest.fixture
def venue(committed_db: None) -> Venue:
    return Venue()


@pytest.fixture
def elsewhere(committed_db: None) -> Venue:
    """Another tenant."""
    return Venue()


@pytest.fixture
def serve(committed_db: None) -> Iterator[Callable[..., Served]]:
    """Starts a server, with other limits than usual where they are given."""
    running: list[Served] = []

    def start(
        send_buffer: int | None = None,
        make_hub: Callable[[Limits], Hub] = Hub,
        websocket: type[Protocol] | str = Wire,
        **limits: float,
    ) -> Served:
        served = Served(Limits(**{**BRISK, **limits}), send_buffer, make_hub, websocket)
        served.start()
        running.append(served)
        return served

    yield start
    for served in running:
        served.stop()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()
