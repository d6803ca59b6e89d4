"""How many experiments per second are written down, durably, by the service that the API calls.

    python -m tools.bench.mesh_experiments [rows] [batch]

Run it against a database of its own (`python -m opinion_market.platform.throwaway -- …`). One process, one connection; every
batch is one transaction with synchronous_commit on; what is counted are rows that a second connection sees afterwards. The
profile says where the time of a batch goes: checking the drafts, writing the lines, and PostgreSQL.
"""

import json
import sys
import time
from statistics import median
from typing import Any

import django
from django.core.management import call_command
from django.db import transaction

from opinion_market.settings.env import BASE_DIR, choose_settings_module

choose_settings_module()
django.setup()

from governance.identity.models import User  # noqa: E402
from mesh.chaos import bulk, services  # noqa: E402
from mesh.chaos.drafts import ExperimentDraft  # noqa: E402
from mesh.chaos.models import Experiment  # noqa: E402
from mesh.registry.models import Mesh, Service  # noqa: E402
from opinion_market.kernel import clock  # noqa: E402

TARGET_PER_S = 129_854
RESULT = BASE_DIR / "var" / "bench" / "mesh_experiments.json"
CHECKS = [{"metric": "error_percent", "limit": 1}]
METHOD = [{"mode": "latency", "delay_ms": 100}]


def drafts(count: int) -> list[ExperimentDraft]:
    """Experiments that differ in name, share and time, as a campaign over a service would."""
    return [
        ExperimentDraft(
            name=f"Latency {number}",
            service="bench/web",
            hypothesis=CHECKS,
            method=METHOD,
            safety=CHECKS,
            percent=0.01 * (1 + number % 10_000),
            duration_s=1 + number % 600,
        )
        for number in range(count)
    ]


def prepared() -> User:
    """An operator and a service."""
    call_command("migrate", verbosity=0)
    now = clock.now()
    mesh, _ = Mesh.objects.get_or_create(name="bench", defaults={"created_at": now})
    given = {"type": "trading", "created_at": now, "updated_at": now}
    Service.objects.get_or_create(mesh=mesh, name="web", defaults=given)
    return User.objects.get_or_create(username="bench", defaults={"is_superuser": True})[0]


def shares(actor: User, rows: list[ExperimentDraft]) -> dict[str, float]:
    """Microseconds per row: checking, making the lines, and the COPY with its commit."""
    begun = time.perf_counter()
    check = services.checker()
    checked = [check.checked(draft) for draft in rows]
    at_checked = time.perf_counter()
    by, ids = f"{actor.pk}\t{clock.now()}", list[str]()
    lines = list(bulk.lines(checked, by, ids))
    at_lines = time.perf_counter()
    with transaction.atomic():
        bulk.copy_lines(Experiment._meta.db_table, bulk.COLUMNS, lines)
    at_copied = time.perf_counter()
    marks = {"checking": at_checked - begun, "lines": at_lines - at_checked, "postgresql": at_copied - at_lines}
    return {name: round(1e6 * seconds / len(rows), 2) for name, seconds in marks.items()}


def measure(*, count: int = 400_000, batch: int = 5_000) -> dict[str, Any]:
    """Write batches, count what is there; rates per second, and microseconds per row by what takes them."""
    actor, rows = prepared(), drafts(batch)
    services.create_experiments(actor=actor, drafts=rows, now=clock.now())  # plans and caches
    before, rates = Experiment.objects.count(), []
    for _ in range(count // batch):
        begun = time.perf_counter()
        services.create_experiments(actor=actor, drafts=rows, now=clock.now())
        rates.append(batch / (time.perf_counter() - begun))
    return {
        "rows": Experiment.objects.count() - before,
        "batch": batch,
        "per_s_median": round(median(rates)),
        "per_s_best": round(max(rates)),
        "target_per_s": TARGET_PER_S,
        "us_per_row": shares(actor, rows),
    }


def main() -> None:
    """Measure and print."""
    found = measure(count=int(sys.argv[1])) if len(sys.argv) > 1 else measure()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
