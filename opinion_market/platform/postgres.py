"""An embedded PostgreSQL 18: created once, reached only through a unix socket, by the user who runs the platform.

Authentication is by `peer`: the kernel tells the server who connects, so there is no password to keep or to lose.
The application's role owns its database and may create others (the tests do), but is not a superuser.
Text sorts by code point (the built-in C.UTF-8), so an index never depends on the machine's C library.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from opinion_market.platform import binaries, process
from opinion_market.platform.account import Account, current_name, server_account
from opinion_market.platform.errors import PlatformError

ROLE = "opinion_market"
DATABASE = "opinion_market"
SUPERUSER = "postgres"

# For a small machine. What makes a commit durable is left at PostgreSQL's defaults: fsync, synchronous_commit and
# full_page_writes are on, and stated here so that nobody has to look them up.
CONFIGURATION = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "wal_compression": "pglz",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "1s",
}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A server with its data in `data` and its socket in `sockets`, whose path is short and whose parents are private."""

    data: Path
    sockets: Path
    log: Path

    @property
    def url(self) -> str:
        """For libpq and for DATABASE_URL."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self.sockets))}"

    @property
    def account(self) -> Account | None:
        return server_account(programs=binaries.postgresql("postgres").parent, data=self.data)

    def start(self, *, patience_s: float = 60) -> process.Process:
        """Create the cluster if there is none, start the server and wait until it answers.

        Raises PlatformError, with the end of the server's log, when it does not.
        """
        account = self.account
        try:
            return self._start(account, patience_s)
        except subprocess.SubprocessError as error:
            # What `preexec_fn` ran into: a container without the capabilities to change the user.
            name = account.name if account else current_name()
            raise PlatformError(
                f"PostgreSQL could not be started as {name} ({error}); run as an ordinary user."
            ) from None

    def _start(self, account: Account | None, patience_s: float) -> process.Process:
        self._prepare_folders(account)
        if not (self.data / "PG_VERSION").exists():
            self._initialize(account)
        self._clear_stale_lock()
        options = [f"-c{name}={value}" for name, value in CONFIGURATION.items()]
        server = process.start(
            "postgres",
            [
                binaries.postgresql("postgres"),
                *("-D", self.data),
                *("-k", self.sockets),
                f"-chba_file={self._hba}",
                f"-cident_file={self._ident}",
                *options,
            ],
            log=self.log,
            account=account,
            folder=Path("/"),
            orphan_signal=signal.SIGINT,
            stop_signal=signal.SIGINT,  # PostgreSQL's "fast" shutdown; SIGTERM would wait for every client to leave
        )
        try:
            self._await(server, patience_s)
            self._create_role_and_database()
        except BaseException:
            process.stop([server], patience_s=10)
            raise
        return server

    @property
    def _hba(self) -> Path:
        return self.sockets.parent / "pg_hba.conf"

    @property
    def _ident(self) -> Path:
        return self.sockets.parent / "pg_ident.conf"

    def _prepare_folders(self, account: Account | None) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.sockets.mkdir(mode=0o755)
        owner = account.uid if account else os.geteuid()
        if account and self.data.stat().st_uid == 0:
            os.chown(self.data, account.uid, account.gid)
        if self.data.stat().st_uid != owner:
            raise PlatformError(f"{self.data} belongs to another user; run as that user, or remove it to start afresh.")
        if account:
            os.chown(self.sockets, account.uid, account.gid)
        user = current_name()
        self._hba.write_text("local all all peer map=supervisor\n")
        self._ident.write_text("".join(f'supervisor "{user}" {role}\n' for role in (ROLE, SUPERUSER)))
        for file in (self._hba, self._ident):
            file.chmod(0o644)

    def _initialize(self, account: Account | None) -> None:
        command = [str(binaries.postgresql("initdb")), "-D", str(self.data), "-U", SUPERUSER, "-E", "UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=peer"]
        result = subprocess.run(
            [*command, "--no-instructions"],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            preexec_fn=account.assume if account else None,
        )
        if result.returncode != 0:
            raise PlatformError(f"PostgreSQL could not create its data folder {self.data}:\n{result.stderr.strip()}")

    def _clear_stale_lock(self) -> None:
        """Remove the lock file a killed server left. Its process id may by now belong to anybody.

        The caller holds the instance's own lock, so the only server that could still be running is one whose
        supervisor was killed a moment ago; that one is waited for.
        """
        lock = self.data / "postmaster.pid"
        deadline = time.monotonic() + 20
        while lock.exists() and _is_server_on(lock, self.data):
            if time.monotonic() > deadline:
                raise PlatformError(f"A PostgreSQL server is still running on {self.data}; stop it first.")
            time.sleep(0.1)
        lock.unlink(missing_ok=True)

    def _await(self, server: process.Process, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError as error:
                if not server.running or time.monotonic() > deadline:
                    reason = server.log_tail() or str(error)
                    raise PlatformError(f"PostgreSQL did not start; its log {self.log} ends:\n{reason}") from None
                time.sleep(0.02)
            else:
                return

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=5
        )

    def _create_role_and_database(self) -> None:
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")


def _is_server_on(lock: Path, data: Path) -> bool:
    """Whether the process named in the lock file is alive and is a PostgreSQL server on this data folder."""
    with suppress(OSError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        return str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return False
