from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.apps import apps
from django.db import connection

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


@pytest.fixture(autouse=True)
def _leaves_no_rows(request: pytest.FixtureRequest) -> Iterator[None]:
    """The mesh is the platform's: rows that a test commits would be seen by all tests after it."""
    commits = "committed_db" in request.fixturenames
    if commits:
        request.getfixturevalue("committed_db")
    yield
    if commits:
        tables = ", ".join(model._meta.db_table for model in apps.get_app_config("mesh").get_models())
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables}")
