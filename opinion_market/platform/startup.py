"""The steps from nothing to a platform that answers on its address."""

import http.client
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mesh.dataplane import disk
from mesh.dataplane.spec import ROSTER, Host
from opinion_market.platform import envoy, process
from opinion_market.platform.addresses import ANYWHERE, allowed_hosts, free_addresses
from opinion_market.platform.errors import PlatformError
from opinion_market.platform.instance import Instance, Secrets, open_instance
from opinion_market.platform.postgres import EmbeddedPostgres
from opinion_market.platform.redis import EmbeddedRedis
from opinion_market.platform.report import ADMIN_ANSWER, STEP, Report
from opinion_market.platform.services import (
    Service,
    background_services,
    child_environment,
    python_module,
    web_services,
)
from opinion_market.platform.supervisor import Supervisor
from opinion_market.settings.env import BASE_DIR, Launch, read_environment

ADMIN = "admin"
READY_PATIENCE_S = 90
# What a command needs to join the running platform.
# Whoever tries the platform at home makes an account, and has something to trade with.
DEMONSTRATION_ORGANIZATION, DEMONSTRATION_CREDITS = "demo-harbour", 1_000
JOINING = (
    "ENVIRONMENT",
    "SECRET_KEY",
    "SEAL_KEY",
    "ARCHIVE_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "ALLOWED_HOSTS",
    "PUBLIC_URL",
    "STATIC_ROOT",
    "EVIDENCE_ROOT",
    "MESH_FOLDER",
    "MESH_SOCKETS",
    "MESH_LOGS",
    "MESH_NODE",
    "MESH_ADDRESSES",
    "MESH_PORT",
    "SIGN_UP",
    "SIGN_UP_ORGANIZATION",
    "SIGN_UP_CREDITS",
)
# What depends on what: the last stage is stopped first.
DATA, WORK, FRONT = range(3)


