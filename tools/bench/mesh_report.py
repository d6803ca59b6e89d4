"""The mesh's figures as tables, for the terminal and for docs/benchmarks.md."""

from pathlib import Path
from typing import Any

START = "<!-- measured: written by `make bench-mesh` -->"
END = "<!-- end of what was measured of the mesh -->"


def as_text(result: dict[str, Any]) -> str:
    """Markdown that reads well on a terminal, too."""
    machine = result["machine"]
    return "\n".join(
        [
            f"Measured on {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; load average "
            f"before: {machine['load_average_before']}.",
            "",
            *_dataplane(result["dataplane"]),
            "",
            *_gateway(result["gateway"]),
            "",
            *_bulk(result["registration"], result["experiments"]),
        ]
    )


def write(result: dict[str, Any], document: Path) -> None:
    """Put the tables between the markers. Raises ValueError where these are missing."""
    before, found, rest = document.read_text(encoding="utf-8").partition(START)
    _, found_end, after = rest.partition(END)
    if not (found and found_end):
        raise ValueError(f"{document.name} must hold the lines {START} and {END}.")
    document.write_text(f"{before}{START}\n\n{as_text(result)}\n\n{END}{after}", encoding="utf-8")


def _dataplane(figures: dict[str, Any]) -> list[str]:
    publish, breaker, failover = figures["publish"], figures["breaker"], figures["failover"]
    with_retries, without = failover["with_retries"], failover["without"]
    return [
        "| The data plane | median | worst |",
        "|---|---:|---:|",
        *(
            f"| {title}, {publish['services']} services and {publish['routes']:,} routes | "
            f"{publish[name]['median']:.0f} ms | {publish[name]['worst']:.0f} ms |"
            for title, name in (
                ("render", "render_ms"),
                ("Envoy's own check", "validate_ms"),
                ("publish until acknowledged", "publish_ms"),
            )
        ),
        f"| Envoy's memory with them | {publish['envoy_mib']:.0f} MiB | |",
        f"| killed Envoy to the first answer, from disk | {_middle(figures['start_from_disk_ms']):.0f} ms | "
        f"{max(figures['start_from_disk_ms']):.0f} ms |",
        f"| one of three instances killed, with retries: failed of {_sum(with_retries, 'requests'):,} requests | "
        f"{_sum(with_retries, 'failed')} | |",
        f"| without retries: failed of {_sum(without, 'requests'):,} | {_sum(without, 'failed')} | |",
        f"| last failure after the kill | {_middle([each['last_failure_ms'] for each in without]):.0f} ms | "
        f"{max(each['last_failure_ms'] for each in without):.0f} ms |",
        f"| breaker of {breaker['limit']}: most requests in hand at the service | {breaker['most_in_hand']} | |",
        f"| a refusal by it, inside Envoy (p50; p99) | {breaker['in_envoy_p50_ms']:.3f} ms | "
        f"{breaker['in_envoy_p99_ms']:.3f} ms |",
    ]


def _gateway(figures: dict[str, Any]) -> list[str]:
    return [
        f"| {figures['connections']} connections, {figures['seconds']:g} s, median of {figures['rounds']} rounds | "
        "requests/s | p50 | p99 |",
        "|---|---:|---:|---:|",
        *(
            f"| {title.replace('_', ' ')} | {one['requests_per_s']:,.0f} | {one['p50_us']:,.0f} us | {one['p99_us']:,.0f} us |"
            for title, one in figures["subjects"].items()
        ),
    ]


def _bulk(registration: dict[str, Any], experiments: dict[str, Any]) -> list[str]:
    return [
        "| Durable rows in bulk | per second | target |",
        "|---|---:|---:|",
        *(
            f"| instances registered, {clients} client{'s' if clients != '1' else ''} | {each['instances_per_s']:,.0f} | "
            f"{registration['target_per_s']:,} |"
            for clients, each in registration["clients"].items()
        ),
        f"| experiments created, 1 client | {experiments['per_s_median']:,} | {experiments['target_per_s']:,} |",
    ]


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _sum(rounds: list[dict[str, Any]], name: str) -> int:
    return int(sum(each[name] for each in rounds))
