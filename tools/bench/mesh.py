"""`make bench-mesh`: the data plane, the gateway beside nginx, registration and experiments in bulk, in one run.

    python -m opinion_market.platform.throwaway -- python -m tools.bench.mesh

Writes var/bench/mesh.json and its section of docs/benchmarks.md. Its database must be a throw-away one.
"""

import json
import os
import sys
from pathlib import Path

# The first of these sets Django up; models may be imported only then.
from tools.bench import mesh_registration  # isort: skip
from opinion_market.settings.env import read_environment
from tools.bench import mesh_dataplane, mesh_experiments, mesh_gateway, mesh_report
from tools.bench.machine import describe

OUTPUT = Path("var/bench/mesh.json")
DOCUMENT = Path("docs/benchmarks.md")


def main() -> int:
    """Measure everything, print the tables, keep the figures."""
    environment = read_environment()
    if environment.environment != "test":
        print("The benchmark fills the database it is given; run it beside a throw-away one.", file=sys.stderr)
        return 2
    load_before = os.getloadavg()[0]
    result = {
        "machine": {**describe(str(environment.database_url)), "load_average_before": round(load_before, 2)},
        "experiments": mesh_experiments.measure(),
        "registration": mesh_registration.measure(),
        "dataplane": mesh_dataplane.measure(),
        "gateway": mesh_gateway.measure(seconds=3, rounds=3),
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(result, indent=2) + "\n")
    print(mesh_report.as_text(result))
    mesh_report.write(result, DOCUMENT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
