"""The figures as a table, for the terminal and for docs/benchmarks.md."""

from pathlib import Path
from typing import Any

START = "<!-- measured: written by `make bench` -->"
END = "<!-- end of what was measured -->"


def as_text(result: dict[str, Any]) -> str:
    """Markdown that reads well on a terminal, too."""
    machine = result["machine"]
    lines = [
        f"Measured {result['measured_at']} on {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}; PostgreSQL {machine['server_version']} "
        f"(fsync {machine['fsync']}, synchronous_commit {machine['synchronous_commit']}), Python {machine['python']}. "
        f"Load average before: {machine['load_average_before']}.",
        "",
    ]
    if "sequencer" in result:
        lines += _sequencer(result["sequencer"])
    if "http" in result:
        lines += _http(result["http"])
    if "eventstore" in result:
        lines += _eventstore(result["eventstore"])
    if "growth" in result:
        lines += _growth(result["growth"])
    audited = result["audit"]
    lines.append(
        f"Afterwards all books were audited: {audited['orders']:,} orders, {audited['events']:,} events in "
        f"{audited['streams']:,} streams; all {audited['checks']} checks passed."
    )
    return "\n".join(lines)


def _sequencer(figures: dict[str, Any]) -> list[str]:
    middle, yardstick = figures["median"], figures["pgbench"]
    rounds = ", ".join(f"{each['ratio']:.2f}" for each in figures["rounds_measured"])
    return [
        "| Durable commits, one server | per second |",
        "|---|---:|",
        f"| pgbench TPC-B, scale {yardstick['scale']}, {yardstick['clients']} clients, {yardstick['threads']} threads: "
        f"transactions | {middle['pgbench_tps']:,.0f} |",
        f"| sequencer, {figures['processes']} processes x {figures['threads']} threads, {figures['traders']} accounts each, "
        f"batches of {figures['batch']}: orders | {middle['orders_per_s']:,.0f} |",
        f"| of them trading on arrival | {middle['crossing_share']:.0%} |",
        f"| trades | {middle['trades_per_s']:,.0f} |",
        f"| batches (transactions) | {middle['batches_per_s']:,.0f} |",
        f"| **orders per pgbench transaction** | **{middle['ratio']:.2f}** |",
        "",
        f"Median of {figures['rounds']} rounds of {figures['seconds']:g} s each; their ratios: {rounds}. Fees on (taker "
        f"{figures['taker_fee_bps']} bps, maker {figures['maker_fee_bps']} bps).",
        "",
        "| A flush takes longer by | pgbench transactions/s | orders/s | ratio |",
        "|---|---:|---:|---:|",
        *(
            f"| {each['added_us'] / 1000:g} ms | {each['pgbench_tps']:,.0f} | {each['orders_per_s']:,.0f} | "
            f"**{each['ratio']:.1f}** |"
            for each in figures["slower_flushes"]
        ),
        "",
    ]


def _http(figures: dict[str, Any]) -> list[str]:
    lines = [
        "| HTTP | requests/s | of empty | p50 ms | p99 ms | of empty |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    titles = {"empty": "view that does nothing", "orders": "single orders", "batches": "", "market": "one market"}
    titles["batches"] = f"batches of {figures['batch']} orders"
    for count, group in figures["clients"].items():
        clients = "1 client" if count == "1" else f"{count} clients"
        for name, row in group.items():
            share, slower = f"**{row['requests_per_s_ratio']:.0%}**", f"{row['p99_ms_ratio']:.1f}x"
            own = "8 clients" if name == "batches" else clients
            of_empty = ("", "") if name in {"empty", "batches"} else (share, slower)
            lines.append(
                f"| {titles.get(name, name)}, {own} | {row['requests_per_s']:,.0f} | {of_empty[0]} | "
                f"{row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {of_empty[1]} |"
            )
    batches = figures["clients"]["32"]["batches"]["requests_per_s"] * figures["batch"]
    return [
        *lines,
        "",
        f"Median of {figures['rounds']} rounds of {figures['seconds']:g} s each, taken in turns; shares are medians of the "
        f"rounds' own. In batches: **{batches:,.0f} durable orders/s**. {figures['markets']} markets, one of them traded.",
        "",
    ]


def _eventstore(figures: dict[str, Any]) -> list[str]:
    lines = [
        f"| Durable appends, {figures['clients']} clients, events of {figures['event_bytes']} bytes | events/s | ours / theirs |",
        "|---|---:|---:|",
    ]
    for size, each in figures["batches"].items():
        shape = "one event each" if size == "1" else f"batches of {size}"
        for name, rate in each["events_per_s"].items():
            ratio = f"**{each['ratio'][name]:.1f}**" if name in each["ratio"] else ""
            lines.append(f"| {name}, {shape} | {rate:,.0f} | {ratio} |")
    return [
        *lines,
        "",
        f"Median of {figures['rounds']} rounds of {figures['seconds']:g} s each, taken in turns; ratios are medians of the "
        "rounds' own.",
        "",
    ]


def _growth(figures: dict[str, Any]) -> list[str]:
    lines = [
        "| An order's cost, us | empty platform | grown, one market | grown, all markets |",
        "|---|---:|---:|---:|",
    ]
    for name, each in figures["shapes"].items():
        cost, ratio = each["us_per_order"], each["ratio"]
        lines.append(
            f"| {name} | {cost['empty']:,.0f} | {cost['one market']:,.0f} (**{ratio['one market']:.2f}x**) | "
            f"{cost['all markets']:,.0f} (**{ratio['all markets']:.2f}x**) |"
        )
    deep, ordinary = figures["deep"], figures["ordinary"]
    return [
        *lines,
        "",
        f"Grown: {figures['open_markets']:,} open markets, {figures['resting_orders']:,} resting orders, "
        f"{figures['all_events']:,} events, built in {figures['built_in_s']:,.0f} s. Medians of short turns, "
        f'{figures["rounds"] * figures["seconds"]:g} s each in all; "all markets" draws a market anew for each batch.',
        "",
        f"A cold market of {ordinary['version']:,} events without a snapshot is rebuilt in {_load(ordinary)}; one with "
        f"{deep['resting']:,} resting orders, from its snapshot and {deep['version'] - deep['snapshot_version']:,} events "
        f"after it, in {_load(deep)}. Its state takes {deep['mib']:.1f} MiB: "
        f"**{deep['mib_per_10000_resting']:.1f} MiB per 10,000 resting orders**. All the markets, loaded, took "
        f"{figures['warm_grown_mib']:,.0f} MiB.",
        "",
    ]


def _load(market: dict[str, Any]) -> str:
    figures = market["load_ms"]
    return f"**{figures['median']:.0f} ms** (at best {figures['least']:.0f}; {figures['busy']:.0f} of them in Python)"


def write_into(document: Path, result: dict[str, Any]) -> None:
    """Replace what stands between the markers. Raises ValueError if the document lacks them."""
    text = document.read_text()
    before, found, rest = text.partition(START)
    _, found_end, after = rest.partition(END)
    if not (found and found_end):
        raise ValueError(f"{document.name} must hold the lines {START} and {END}.")
    document.write_text(f"{before}{START}\n\n{as_text(result)}\n\n{END}{after}")