@dataclass
class Startup:
    """One start of the platform; `run` returns once it answers, with everything it needs being kept running."""

    launch: Launch
    supervisor: Supervisor
    report: Report
    instance: Instance | None = None

    def close(self) -> None:
        """Leave the instance to others. To be called when nothing runs any more."""
        if self.instance is not None:
            self.instance.close()

    def run(self) -> None:
        """Take every step. Raises PlatformError when one fails; the caller stops what was started."""
        launch = self.launch
        instance = self.instance = open_instance(data_dir=launch.data_dir, port=launch.port)
        secrets = instance.secrets()
        addresses = free_addresses(launch.bind, launch.port)
        postgres = EmbeddedPostgres(
            instance.folder / "postgres", instance.sockets / "postgres", instance.log("postgres")
        )
        redis_socket = instance.private_sockets / "redis.sock"
        redis = EmbeddedRedis(redis_socket, instance.log("redis"), instance.folder / "redis", durable=True)
        environment = self._environment(instance, secrets, addresses, database_url=postgres.url, redis_url=redis.url)
        # Before anything is started: what the services would refuse later.
        read_environment(environment)
        instance.tell({name: environment[name] for name in JOINING if name in environment})
        if launch.database_url is None:
            self.supervisor.keep(postgres.start, stage=DATA)
            self.report.step("PostgreSQL is up")
        if launch.redis_url is None:
            self.supervisor.keep(redis.start, stage=DATA)
            self.report.step("Redis is up")
        host = self._host(instance, addresses)
        self.supervisor.roster = Path(host.config, ROSTER)
        # From disk, so that whoever calls meanwhile is told that the platform is starting. A new one has nothing there yet.
        opens_early = disk.write_for_start(Path(host.config), host)
        if opens_early:
            self._keep(instance, envoy.service(host), environment, stage=FRONT)
        facts = self._prepare(instance, secrets, environment)
        if not opens_early:
            self._keep(instance, envoy.service(host), environment, stage=FRONT)
        self.report.step("Starting the web servers")
        for service in web_services(instance, web_threads=launch.web_threads):
            self._keep(instance, service, environment, stage=WORK)
        self._await_ready(addresses[0], urlsplit(environment["PUBLIC_URL"]).netloc)
        # Only now: while they load, they would keep the web servers from the processors.
        self.report.step("Starting the workers")
        for service in background_services(instance, simulate=launch.simulate):
            self._keep(instance, service, environment, stage=WORK)
        self.report.ready([*facts, ("Data", str(instance.folder))])

    def _host(self, instance: Instance, addresses: tuple[str, ...]) -> Host:
        """This installation as a node of the mesh."""
        config = instance.folder / "mesh"
        config.mkdir(mode=0o700, exist_ok=True)
        return Host(
            node=_node(self.launch.port),
            addresses=addresses,
            port=self.launch.port,
            config=str(config),
            sockets=str(instance.private_sockets),
            logs=str(instance.folder / "logs"),
            trusted_proxies=self.launch.trusted_proxies,
        )

    def _environment(
        self, instance: Instance, secrets: Secrets, addresses: tuple[str, ...], *, database_url: str, redis_url: str
    ) -> dict[str, str]:
        """What every process is told. Only in development does it hold anything generated."""
        launch = self.launch
        generated = {}
        if launch.environment == "development":
            public_url = launch.public_url or f"http://localhost:{launch.port}"
            generated = {
                "SECRET_KEY": launch.secret_key or secrets.secret_key,
                "SEAL_KEY": launch.seal_key or secrets.seal_key,
                "ALLOWED_HOSTS": launch.allowed_hosts or ",".join(allowed_hosts(launch.bind, public_url)),
                "PUBLIC_URL": public_url,
                **_sign_up(launch),
            }
        return child_environment(
            os.environ,
            ENVIRONMENT=launch.environment,
            DATABASE_URL=launch.database_url or database_url,
            REDIS_URL=launch.redis_url or redis_url,
            STATIC_ROOT=str(instance.folder / "static"),
            EVIDENCE_ROOT=str(instance.folder / "evidence"),
            ARCHIVE_DIR=str(launch.archive_dir or instance.folder / "archive"),
            MESH_FOLDER=str(instance.folder / "mesh"),
            MESH_SOCKETS=str(instance.private_sockets),
            MESH_LOGS=str(instance.folder / "logs"),
            MESH_NODE=_node(launch.port),
            MESH_ADDRESSES=",".join(addresses),
            MESH_PORT=str(launch.port),
            **generated,
        )

    def _keep(self, instance: Instance, service: Service, environment: Mapping[str, str], *, stage: int) -> None:
        self.supervisor.keep_service(
            service, stage=stage, log=instance.log(service.name), folder=BASE_DIR, environment=environment
        )

    def _prepare(self, instance: Instance, secrets: Secrets, environment: Mapping[str, str]) -> list[tuple[str, str]]:
        """Run `prepare` to its end; return what to tell about the address and the administrator.

        Raises PlatformError with the end of its output when it fails.
        """
        log = instance.log("prepare")
        log.unlink(missing_ok=True)
        command = python_module("opinion_market.platform.prepare")
        environment = {**environment, "ADMIN_PASSWORD": secrets.admin_password}
        development = self.launch.environment == "development"
        if development:
            command = (*command, "--admin", ADMIN)
        running = process.start("prepare", command, log=log, folder=BASE_DIR, environment=environment)
        shown = 0
        try:
            while running.running:
                self.supervisor.watch()
                shown = self._show_steps(log, shown)
                time.sleep(0.05)
        finally:
            running.ask_to_stop()
            running.end(patience_s=5)
        if running.popen.returncode != 0:
            raise PlatformError(f"The preparation failed; its log {log} ends:\n{running.log_tail()}")
        facts = [("Address", environment["PUBLIC_URL"])]
        if development:
            changed = f"{ADMIN_ANSWER}password differs" in log.read_text(errors="replace")
            facts.append(("Admin", ADMIN))
            facts.append(("Password", "the one you changed it to" if changed else secrets.admin_password))
        return facts

    def _show_steps(self, log: Path, shown: int) -> int:
        """Show the steps the log names beyond the first `shown`; return how many have been shown."""
        lines = log.read_text(errors="replace").splitlines()
        steps = [line.removeprefix(STEP) for line in lines if line.startswith(STEP)]
        for step in steps[shown:]:
            self.report.step(step)
        return len(steps)

    def _await_ready(self, address: str, host: str) -> None:
        """Wait until /ready answers 200 through Envoy. Raises PlatformError naming what keeps it from doing so."""
        deadline_s = time.monotonic() + READY_PATIENCE_S
        while (answer := _ready(address, self.launch.port, host)) != 200:
            self.supervisor.watch()
            if time.monotonic() > deadline_s:
                logs = ", ".join(str(ended.log) for ended in self.supervisor.ended())
                raise PlatformError(
                    f"The platform is not ready after {READY_PATIENCE_S} s (/ready answers {answer or 'nothing'})"
                    + (f"; see {logs}." if logs else ".")
                )
            time.sleep(0.1)


def _node(port: int) -> str:
    """Two installations on one machine are two nodes."""
    return f"{socket.gethostname()[:100]}:{port}"


def _sign_up(launch: Launch) -> dict[str, str]:
    """In development people may sign up into the demonstration, unless the operator says otherwise."""
    organization = DEMONSTRATION_ORGANIZATION if launch.sign_up_organization is None else launch.sign_up_organization
    credits = DEMONSTRATION_CREDITS if launch.sign_up_credits is None else launch.sign_up_credits
    return {
        "SIGN_UP": str(launch.sign_up is not False).lower(),
        "SIGN_UP_ORGANIZATION": organization,
        "SIGN_UP_CREDITS": str(credits),
    }


def _ready(address: str, port: int, host: str) -> int | None:
    """The status of GET /ready, None while nobody answers."""
    connection = http.client.HTTPConnection("localhost" if address in ANYWHERE else address, port, timeout=5)
    try:
        connection.request("GET", "/ready", headers={"Host": host})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
