from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.mesh.processes import Node


@pytest.fixture
def node() -> Iterator[Node]:
    """A node whose Envoy is not started yet. Its folder's path is short enough for sockets."""
    with TemporaryDirectory(prefix="om-mesh-") as folder:
        made = Node(Path(folder))
        try:
            yield made
        finally:
            made.close()
