import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mesh.gateway.spec import Gateway
from tests.mesh.gateway.envoy import Door, Seen, Server, serving


def by_bearer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
    """An authorisation service outside of the platform: the credentials are the identity, as JSON of headers to set."""
    scheme, _, text = seen.headers.get("authorization", "").partition(" ")
    try:
        return (200, json.loads(text), b"") if scheme == "Identity" else (401, {"www-authenticate": "Identity"}, b"")
    except ValueError:
        return 403, {}, b""


class Opener:
    """Opens front doors that are closed after the test, with two services and two authorisation services behind them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        (folder / "sockets").mkdir(parents=True)
        self.web, self.shop = Server("web"), Server("shop")
        self.shop2 = Server("shop-v2")
        self.guard = Server("guard", answer=by_bearer)
        self.platform = Server("platform", path=folder / "sockets" / "granian.sock", is_blocking=True)
        stack.enter_context(serving(self.web, self.shop, self.shop2, self.guard, self.platform))

    def __call__(self, gateway: Gateway) -> Door:
        servers = {
            "platform/web": self.web, "platform/realtime": self.web, "demo/shop": self.shop, "demo/shop@v2": self.shop2,
            "demo/guard": self.guard, "demo/gone": Server("gone", port=1),
        }  # fmt: skip
        return self.stack.enter_context(Door(self.folder, gateway, servers).open())


@pytest.fixture
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    with ExitStack() as stack:
        # Short, for the paths of unix sockets are.
        yield Opener(tmp_path_factory.mktemp("d"), stack)
