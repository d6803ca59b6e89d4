"""A real Envoy with real upstreams, told what to do by files, for tests of faults on real traffic.

It publishes what `mesh.chaos.rendering` makes of faults; the rest of its configuration is as small as can be.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from mesh.chaos import doors as tcp
from mesh.chaos import rendering
from mesh.dataplane.spec import Endpoint
from opinion_market.platform.binaries import envoy

_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment per answer

    def do_GET(self):
        body = self.server.name.encode().ljust(int(self.headers.get("x-size", "0")), b".")
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Upstream(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name = name
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that goes away is none of the test's concern."""

    def close(self):
        self.shutdown()
        self.server_close()

    @property
    def endpoint(self):
        return Endpoint(address="127.0.0.1", port=self.server_address[1])


class Plane:
    """Services by key (`mesh/name`), each with endpoints, behind one Envoy on a unix socket."""

    def __init__(self, services, doors=()):
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        self.services, self.doors, self.version, self.published = services, doors, 0, None
        self._write([])
        pipe = {"pipe": {"path": str(self.folder / "admin.sock")}}
        bootstrap = {
            "node": {"id": "test", "cluster": "test"},
            "admin": {"address": pipe},
            "dynamic_resources": {
                "cds_config": self._source("cds"),
                "lds_config": self._source("lds"),
            },
        }
        (self.folder / "bootstrap.json").write_text(json.dumps(bootstrap))
        self.log = (self.folder / "envoy.log").open("wb")
        self.process = subprocess.Popen(
            [str(envoy()), "-c", str(self.folder / "bootstrap.json"), "--disable-hot-restart", "--concurrency", "1", "-l", "warn"],
            stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip
        self.admin = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.folder / "admin.sock"), retries=0), base_url="http://admin"
        )
        self._wait()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.admin.close()
        shutil.rmtree(self.folder)

    def publish(self, faults):
        """Have Envoy do this, and wait until it says that it does; answers how long that took, in seconds."""
        if faults == self.published:
            return 0.0
        begun = time.monotonic()
        self._write(faults)
        self._wait()
        return time.monotonic() - begun

    def client(self, **kwargs):
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.folder / "mesh.sock")), timeout=5, **kwargs)

    def many(self, key, count, *, path="/", headers=None, at_once=40):
        """(status, seconds) of so many requests to a service."""
        return asyncio.run(self._many(key, count, path, headers or {}, at_once))

    async def _many(self, key, count, path, headers, at_once):
        mesh, _, name = key.partition("/")
        gate, found = asyncio.Semaphore(at_once), []

        async def one(client):
            async with gate:
                begun = time.perf_counter()
                answer = await client.get(path, headers=headers)
                found.append((answer.status_code, time.perf_counter() - begun))

        transport = httpx.AsyncHTTPTransport(uds=str(self.folder / "mesh.sock"))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{name}.{mesh}", timeout=10) as client:
            await asyncio.gather(*(one(client) for _ in range(count)))
        return found

    def _source(self, name):
        # Without the folder Envoy would watch the file that is replaced, not the one that replaces it.
        path = {"path": str(self.folder / f"{name}.json"), "watched_directory": {"path": str(self.folder)}}
        return {"path_config_source": path, "resource_api_version": "V3"}

    def _write(self, faults):
        self.version += 1
        self.published = list(faults)
        envoy_api = "type.googleapis.com/envoy.config"
        doors = [replace(each, revision=self.version) for each in self.doors]
        clusters = [self._cluster(key, faults) for key in self.services]
        clusters += rendering.clusters(faults) + tcp.clusters(doors)
        listeners = [self._mesh_listener(), *rendering.listeners(faults), *tcp.listeners(doors, faults)]
        self._put("cds", [{"@type": f"{envoy_api}.cluster.v3.Cluster", **each} for each in clusters])
        self._put("rds", [{"@type": f"{envoy_api}.route.v3.RouteConfiguration", **self._routes(faults)}])
        self._put("lds", [{"@type": f"{envoy_api}.listener.v3.Listener", **each} for each in listeners])

    def _put(self, name, resources):
        text = json.dumps({"version_info": str(self.version), "resources": resources})
        new = self.folder / f"{name}.new"
        new.write_text(text.replace("@sockets", str(self.folder)))
        os.replace(new, self.folder / f"{name}.json")

    def _wait(self):
        wanted = {
            f"{kind}.version_text" for kind in ("cluster_manager.cds", "listener_manager.lds", "http.mesh.rds.mesh")
        }
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if not (self.folder / "admin.sock").exists():  # httpx leaks the socket of a connection that is refused
                time.sleep(0.02)
                continue
            with suppress(httpx.HTTPError):
                text = self.admin.get("/stats?filter=version_text").text
                shown = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
                if all(shown.get(name) == f'"{self.version}"' for name in wanted):
                    return
            time.sleep(0.01)
        raise AssertionError((self.folder / "envoy.log").read_text()[-2_000:])

    def _cluster(self, key, faults):
        faults = [each for each in faults if each.service == key]
        endpoints = [
            {"endpoint": {"address": {"socket_address": {"address": each.address, "port_value": each.port}}}}
            for each in rendering.without(self.services[key], faults)
        ]
        assignment = {"cluster_name": key, "endpoints": [{"lb_endpoints": endpoints}]}
        return {"name": key, "type": "STATIC", "connect_timeout": "1s", "load_assignment": assignment}

    def _routes(self, faults):
        hosts = []
        for key in self.services:
            mesh, _, name = key.partition("/")
            own = [each for each in faults if each.service == key]
            route = {"match": {"prefix": "/"}, "route": {"cluster": key}}
            host = {"name": key, "domains": [f"{name}.{mesh}"], "routes": rendering.split_for_resets(route, own)}
            per_route = rendering.per_route(own)
            hosts.append({**host, "typed_per_filter_config": per_route} if per_route else host)
        return {"name": "mesh", "virtual_hosts": hosts}

    def _mesh_listener(self):
        manager = {
            "@type": _HCM,
            "stat_prefix": "mesh",
            "rds": {"route_config_name": "mesh", "config_source": self._source("rds")},
            "http_filters": [*rendering.http_filters(), {"name": "router", "typed_config": {"@type": _ROUTER}}],
        }
        return {
            "name": "mesh",
            "address": {"pipe": {"path": "@sockets/mesh.sock"}},
            "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
        }
