"""`manage.py prepare_mesh`: register this host's parts of the platform, and leave its Envoy something to start from."""

from pathlib import Path

from django.core.management.base import BaseCommand

from mesh.dataplane import disk, documents, services
from mesh.dataplane.models import ConfigSnapshot
from mesh.dataplane.spec import Host
from mesh.dataplane.this_node import WEB_SOCKETS, host
from mesh.gateway.services.defaults import ensure_default_routes
from mesh.registry.platform_parts import register_platform
from opinion_market.kernel.clock import now as clock_now


class Command(BaseCommand):
    help = "Register this host's parts of the platform in the mesh; on a new host, write what its Envoy starts from."
    requires_system_checks = []

    def handle(self, **options: object) -> None:
        now = clock_now()
        here = host()
        register_platform(node=here.node, sockets=WEB_SOCKETS, now=now)
        with services.changing(actor=None, reason="The platform's own routes", now=now):
            ensure_default_routes(now=now)
        folder = Path(here.config)
        # A running Envoy reads its folder; only its controller may write there then.
        if disk.published(folder) is None:
            self._write(folder, here)

    def _write(self, folder: Path, here: Host) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        snapshot = ConfigSnapshot.objects.latest("pk")
        disk.note_published(folder, snapshot.pk, documents.dumped(documents.loaded(snapshot.resources)))
        disk.write_for_start(folder, here)
