"""The front door beside no door at all and beside nginx: requests per second and latency, one machine, one run.

    python -m tools.bench.mesh_gateway [--seconds 3] [--rounds 3]

Writes the key `gateway` of var/bench/mesh.json. The service behind is an Envoy that answers by itself, so that it is never
what is measured. nginx (Debian's) is run for comparison only, from a folder of its own; if it is missing, that is said. It
cannot check JSON web tokens: it has two limits and a log, and no authentication.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import Process, Queue
from pathlib import Path
from statistics import median
from typing import Any

from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from mesh.gateway import rendering
from mesh.gateway.spec import Gateway, Limit, Logging, Provider, Route
from opinion_market.platform import binaries

CONNECTIONS = 16
WARM_UP_S = 0.5
BODY = "x" * 512
PLENTY = 1_000_000_000
RESULTS = Path("var/bench/mesh.json")
_EXTENSION = "type.googleapis.com/envoy.extensions"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def listener(port: int, manager: dict[str, Any], filters: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """An HTTP listener of Envoy."""
    router = {"name": "router", "typed_config": {"@type": f"{_EXTENSION}.filters.http.router.v3.Router"}}
    kind = f"{_EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager"
    config = {"@type": kind, "stat_prefix": "bench", "http_filters": [*filters, router], **manager}
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": config}]}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"name": "bench", "address": address, "filter_chains": [chain]}


def answering(port: int) -> dict[str, Any]:
    """The service behind the door."""
    answer = {"status": 200, "body": {"inline_string": BODY}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": answer}]}]
    return {"static_resources": {"listeners": [listener(port, {"route_config": {"virtual_hosts": hosts}}, [])]}}


def door(folder: Path, port: int, upstream: int, gateway: Gateway) -> dict[str, Any]:
    """The front door as the gateway renders it."""
    for name, resource in rendering.extension_configs(gateway).items():
        (folder / f"ecds-{name}.json").write_text(json.dumps({"resources": [resource]}))
    hosts = rendering.virtual_hosts(gateway, lambda service, version: service)
    manager = {**rendering.manager_options(gateway), "route_config": {"name": "bench", "virtual_hosts": hosts}}
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": upstream}}}
    loaded = {"cluster_name": "demo/shop", "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]}
    clusters = [{"name": "demo/shop", "type": "STATIC", "load_assignment": loaded}, *rendering.clusters(gateway)]
    listeners = [listener(port, manager, rendering.http_filters(gateway))]
    return {"node": {"id": "b", "cluster": "b"}, "static_resources": {"listeners": listeners, "clusters": clusters}}


def nginx(folder: Path, port: int, upstream: int) -> str:
    """nginx with a log and two limits."""
    return f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 2;
events {{ worker_connections 4096; }}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder}; keepalive_requests 100000000;
  limit_req_zone $binary_remote_addr zone=ip:10m rate=1000000r/s;
  limit_req_zone $http_authorization zone=key:10m rate=1000000r/s;
  upstream shop {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port}; location / {{
    limit_req zone=ip burst=100000 nodelay; limit_req zone=key burst=100000 nodelay;
    proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}"""


@contextmanager
def running(command: Sequence[str | Path], port: int, folder: Path) -> Iterator[None]:
    """The server, until it is no longer needed. Raises RuntimeError with its words if it does not start."""
    output = folder / f"{port}.out"
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 15
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError(output.read_text())
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def envoy(config: dict[str, Any], name: str, folder: Path) -> list[str | Path]:
    """How Envoy is started with this configuration."""
    path = folder / f"{name}.json"
    text = json.dumps(config)
    for place in ("config", "logs", "sockets", "cache"):
        text = text.replace(f'"@{place}/', f'"{folder}/')
    path.write_text(text)
    return [binaries.envoy(), "-c", path, "--concurrency", "2", "--disable-hot-restart", "--log-level", "error"]


def ask(port: int, token: str, seconds: float, answers: "Queue[list[int]]") -> None:
    """One client process: its connections in turn, each with one request under way; times in nanoseconds."""
    request = f"GET /shop/x HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n".encode()
    open_ = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS // 2)]
    for each in open_:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    taken: list[int] = []
    begun = time.perf_counter()
    while (now := time.perf_counter()) - begun < seconds + WARM_UP_S:
        sent = []
        for each in open_:
            sent.append(time.perf_counter_ns())
            each.sendall(request)
        for each, at in zip(open_, sent, strict=True):
            answer = each.recv(65_536)
            while not answer.endswith(BODY.encode()):
                answer += each.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:300]
            if now - begun > WARM_UP_S:
                taken.append(time.perf_counter_ns() - at)
    answers.put(taken)


