"""A process that uses up CPU or memory for a while, and no more: `python -m mesh.chaos.stress`. No Django.

It is bounded four times over: it ends at its deadline; the kernel kills it when its parent dies; RLIMIT_CPU and RLIMIT_AS bound
what it can use; and it looks for its parent itself each time round.
"""

import argparse
import ctypes
import math
import os
import resource
import signal
import time

SLICE_S = 0.05
_PR_SET_PDEATHSIG = 1
_MIB = 1 << 20
# What Python itself takes of the address space, with room.
_OWN_MIB = 512


def main() -> None:
    """Read the command line, bound this process, and work until the deadline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True, help="Its process id.")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--cpu", type=int, default=0, help="Percent of one CPU.")
    parser.add_argument("--mib", type=int, default=0)
    given = parser.parse_args()
    deadline_s = time.monotonic() + given.seconds
    _bound(given.parent, given.seconds, given.cpu, given.mib)
    held = _take(given.mib)
    while time.monotonic() < deadline_s and os.getppid() == given.parent:
        _slice(given.cpu / 100)
    del held


def _bound(parent: int, seconds: float, cpu: int, mib: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel knew whose end to watch for
        raise SystemExit(1)
    allowed_s = math.ceil(seconds * cpu / 100) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (allowed_s, allowed_s))
    allowed = (mib + _OWN_MIB) * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _take(mib: int) -> bytearray:
    """Memory that is really there: every page is written to."""
    held = bytearray(mib * _MIB)
    for place in range(0, len(held), resource.getpagesize()):
        held[place] = 1
    return held


def _slice(share: float) -> None:
    """Work for a share of SLICE_S and sleep for the rest of it."""
    until_s = time.monotonic() + SLICE_S * share
    while time.monotonic() < until_s:
        pass
    if share < 1:
        time.sleep(SLICE_S * (1 - share))


if __name__ == "__main__":
    main()
