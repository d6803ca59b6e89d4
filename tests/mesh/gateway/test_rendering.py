"""What is rendered: Envoy accepts it, the same wishes are the same bytes, and changing routes leaves the listener alone."""

import json
import subprocess
from dataclasses import replace

import pytest

from mesh.gateway import rendering
from mesh.gateway.spec import (
    UNITS,
    Backend,
    Cors,
    Deprecation,
    Gateway,
    HeaderMatch,
    Limit,
    Provider,
    Route,
)
from opinion_market.platform import binaries
from tests.mesh.gateway.envoy import Door, Server, cluster_of
from tests.mesh.gateway.tokens import AUDIENCE, ISSUER, Issuer

RICH = Gateway(
    routes=[
        Route(name="jwt", upstream="demo/shop", path="/j", authentication="issuer", cors=Cors(origins=("https://a.org",))),
        Route(name="key", upstream="demo/shop", path="/k", authentication="keys", is_compressed=True, body_limit_bytes=9),
        Route(name="own", upstream="demo/shop", path="/o", authentication="guard", has_security_headers=True),
        Route(name="cached", upstream="demo/shop", path="/c", methods=("GET",), cache_s=5),
        Route(
            name="split", upstream="demo/shop", match="regex", path="/s/(.*)", rewrite=r"/\1", hosts=("*.example.org",),
            headers=(HeaderMatch(name="x", kind="regex", value="a+", is_inverted=True),), retries=2,
            split=(Backend(service="demo/shop", weight=1), Backend(service="demo/guard", weight=2)),
            deprecation=Deprecation(since_s=1, sunset="x", successor="/100%"),
        ),
        Route(name="ws", upstream="demo/shop", path="/ws", is_open_ended=True, is_websocket=True),
    ],
    limits=[
        Limit(name=f"{scope}-{unit}", scope=scope, unit=unit, requests=9, route="jwt" if scope == "key" else "")
        for scope in ("ip", "user", "key", "tenant", "endpoint")
        for unit in UNITS
    ],
    providers=[
        Provider(name="issuer", kind="jwt", issuer=ISSUER, audiences=(AUDIENCE,), jwks=Issuer().jwks(), revoked=("t",)),
        Provider(name="keys", kind="api_key"),
        Provider(name="guard", kind="custom", service="demo/guard"),
    ],
    security_headers=[("x-frame-options", "DENY")],
)  # fmt: skip


def judged(folder, gateway: Gateway) -> str:
    """What Envoy says of the whole configuration; nothing if it is good."""
    servers = {name: Server(name, port=1) for name in ("demo/shop", "demo/guard")}
    door = Door(folder, gateway, servers)
    config = door.bootstrap()
    [chain] = config["static_resources"]["listeners"][0]["filter_chains"]
    manager = chain["filters"][0]["typed_config"]
    del manager["rds"]
    hosts = rendering.virtual_hosts(gateway, cluster_of)
    manager["route_config"] = {"name": "x", "virtual_hosts": hosts, "validate_clusters": True}
    manager["http_filters"] = [*rendering.static_http_filters(gateway), manager["http_filters"][-1]]
    path = folder / "validated.json"
    path.write_text(door._local(json.dumps(config)))
    command = [binaries.envoy(), "--mode", "validate", "-c", path, "--log-level", "warning"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "deprecated" not in result.stderr.lower()
    return "" if result.returncode == 0 else result.stderr + result.stdout


def test_envoy_accepts_everything_there_is(tmp_path):
    assert judged(tmp_path, RICH) == ""
    assert judged(tmp_path, Gateway(routes=[])) == ""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Route(name="x", upstream="demo/shop", match="regex", path="/(a"), "missing )"),
        (Route(name="x", upstream="demo/gone"), "demo/gone"),
        (Route(name="x", upstream="demo/shop", path="/", headers=(HeaderMatch(name="x", kind="regex", value="(?!a)"),)), "(?!"),
    ],
)  # fmt: skip
def test_what_envoy_does_not_understand_it_says(tmp_path, wrong, told):
    assert told in judged(tmp_path, Gateway(routes=[wrong]))


def test_routes_limits_and_keys_change_no_listener():
    bare = Gateway(routes=[], security_headers=RICH.security_headers)
    for part in (rendering.http_filters, rendering.manager_options):
        assert part(RICH) == part(bare)
    fewer = replace(RICH, routes=RICH.routes[1:])
    assert rendering.extension_configs(fewer) == rendering.extension_configs(RICH)
    other = replace(RICH, limits=[*RICH.limits, Limit(name="more", scope="ip", unit="day", requests=1)])
    changed = {
        name
        for name, config in rendering.extension_configs(other).items()
        if config != rendering.extension_configs(RICH)[name]
    }
    assert changed == {"limits_day"}
    assert json.dumps(rendering.virtual_hosts(RICH, cluster_of)) == json.dumps(
        rendering.virtual_hosts(RICH, cluster_of)
    )