def load(port: int, token: str, seconds: float) -> dict[str, float]:
    """Two client processes at once: what was answered per second, and the quantiles in microseconds."""
    answers: Queue[list[int]] = Queue()
    clients = [Process(target=ask, args=(port, token, seconds, answers)) for _ in range(2)]
    for each in clients:
        each.start()
    taken = sorted(time_ns for _ in clients for time_ns in answers.get(timeout=seconds + 30))
    for each in clients:
        each.join()
    return {
        "requests_per_s": round(len(taken) / seconds),
        "p50_us": round(taken[len(taken) // 2] / 1_000),
        "p99_us": round(taken[len(taken) * 99 // 100] / 1_000),
    }


def gateways(key: JWK) -> dict[str, Gateway]:
    """A bare route, and one with everything: a token that is checked, two limits, a log of everything."""
    jwks = json.dumps({"keys": [json.loads(key.export_public())]})
    issuer = Provider(name="issuer", kind="jwt", issuer="bench", audiences=("bench",), jwks=jwks)
    limits = [
        Limit(name="ip", scope="ip", unit="second", requests=PLENTY),
        Limit(name="user", scope="user", unit="minute", requests=PLENTY),
    ]
    bare = Route(name="shop", upstream="demo/shop", path="/shop/")
    guarded = Route(name="shop", upstream="demo/shop", path="/shop/", authentication="issuer")
    quiet = Logging(share_ppm=0, slow_ms=60_000)
    return {
        "envoy_bare": Gateway(routes=[bare], logging=quiet),
        "envoy_auth_two_limits_log": Gateway(routes=[guarded], providers=[issuer], limits=limits),
    }


def measure(*, seconds: float, rounds: int) -> dict[str, Any]:
    """All subjects in turns; the median of the rounds counts."""
    key = JWK.generate(kty="OKP", crv="Ed25519", kid="bench")
    claims = {"iss": "bench", "aud": "bench", "sub": "ann", "exp": int(time.time()) + 3_600}
    signed = JWT(header={"alg": "EdDSA", "kid": "bench"}, claims=claims)
    signed.make_signed_token(key)
    token, found = signed.serialize(), dict[str, list[dict[str, float]]]()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder, upstream = Path(name), free_port()
        stack.enter_context(running(envoy(answering(upstream), "upstream", folder), upstream, folder))
        starts: dict[str, tuple[int, Callable[[], Sequence[str | Path]]]] = {}
        for title, gateway in gateways(key).items():
            port = free_port()
            config = door(folder, port, upstream, gateway)
            starts[title] = (port, lambda config=config, title=title: envoy(config, title, folder))  # type: ignore[misc]
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            print("nginx is not installed, so it is left out (Debian: apt-get install nginx-light).")
        else:
            port = free_port()
            (folder / "nginx.conf").write_text(nginx(folder, port, upstream))
            starts["nginx_two_limits_log"] = (port, lambda: [program, "-c", folder / "nginx.conf", "-p", folder])
        for _ in range(rounds):
            found.setdefault("direct", []).append(load(upstream, token, seconds))
            for title, (port, command) in starts.items():
                # Each is alone with the clients while it is measured.
                with running(command(), port, folder):
                    found.setdefault(title, []).append(load(port, token, seconds))
    return {
        "seconds": seconds,
        "rounds": rounds,
        "connections": CONNECTIONS,
        "cpus": os.cpu_count(),
        "subjects": {
            title: {name: median(one[name] for one in runs) for name in runs[0]} for title, runs in found.items()
        },
    }


def main() -> None:
    """Measure, print a table, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    figures = measure(seconds=given.seconds, rounds=given.rounds)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**kept, "gateway": figures}, indent=2) + "\n")
    for title, one in figures["subjects"].items():
        print(
            f"{title:28} {one['requests_per_s']:>9,.0f}/s   p50 {one['p50_us']:>6,.0f} us   p99 {one['p99_us']:>6,.0f} us"
        )


if __name__ == "__main__":
    sys.exit(main())
