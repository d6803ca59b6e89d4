import pytest

from tests.mesh.chaos.plane import Plane, Upstream
from tests.mesh.chaos.scene import SERVICE, Loop, a_service


@pytest.fixture(scope="module")
def sandbox():
    """An Envoy with one service that has two instances."""
    upstreams = [Upstream("first"), Upstream("second")]
    plane = Plane({SERVICE: [each.endpoint for each in upstreams]})
    plane.upstreams = upstreams
    yield plane
    plane.close()
    for each in upstreams:
        each.close()


@pytest.fixture
def loop(db, sandbox):
    a_service()
    found = Loop(sandbox)
    yield found
    found.close()
