"""`manage.py run_mesh`: this host's part of the mesh, its Envoy and the controller that configures it."""

import os
import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType

from django.core.management.base import BaseCommand, CommandError

from mesh.dataplane import disk
from mesh.dataplane.controller import Controller
from mesh.dataplane.spec import ROSTER
from mesh.dataplane.this_node import admin_socket, host
from opinion_market.platform import envoy
from opinion_market.platform.errors import PlatformError
from opinion_market.platform.report import Report
from opinion_market.platform.services import Service
from opinion_market.platform.supervisor import Supervisor
from opinion_market.settings.env import BASE_DIR

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = (
        "Run this host's part of the mesh until stopped: Envoy, and the controller that hands it every change of the "
        "configuration. Several hosts may run it beside one database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--controller", action="store_true", help="The controller alone; somebody else keeps Envoy running."
        )

    def handle(self, *, controller: bool, **options: object) -> None:
        if controller:
            self._control()
        else:
            self._supervise()

    def _control(self) -> None:
        node = Controller(host(), admin_socket())

        def stop(_number: int, _frame: FrameType | None) -> None:
            node.stop.set()

        for number in _SIGNALS:
            signal.signal(number, stop)
        node.run()

    def _supervise(self) -> None:
        """Keep both running. Envoy starts from disk: with no database it serves what was last published."""
        here = host()
        logs = Path(here.logs)
        for folder in (logs, Path(here.config), Path(here.sockets)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        supervisor = Supervisor(Report())
        supervisor.roster = Path(here.config, ROSTER)
        stopped = False

        def stop(_number: int, _frame: FrameType | None) -> None:
            nonlocal stopped
            stopped = True

        for number in _SIGNALS:
            signal.signal(number, stop)
        own = Service("controller", (sys.executable, str(BASE_DIR / "manage.py"), "run_mesh", "--controller"))
        try:
            disk.write_for_start(Path(here.config), here)
            for service in (envoy.service(here), own):
                supervisor.keep_service(
                    service, stage=0, log=logs / f"{service.name}.log", folder=BASE_DIR, environment=dict(os.environ)
                )
            while not stopped:
                supervisor.watch()
                time.sleep(0.1)
        except PlatformError as error:
            raise CommandError(str(error)) from error
        finally:
            supervisor.stop()
