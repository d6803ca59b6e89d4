"""Work of several steps: all of it or, when a step is refused, none; also if its worker is killed at any line."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from opinion_market.eventstore import processes
from opinion_market.eventstore.aggregates import as_of
from opinion_market.eventstore.models import Event, Process
from opinion_market.kernel import clock
from tests.api_markets.test_commands import COMMANDS, give
from tests.api_markets.venue import CREDIT, Person, Venue
from tests.governance.people import a_user, calling_as

PROCESSES = "event-sourcing/processes"


def begin(person: Person, command: str, **input: Any) -> str:
    return give(person, command, 202, **input)["result"]["process"]


def transfer(venue: Venue, source: Person, target: Person, credits: int = 30) -> str:
    return begin(
        venue.chief, "TransferFunds", organization=str(venue.organization.pk), source=str(source.user.pk),
        target=str(target.user.pk), units=credits * CREDIT, note="rent",
    )  # fmt: skip


def work(after_s: float = 0) -> None:
    at = clock.now() + timedelta(seconds=after_s)
    processes.run_due(clock=lambda: at)


def remove(venue: Venue, person: Person) -> None:
    venue.chief.delete(f"organizations/{venue.organization.slug}/members/{person.user.pk}", 204)


def told(venue: Venue, process: str) -> tuple[str, dict[str, str], list[str]]:
    """(state, state per step, types of events); the row and the fold of its events say the same."""
    found = venue.chief.get(f"{PROCESSES}/{process}")
    row = Process.objects.get(pk=process)
    folded = as_of(stream=row.stream, head=row.version).loaded.state
    assert folded["state"] == row.state == found["state"]
    return found["state"], {s["name"]: s["state"] for s in found["steps"]}, [e["type"] for e in found["events"]]


def cash_of(venue: Venue, *people: Person) -> list[int]:
    paths = [f"organizations/{venue.organization.slug}/members/{person.user.pk}/account" for person in people]
    return [venue.chief.get(path)["balance"] // CREDIT for path in paths]


def test_a_transfer_takes_from_one_and_gives_to_the_other(venue: Venue) -> None:
    source, target = venue.trader(100), venue.trader(5)
    process = transfer(venue, source, target)
    assert told(venue, process)[:2] == ("running", {"withdraw": "waiting", "deposit": "waiting"})
    assert cash_of(venue, source, target) == [100, 5]
    work()
    assert cash_of(venue, source, target) == [70, 35]
    assert told(venue, process) == (
        "completed", {"withdraw": "completed", "deposit": "completed"},
        ["ProcessStarted", "StepCompleted", "StepCompleted", "ProcessCompleted"],
    )  # fmt: skip
    moved = Event.objects.filter(type__in=["FundsWithdrawn", "FundsDeposited"])
    assert [event.type for event in moved if event.metadata["correlation_id"] == process] == [
        "FundsWithdrawn", "FundsDeposited",
    ]  # fmt: skip
    work(3600)
    assert cash_of(venue, source, target) == [70, 35]


def test_a_transfer_that_cannot_be_paid_in_is_given_back(venue: Venue) -> None:
    source, target = venue.trader(100), venue.trader(5)
    process = transfer(venue, source, target)
    assert processes.advance(Process.objects.get().pk, clock=clock.now)
    assert cash_of(venue, source) == [70]
    remove(venue, target)
    work()
    assert cash_of(venue, source) == [100]
    assert told(venue, process) == (
        "compensated", {"withdraw": "compensated", "deposit": "failed"},
        ["ProcessStarted", "StepCompleted", "StepFailed", "StepCompensated", "ProcessCompensated"],
    )  # fmt: skip
    assert venue.chief.get(f"{PROCESSES}/{process}")["problem"]["code"] == "member_not_found"


def test_a_transfer_of_what_is_not_there_moves_nothing(venue: Venue) -> None:
    source, target = venue.trader(10), venue.trader(5)
    process = transfer(venue, source, target)
    work()
    assert told(venue, process)[0] == "compensated"
    assert cash_of(venue, source, target) == [10, 5]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("kill_at", range(12))
def test_a_worker_killed_at_any_step_changes_nothing_of_the_end(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, kill_at: int, fails: bool
) -> None:
    """Killed at the n-th call of what records a step or does it, before or after it did."""
    source, target = venue.trader(100), venue.trader(5)
    process = transfer(venue, source, target)
    if fails:
        remove(venue, target)
    calls = iter(range(1000))

    def dying(function: Callable[..., Any], is_after: bool) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            is_now = next(calls) == kill_at
            if is_now and not is_after:
                raise SystemExit
            result = function(*args, **kwargs)
            if is_now:
                raise SystemExit
            return result

        return call

    with monkeypatch.context() as context:
        for name, is_after in (("_record", True), ("_move", False), ("_claim", True)):
            context.setattr(processes, name, dying(getattr(processes, name), is_after))
        with suppress(SystemExit):
            work()
    work(3600)
    work(7200)
    if fails:
        assert (told(venue, process)[0], cash_of(venue, source)) == ("compensated", [100])
    else:
        assert (told(venue, process)[0], cash_of(venue, source, target)) == ("completed", [70, 35])


def approved(venue: Venue) -> str:
    market = venue.draft(house_liquidity=100)
    venue.chief.post(f"markets/{market}/submit")
    venue.second.post(f"markets/{market}/approve")
    return market


def subsidy(venue: Venue) -> int:
    return venue.chief.get(f"organizations/{venue.organization.slug}/subsidy")["balance"]


def test_a_market_is_opened_with_its_subsidy(venue: Venue) -> None:
    market = approved(venue)
    before = subsidy(venue)
    process = begin(venue.chief, "OpenMarketWithSubsidy", market=market, units=500 * CREDIT)
    work()
    assert told(venue, process)[0] == "completed"
    assert venue.chief.get(f"markets/{market}")["status"] == "open"
    house = before + 500 * CREDIT - subsidy(venue)
    assert 0 < house < 100 * CREDIT  # b ln 2


def test_the_subsidy_is_taken_back_when_the_market_cannot_be_opened(venue: Venue) -> None:
    market, before = venue.draft(house_liquidity=100), subsidy(venue)
    process = begin(venue.chief, "OpenMarketWithSubsidy", market=market, units=500 * CREDIT)
    work()
    assert told(venue, process)[:2] == ("compensated", {"fund": "compensated", "open": "failed"})
    assert subsidy(venue) == before
    assert venue.chief.get(f"{PROCESSES}/{process}")["problem"]["code"] == "wrong_state"


def test_opening_is_done_once_though_its_worker_died_after_it(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    market = approved(venue)
    process = begin(venue.chief, "OpenMarketWithSubsidy", market=market, units=500 * CREDIT)

    def killed(*args: object, **kwargs: object) -> None:
        raise SystemExit

    processes.advance(Process.objects.get().pk, clock=clock.now)
    with monkeypatch.context() as context:
        context.setattr(processes, "_step_done", killed)
        with pytest.raises(SystemExit):
            work()
    assert venue.chief.get(f"markets/{market}")["status"] == "open"
    work(3600)
    assert told(venue, process)[0] == "completed"
    assert Event.objects.filter(stream=f"market-{market}", type="MarketOpened").count() == 1


def test_what_cannot_be_undone_waits_for_a_person(venue: Venue) -> None:
    source, target = venue.trader(100), venue.trader(5)
    process = transfer(venue, source, target)
    processes.advance(Process.objects.get().pk, clock=clock.now)
    venue.chief.user.is_active = False
    venue.chief.user.save()
    work()
    root_user = a_user(superuser=True)
    root = Person(root_user, calling_as(root_user))
    assert root.get(f"{PROCESSES}/{process}")["state"] == "stuck"
    assert [row["id"] for row in root.get(PROCESSES, state="stuck")["results"]] == [process]
    give(root, "retry_process", 202, process=process)
    work()
    assert root.get(f"{PROCESSES}/{process}")["state"] == "compensated"
    body = {"command": "retry_process", "input": {"process": process}}
    assert root.refused("post", COMMANDS, body) == (409, "process_not_stuck")


def test_processes_are_shown_to_who_started_them_and_to_auditors(venue: Venue, elsewhere: Venue) -> None:
    manager, auditor = venue.member("manager"), venue.member("auditor")
    source, target = venue.trader(100), venue.trader(5)
    process = begin(
        manager, "TransferFunds", organization=str(venue.organization.pk), source=str(source.user.pk),
        target=str(target.user.pk), units=CREDIT,
    )  # fmt: skip
    for person, seen in ((manager, [process]), (auditor, [process]), (source, []), (elsewhere.chief, [])):
        assert [row["id"] for row in person.get(PROCESSES)["results"]] == seen
    assert source.refused("get", f"{PROCESSES}/{process}") == (404, "process_not_found")
    assert elsewhere.chief.refused("get", f"{PROCESSES}/{process}") == (404, "process_not_found")


def test_nobody_transfers_to_themselves_or_for_another_organization(venue: Venue, elsewhere: Venue) -> None:
    trader = venue.trader()
    own = str(trader.user.pk)
    body = {
        "command": "TransferFunds",
        "input": {"organization": str(venue.organization.pk), "source": own, "target": own, "units": 1},
    }
    assert venue.chief.refused("post", COMMANDS, body) == (422, "same_account")
    assert elsewhere.chief.refused("post", COMMANDS, body) == (403, "permission_missing")
    assert not Process.objects.exists()
