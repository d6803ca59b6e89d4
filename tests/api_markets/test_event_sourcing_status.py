"""Status and dashboard tell of commands, processes, handlers and projections what is true."""

from opinion_market.eventstore import processes, subscriptions
from opinion_market.eventstore.models import Checkpoint, Event, EventHandler, Process
from opinion_market.kernel import clock
from tests.api_markets.test_commands import later, order_input, work
from tests.api_markets.test_event_handlers import configure, happen
from tests.api_markets.test_processes import begin
from tests.api_markets.venue import CREDIT, Person, Venue
from tests.eventstore.test_api import project
from tests.governance.people import a_user, calling_as


def test_the_status_counts_what_waits_and_what_needs_a_person(venue: Venue, elsewhere: Venue) -> None:
    user = a_user(superuser=True)
    root = Person(user, calling_as(user))
    configure(venue.chief, venue, "MarketOpened", "audit_entry", {"note": "Opened"})
    market, trader = venue.market(), venue.trader()
    happen(f"market-{market}")
    later(trader, "PlaceOrder", **order_input(market))
    work()
    later(trader, "PlaceOrder", **order_input(market))
    begin(
        venue.chief, "TransferFunds", organization=str(venue.organization.pk), source=str(trader.user.pk),
        target=str(venue.second.user.pk), units=CREDIT,
    )  # fmt: skip
    told = root.get("event-sourcing/status")["work"]
    assert told["commands_by_state"] == {"queued": 1, "succeeded": 1}
    assert (told["processes_by_state"], told["deliveries_by_state"]) == ({"running": 1}, {"pending": 1})
    assert told["oldest_waiting_command_s"] > 0
    theirs = venue.chief.get("event-sourcing/status")["work"]
    assert (theirs["commands_by_state"], theirs["processes_by_state"]) == ({}, {"running": 1})
    nothing = elsewhere.chief.get("event-sourcing/dashboard")["work"]
    assert (nothing["processes_by_state"], nothing["deliveries_by_state"]) == ({}, {})
    processes.run_due(clock=clock.now)
    assert venue.chief.get("event-sourcing/dashboard")["work"]["processes_by_state"] == {"completed": 1}


def test_the_status_is_degraded_by_what_is_paused_stuck_or_disabled(venue: Venue) -> None:
    def status() -> str:
        return venue.chief.get("event-sourcing/status")["status"]

    newest = Event.objects.order_by("transaction_id", "position").last()
    for each in subscriptions.registered():
        caught_up = {"transaction_id": newest.transaction_id, "position": newest.position}
        Checkpoint.objects.update_or_create(subscriber=each.name, defaults=caught_up)
    assert status() == "ok"
    subscriptions.pause(name="stream_summaries", now=clock.now())
    assert venue.chief.get("event-sourcing/status")["paused_subscriptions"] == ["stream_summaries"]
    assert status() == "degraded"
    subscriptions.resume(name="stream_summaries")
    assert status() == "ok"
    configure(venue.chief, venue, "MarketOpened", "audit_entry", {"note": "Opened"})
    EventHandler.objects.update(is_active=False, disabled_reason="5 deliveries in a row were given up.")
    assert status() == "degraded"
    EventHandler.objects.update(is_active=True, disabled_reason="")
    trader = venue.trader()
    begin(
        venue.chief, "TransferFunds", organization=str(venue.organization.pk), source=str(trader.user.pk),
        target=str(venue.second.user.pk), units=CREDIT,
    )  # fmt: skip
    Process.objects.update(state="stuck", due_at=None)
    assert status() == "degraded"


def test_the_dashboard_sums_by_category(venue: Venue) -> None:
    market = venue.market()
    venue.trader().order(market)
    project(f"market-{market}")
    by_category = {
        each["category"]: each["events"] for each in venue.chief.get("event-sourcing/dashboard")["events_per_category"]
    }
    assert by_category == {"market": 4, "order": 1}
