"""Reading how the exchange and the event store are doing, in a worker's thread. The figures are of all tenants together."""

from datetime import timedelta
from typing import Any

from governance.access.policies import Access
from markets.performance import selectors
from markets.performance.histograms import BATCH_BOUNDS
from markets.performance.recording import SECOND
from markets.performance.selectors import RANGES, Slot, settled_until
from opinion_market.eventstore import selectors as eventstore
from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.statistics import EVENT_STATISTICS
from opinion_market.kernel import clock
from opinion_market.kernel.errors import NotPermitted

# What "now" is an average over, and how far back a client that missed updates finds the seconds.
NOW = 10 * SECOND
RECENT = timedelta(minutes=5)

Figures = dict[str, Any]


def require_platform_staff(access: Access) -> None:
    """Raises NotPermitted unless the caller sees every organization: a tenant's own admins do not run the platform."""
    if not access.everything:
        raise NotPermitted("These figures are of all organizations together; they take a superuser.")


def read_exchange() -> Figures:
    """The last ten seconds together, the last intervals of RANGES["5m"], and five minutes' batches and refusals. Three queries.

    The last interval ends with the last second that is known, so it is the same one, grown, in the next reading.
    """
    until = settled_until(clock.now())
    return {
        "now": summary(selectors.whole(since=until - NOW, until=until)),
        "slots": [line(each) for each in selectors.slots(since=until - NOW, until=until, step=RANGES["5m"][1])],
        "recent": distributions(selectors.whole(since=until - RECENT, until=until)),
    }


def read_range(name: str) -> Figures:
    """One of RANGES: its intervals, and all of it together. Two queries."""
    back, step = RANGES[name]
    until = settled_until(clock.now())
    if step >= timedelta(minutes=1):
        until = until.replace(second=0)
    whole = selectors.whole(since=until - back, until=until)
    found = selectors.slots(since=until - back, until=until, step=step)
    return {"range": name, "slots": [line(each) for each in found], "summary": summary(whole), **distributions(whole)}


def summary(slot: Slot) -> Figures:
    """An interval's rates per second, its latencies in microseconds (null without commands), its batches and queue."""
    return {
        "at": slot.at,
        "seconds": round(slot.seconds),
        "processes": slot.processes,
        "orders": slot.orders,
        "commands": slot.commands,
        "batches": slot.batches,
        "refused": slot.refused,
        "failed": slot.failed,
        "orders_per_s": slot.orders_per_s,
        "commands_per_s": slot.commands_per_s,
        "batches_per_s": slot.batches_per_s,
        "p50_us": slot.latency_at(0.5),
        "p95_us": slot.latency_at(0.95),
        "p99_us": slot.latency_at(0.99),
        "mean_us": round(slot.latency_us / slot.commands) if slot.commands else None,
        "batch_mean": slot.batch_mean,
        "waiting_mean": slot.waiting_mean,
        "waiting_most": slot.waiting_most,
    }


_OF_A_LINE = (
    "at", "orders_per_s", "commands_per_s", "batches_per_s", "refused", "failed", "p50_us", "p95_us", "p99_us", "waiting_most",
)  # fmt: skip


def line(slot: Slot) -> Figures:
    """What charts show of an interval."""
    found = summary(slot)
    return {name: found[name] for name in _OF_A_LINE}


def distributions(slot: Slot) -> Figures:
    """Batches by the most commands they hold (null: more than the bound before), and refusals by code, the most frequent first."""
    bounds: list[int | None] = [*BATCH_BOUNDS, None]
    frequent = sorted(slot.refusals.items(), key=lambda each: (-each[1], each[0]))
    return {
        "batch_sizes": [{"up_to": bound, "batches": count} for bound, count in zip(bounds, slot.sizes, strict=True)],
        "refusals": [{"code": code, "commands": count} for code, count in frequent],
    }


def read_event_store() -> Figures:
    """How far projections are behind, what waits, and the last seal. A dozen short queries."""
    now = clock.now()
    states = eventstore.subscription_states(now=now)
    work = eventstore.work(organizations=None, now=now)
    seal = Seal.objects.order_by("-number").first()
    return {
        "at": now,
        "events_last_minute": next(
            (each.events_last_minute for each in states if each.name == EVENT_STATISTICS.name), 0
        ),
        "projections": [
            {
                "name": each.name,
                "state": each.state,
                "lag_events": each.lag.events,
                "lag_s": round(each.lag.seconds, 1),
                "events_last_minute": each.events_last_minute,
            }
            for each in states
        ],
        "commands": work.commands_by_state,
        "oldest_waiting_command_s": round(work.oldest_waiting_command_s, 1),
        "processes": work.processes_by_state,
        "deliveries": work.deliveries_by_state,
        "last_seal": None if seal is None else {"number": seal.number, "at": seal.sealed_at, "events": seal.events},
    }
