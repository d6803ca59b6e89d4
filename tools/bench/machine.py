"""Which machine a figure belongs to."""

import os
import platform
from pathlib import Path

import psycopg


def describe(database_url: str) -> dict[str, str | int]:
    """Processor, cores this process may use, memory, kernel, and the versions of Python and PostgreSQL."""
    with psycopg.connect(database_url) as connection:
        durability = {
            name: connection.execute(f"SHOW {name}").fetchone()
            for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes")
        }
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average_before": str(os.getloadavg()[0]),
        **{name: row[0] if row else "" for name, row in durability.items()},
    }


def _field(file: str, name: str) -> str:
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
