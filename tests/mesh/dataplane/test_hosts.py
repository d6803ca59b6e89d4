"""Several hosts on one database, and a host that runs by `manage.py run_mesh` alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import psutil
import pytest
from django.conf import settings

from governance.identity.models import User
from mesh.dataplane import services
from mesh.dataplane.localising import localise
from mesh.dataplane.models import Acknowledgement, ConfigSnapshot
from mesh.dataplane.rendering.whole import render
from mesh.dataplane.spec import Endpoint, Host
from mesh.dataplane.this_node import WEB_SOCKETS
from mesh.registry.models import Mesh, Service
from mesh.registry.platform_parts import register_platform
from opinion_market.kernel.clock import now
from opinion_market.kernel.ids import uuid7_text
from opinion_market.settings.env import BASE_DIR
from tests.mesh.dataplane.test_controller import controlling, eventually
from tests.mesh.processes import Node, free_port, service, wanting

pytestmark = pytest.mark.xdist_group("mesh")


def test_a_host_gets_its_own_sockets_and_addresses_only() -> None:
    web = service("web", Endpoint(socket="granian.sock", node="one"), Endpoint(socket="granian.sock", node="two"))
    host = Host(
        node="two",
        addresses=["192.0.2.1", "192.0.2.2"],
        port=80,
        config="/c",
        sockets="/s",
        logs="/l",
        trusted_proxies=1,
    )
    found = localise(render(wanting(web)), host)
    text = str(found)
    assert [str(cluster).count("/s/granian.sock") for cluster in found.cds if cluster["name"] == "platform/web"] == [1]
    assert [listener["name"] for listener in found.lds] == ["front_door_192.0.2.1", "front_door_192.0.2.2", "mesh"]
    assert "@" not in text.replace("@type", "")
    assert text.count("'xff_num_trusted_hops': 1") >= 2


def test_two_hosts_take_the_same_change(node: Node, committed_db: None) -> None:
    operator = User.objects.create_superuser(f"operator-{uuid7_text()}", password=None)
    register_platform(node="here", sockets=WEB_SOCKETS, now=now())
    with TemporaryDirectory(prefix="om-mesh-") as folder:
        other = Node(Path(folder), name="there")
        try:
            services.follow_instances(now=now())
            with controlling(node), controlling(other):
                for each in (node, other):
                    eventually(lambda each=each: Path(each.host.config, "lds.json").exists())
                    each.start()
                with services.changing(actor=operator, reason="for both", now=now()):
                    mesh = Mesh.objects.create(name=f"m-{uuid7_text()[-12:]}", created_at=now())
                    Service.objects.create(mesh=mesh, name="orders", type="trading", created_at=now(), updated_at=now())
                newest = ConfigSnapshot.objects.latest("pk")
                taken = Acknowledgement.objects.filter(snapshot=newest, is_accepted=True)
                eventually(lambda: set(taken.values_list("node", flat=True)) >= {"here", "there"})
        finally:
            other.close()


@contextmanager
def run_mesh(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py run_mesh` as on a host of its own."""
    places = {name: str(folder / name.lower()) for name in ("MESH_FOLDER", "MESH_SOCKETS", "MESH_LOGS")}
    # The tests' own database, on the server of the test run.
    server = urlsplit(settings.ENV.database_url)
    database = urlunsplit(server._replace(path=f"/{settings.DATABASES['default']['NAME']}"))
    environment = {
        **os.environ,
        **places,
        "MESH_NODE": "alone",
        "MESH_PORT": str(port),
        "DATABASE_URL": database,
    }
    process = subprocess.Popen(
        [sys.executable, str(BASE_DIR / "manage.py"), "run_mesh"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_run_mesh_serves_and_puts_a_killed_envoy_and_a_killed_controller_back(committed_db: None) -> None:
    register_platform(node="here", sockets=WEB_SOCKETS, now=now())
    services.follow_instances(now=now())
    with TemporaryDirectory(prefix="om-mesh-") as name, run_mesh(Path(name), free_port()) as running:

        def child(text: str) -> psutil.Process | None:
            family = psutil.Process(running.pid).children(recursive=True)
            living = [each for each in family if each.status() != psutil.STATUS_ZOMBIE]
            return next((each for each in living if text in " ".join(each.cmdline())), None)

        def taken() -> bool:
            newest = ConfigSnapshot.objects.latest("pk")
            return Acknowledgement.objects.filter(node="alone", snapshot=newest, is_accepted=True).exists()

        eventually(taken, within_s=60)
        for text in ("bootstrap.json", "--controller"):
            before = child(text)
            assert before is not None
            before.kill()
            eventually(
                lambda before=before, text=text: (found := child(text)) is not None and found.pid != before.pid,
                within_s=60,
            )
        Acknowledgement.objects.filter(node="alone").delete()
        with services.changing(actor=None, reason="after both were killed", now=now()):
            Mesh.objects.create(name=f"m-{uuid7_text()[-12:]}", created_at=now())
            mesh = Mesh.objects.latest("created_at")
            Service.objects.create(mesh=mesh, name="orders", type="trading", created_at=now(), updated_at=now())
        eventually(taken, within_s=60)
        family = psutil.Process(running.pid).children(recursive=True)
    time.sleep(0.2)
    assert [each for each in family if each.is_running()] == []
