"""The figures of the hub as tables, for the terminal and for docs/benchmarks.md."""

from pathlib import Path
from typing import Any

START = "<!-- measured: written by `make bench-realtime` -->"
END = "<!-- end of what was measured of the hub -->"
_QUANTILES = ("p50", "p90", "p99", "p999", "most")


def as_text(result: dict[str, Any]) -> str:
    """Markdown that reads well on a terminal, too."""
    machine = result["machine"]
    lines = [
        f"Measured {result['measured_at']} on {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}; PostgreSQL {machine['server_version']}, "
        f"Python {machine['python']}. Load average before: {machine['load_average_before']}.",
        "",
    ]
    crowds = [result[name] for name in ("fanout", "crowd", "saturated") if name in result]
    if crowds:
        lines += _crowds(crowds)
    if "screen" in result:
        lines += _screen(result["screen"])
    return "\n".join(lines).rstrip()


def _crowds(crowds: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| Clients x frames/s each | | frames/s | of Node's | p50 ms | p99 ms | us/frame | KiB/client | connections/s | waited |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in crowds:
        for side, name in (("peer", "Node `ws`"), ("hub", "hub")):
            row = each[side]
            title = f"{each['clients']:,} x {each['rate']}" if side == "peer" else ""
            share = f"**{each['ratio']:.0%}**" if side == "hub" else ""
            lines.append(
                f"| {title} | {name} | {row['frames_per_s']:,.0f} | {share} | {row['delay_ms_p50']:.0f} | "
                f"{row['delay_ms_p99']:.0f} | {row['server_us_per_frame']:.1f} | {row['server_kib_per_client']:.0f} | "
                f"{row['connections_per_s']:,.0f} | {row['server_waited']:.0%} |"
            )
    counts = ", ".join(str(each["rounds"]) for each in crowds)
    ratios = ", ".join(f"{each['ratio']:.2f}" for each in crowds[0]["rounds_measured"])
    return [
        *lines,
        "",
        f"Medians of rounds of {crowds[0]['seconds']} s each, taken in turns ({counts} of them); the first line's ratios: {ratios}. "
        "us/frame is the server's processor time; waited is the time in which it was ready and others had the processor.",
        "",
    ]


def _screen(figures: dict[str, Any]) -> list[str]:
    rows = [
        ("order due to its answer", figures["answer_ms"]),
        ("**answer to the frame with the trade, market's channel**", figures["answer_to_trade_ms"]),
        ("order due to that frame", figures["due_to_trade_ms"]),
        ("answer to the frame with the own fill, `orders`", figures["answer_to_own_fill_ms"]),
    ]
    used = ", ".join(f"{name} {cores:.2f}" for name, cores in figures["cores_used"].items() if cores >= 0.005)
    return [
        "| Trade to screen, ms | p50 | p90 | p99 | p99.9 | most |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {title} | {' | '.join(f'{quantiles[name]:.0f}' for name in _QUANTILES)} |"
            for title, quantiles in rows
            if quantiles is not None
        ),
        "",
        f"{figures['orders_per_s']} orders/s offered for {figures['seconds']} s over HTTP, {figures['answered_per_s']:g} answered, "
        f"{figures['trading_orders']:,} of them traded at once; {figures['watchers']} sockets got {figures['frames_per_s']:,} frames/s. "
        f"Cores used: {used}.",
    ]


def write_into(document: Path, result: dict[str, Any]) -> None:
    """Replace what stands between the markers. Raises ValueError if the document lacks them."""
    text = document.read_text(encoding="utf-8")
    before, found, rest = text.partition(START)
    _, found_end, after = rest.partition(END)
    if not (found and found_end):
        raise ValueError(f"{document.name} must hold the lines {START} and {END}.")
    document.write_text(f"{before}{START}\n\n{as_text(result)}\n\n{END}{after}", encoding="utf-8")
