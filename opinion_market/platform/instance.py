"""One installation of the platform on this machine: where its data, logs, secrets and sockets are.

    <DATA_DIR>/<PORT>/   lock  secrets.json  environment.json (while it runs)  logs/  postgres/  redis/  static/
    <temporary folder>/opinion-market-<user id>-<digest>/   postgres/  private/

The sockets live apart because a unix socket's path may have no more than 107 characters. Their folder is named from the
data's, so that the next start finds and clears what a killed one left.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from opinion_market.platform.errors import PlatformError

# What remains for the names below it within a socket's 107 characters.
LONGEST_TEMPORARY_FOLDER = 50
LOG_ROTATION_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Secrets:
    """What is generated once and kept in secrets.json, readable by its owner only."""

    secret_key: str
    admin_password: str
    seal_key: str


@dataclass(frozen=True)
class Instance:
    """The folders of the installation that answers on `port`."""

    folder: Path
    sockets: Path
    lock: TextIO

    @property
    def private_sockets(self) -> Path:
        """For every socket but PostgreSQL's, which may run as another user."""
        return self.sockets / "private"

    def close(self) -> None:
        """Remove the sockets and release the lock. To be called when nothing runs any more."""
        environment_file(self.folder).unlink(missing_ok=True)
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.lock.close()

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def secrets(self) -> Secrets:
        """Read the generated secrets; generate those that are missing: all the first time, new ones after an update."""
        path = self.folder / "secrets.json"
        try:
            known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
            complete = {
                "secret_key": secrets.token_urlsafe(48),
                "admin_password": secrets.token_urlsafe(12),
                "seal_key": secrets.token_urlsafe(32),
                **known,
            }
            if complete != known:
                _write_privately(path, complete)
            return Secrets(**complete)
        except (ValueError, TypeError, OSError) as error:
            raise PlatformError(f"{path} cannot be read ({error}); remove it to have new secrets generated.") from None

    def tell(self, environment: Mapping[str, str]) -> None:
        """Note what the platform's processes are told, for commands that join them (`platform.manage`)."""
        _write_privately(environment_file(self.folder), environment)


def environment_file(folder: Path) -> Path:
    """Where a running instance notes its environment; it holds the secret key, and is for its owner's eyes."""
    return folder / "environment.json"


def _write_privately(path: Path, document: Mapping[str, str]) -> None:
    new = path.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file, indent=2)
    new.replace(path)


def open_instance(*, data_dir: Path, port: int) -> Instance:
    """Make the folders and take the lock, which the kernel releases when this process ends however it ends.

    Raises PlatformError when another process holds it or the folder cannot be written.
    """
    folder = data_dir.resolve() / str(port)
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+")
    except OSError as error:
        raise PlatformError(
            f"{folder} cannot be written ({error.strerror}); set DATA_DIR to a folder of yours."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            lock.seek(0)
            holder = lock.read().strip()
        raise PlatformError(
            f"The platform is already running on port {port} from this folder (process {holder}); "
            "stop it, or choose another port: PORT=8100 make run."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    _rotate_logs(folder / "logs")
    return Instance(folder, _socket_folder(folder), lock)


def temporary_folder() -> Path:
    """Where sockets may live: the system's temporary folder, unless its path is too long for one."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= LONGEST_TEMPORARY_FOLDER else "/tmp")  # noqa: S108 - only 0711 folders are made in it


def _socket_folder(folder: Path) -> Path:
    """An empty folder of this user's own. Its name can be guessed, so one that somebody else made is refused."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    sockets = temporary_folder() / f"opinion-market-{os.geteuid()}-{digest}"
    if sockets.is_symlink() or (sockets.exists() and sockets.stat().st_uid != os.geteuid()):
        raise PlatformError(f"{sockets} belongs to another user; remove it, or set TMPDIR to a folder of your own.")
    shutil.rmtree(sockets, ignore_errors=True)
    sockets.mkdir(mode=0o711)
    (sockets / "private").mkdir(mode=0o700)
    sockets.chmod(0o711)
    return sockets


def _rotate_logs(logs: Path) -> None:
    """Set aside logs that have grown large; one older copy of each is kept."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_ROTATION_BYTES:
            log.replace(log.with_suffix(".log.1"))
