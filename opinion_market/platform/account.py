"""Who PostgreSQL runs as. It refuses to run as root, so under root it gets the account `nobody`.

`nobody` exists everywhere, so nothing is added to the machine. Where it cannot reach the programs or the data, as below
a private home folder, no permission is changed: the server's processes alone keep CAP_DAC_OVERRIDE as an ambient
capability (capabilities(7)). The database role of the application is not a superuser, so SQL cannot use that power.
"""

import ctypes
import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from opinion_market.platform.errors import PlatformError

UNPRIVILEGED_NAME = "nobody"

_CAP_DAC_OVERRIDE = 1
_CAP_SETPCAP = 8
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_PR_CAPBSET_READ = 23

# Loaded at import: between fork and exec nothing may import or take the loader's lock.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """An account to switch to, and whether its processes need CAP_DAC_OVERRIDE to reach their files."""

    name: str
    uid: int
    gid: int
    override_permissions: bool

    def assume(self) -> None:
        """Become this account for good. Runs between fork and exec, as root."""
        if self.override_permissions:
            # Keeps the capabilities through setuid below, and makes access(2) honour them, by which PostgreSQL looks
            # for its programs. All but one are given up a moment later.
            _check(_libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)
        if self.override_permissions:
            header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
            bit = 1 << _CAP_DAC_OVERRIDE
            # effective, permitted, inheritable; for capabilities 0-31, then 32-63
            _check(_libc.capset(header, (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)))
            _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0))


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this signal when the starting thread ends. Runs between fork and exec, after any setuid."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0))


def current_name() -> str:
    """The name of the user at work, as PostgreSQL's peer authentication will see it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise PlatformError(
            f"User {os.geteuid()} has no entry in /etc/passwd, which PostgreSQL needs; "
            "add one, or set DATABASE_URL to use another server."
        ) from None


def server_account(*, programs: Path, data: Path) -> Account | None:
    """The account to run PostgreSQL as; None means the present one.

    programs: folder of the executables; data: the data folder, which need not exist yet.
    """
    if os.geteuid() != 0:
        current_name()
        return None
    entry = pwd.getpwnam(UNPRIVILEGED_NAME)
    needed = [*data.parents, programs, *programs.parents]
    closed = _not_searchable(needed)
    program = programs / "postgres"
    if not closed and not program.stat().st_mode & stat.S_IXOTH:
        closed = [program]
    if closed and not all(map(_has_capability, (_CAP_DAC_OVERRIDE, _CAP_SETPCAP))):
        raise PlatformError(
            f"PostgreSQL does not run as root, and {UNPRIVILEGED_NAME} cannot reach {closed[0]}; "
            f"run `chmod o+x '{closed[0]}'`, use a folder everybody may enter, or run as an ordinary user."
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, override_permissions=bool(closed))


def _not_searchable(folders: Iterable[Path]) -> list[Path]:
    """Those among the folders that exist and that others may not enter."""
    return [folder for folder in folders if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH]


def _has_capability(number: int) -> bool:
    """Whether root has it here; containers may have dropped it."""
    return bool(_libc.prctl(_PR_CAPBSET_READ, number, 0, 0, 0) == 1)


def _check(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
