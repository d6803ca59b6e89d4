"""The event store's upkeep in the console: commands, processes, handlers, projections, snapshot policies."""

import json

import pytest

from markets.commands.processes import TRANSFER, TransferInput
from opinion_market.eventstore import command_queue, commands, handlers, processes, selectors, snapshot_policies
from opinion_market.eventstore.models import (
    Checkpoint,
    Delivery,
    EventHandler,
    Process,
    ProjectionRebuild,
    QueuedCommand,
)
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel import clock
from tests.console.scene import REASON, Exchange, client_of, page
from tests.governance.people import a_user

pytestmark = pytest.mark.django_db

LISTS = ["queuedcommand", "process", "eventhandler", "checkpoint", "snapshotpolicy"]


def a_command(exchange: Exchange, market) -> QueuedCommand:
    trader = exchange.member("manager")
    command = commands.named("PlaceOrder")
    values = {"market": str(market.pk), "outcome": 0, "side": "buy", "quantity": 1, "price": 100}
    return command_queue.accept(
        command=command, actor_id=trader.pk, input=commands.parse(command, values), now=clock.now()
    )


def a_process(exchange: Exchange) -> Process:
    source, target = exchange.member(), exchange.member()
    given = TransferInput(organization=exchange.organization.pk, source=source.pk, target=target.pk, units=10_000)
    return processes.start(type=TRANSFER, actor=exchange.creator, input=given, now=clock.now())


def a_handler(exchange: Exchange) -> EventHandler:
    return handlers.create(
        actor_id=exchange.creator.pk, organization_id=exchange.organization.pk, name="Note halts", filter={},
        event_type="MarketHalted", action="audit_entry", settings={"note": "halted"}, now=clock.now(),
    )  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_the_pages_open_empty_and_are_refused_to_members(name: str) -> None:
    root, member = a_user(superuser=True, staff=True), a_user(staff=False)
    assert client_of(root).get(page(f"eventstore_{name}_changelist")).status_code == 200
    assert client_of(member).get(page(f"eventstore_{name}_changelist")).status_code in (302, 403)


def test_a_command_is_shown_to_who_gave_it_and_can_be_cancelled() -> None:
    exchange = Exchange()
    command = a_command(exchange, exchange.market())
    owner = client_of(type(exchange.root).objects.get(pk=command.actor_id))
    other = client_of(exchange.member("manager"))
    listed, shown = page("eventstore_queuedcommand_changelist"), page("eventstore_queuedcommand_change", command.pk)
    assert [client.get(listed).context["cl"].result_count for client in (owner, other)] == [1, 0]
    assert "PlaceOrder" in owner.get(shown).content.decode()
    assert other.get(shown).status_code == 302
    cancel = page("eventstore_queuedcommand_cancel", command.pk)
    assert other.post(cancel, {"reason": REASON}).status_code == 404
    assert owner.post(cancel, {"reason": REASON}).status_code == 302
    assert QueuedCommand.objects.get().state == "cancelled"


def test_a_process_shows_its_steps_and_a_stuck_one_is_taken_over() -> None:
    exchange, elsewhere = Exchange(), Exchange()
    process = a_process(exchange)
    processes.advance(process.pk, clock=clock.now)
    exchange.creator.is_active = False
    exchange.creator.save()
    processes.run(process.pk, clock=clock.now)
    root = client_of(exchange.root)
    shown = root.get(page("eventstore_process_change", process.pk))
    assert shown.context["steps"] == [("withdraw", "completed"), ("deposit", "failed")]
    assert Process.objects.get().state == "stuck"
    auditor = client_of(exchange.member("auditor"))
    assert auditor.get(page("eventstore_process_changelist")).context["cl"].result_count == 1
    retry = page("eventstore_process_retry", process.pk)
    assert auditor.post(retry, {"reason": REASON}).status_code == 403
    assert client_of(elsewhere.creator).get(page("eventstore_process_change", process.pk)).status_code == 302
    assert root.post(retry, {"reason": REASON}).status_code == 302
    processes.run(process.pk, clock=clock.now)
    assert Process.objects.get().state == "compensated"


def test_a_handler_is_configured_switched_and_its_deliveries_are_listed() -> None:
    exchange, elsewhere = Exchange(), Exchange()
    admin = client_of(exchange.creator)
    form = {
        "name": "Newsroom", "organization": str(exchange.organization.pk), "event_type": "MarketHalted",
        "filter": "{}", "action": "audit_entry", "settings": json.dumps({"note": "halted"}), "reason": REASON,
    }  # fmt: skip
    new = page("eventstore_eventhandler_new")
    assert admin.get(new).status_code == 200
    refused = admin.post(new, {**form, "settings": "{}"})
    assert refused.status_code == 200
    assert "do not have the shape" in refused.content.decode()
    foreign = admin.post(new, {**form, "organization": str(elsewhere.organization.pk)})
    assert foreign.status_code == 200
    assert admin.post(new, form).status_code == 302
    handler = EventHandler.objects.get()
    Delivery.objects.create(
        handler=handler, event_position=1, event_type="MarketHalted", created_at=clock.now(), due_at=clock.now()
    )
    shown = page("eventstore_eventhandler_change", handler.pk)
    assert "Pending" in admin.get(shown).content.decode()
    assert client_of(exchange.member("auditor")).get(shown).status_code in (302, 403)
    assert client_of(elsewhere.creator).get(shown).status_code == 302
    switch = page("eventstore_eventhandler_switch", handler.pk)
    assert client_of(elsewhere.creator).post(switch, {"reason": REASON}).status_code == 404
    states = []
    for _ in range(2):
        assert admin.post(switch, {"reason": REASON}).status_code == 302
        states.append(EventHandler.objects.get().is_active)
    assert states == [False, True]


def test_a_projection_is_paused_resumed_and_rebuilt_with_a_reason() -> None:
    exchange = Exchange()
    root = client_of(exchange.root)

    def do(deed: str, expected: int = 302) -> None:
        address = page("eventstore_checkpoint_deed", "event_statistics", deed)
        assert root.get(address).status_code == 200
        assert root.post(address, {"reason": REASON}).status_code == expected

    do("pause")
    assert Checkpoint.objects.get(pk="event_statistics").paused_at is not None
    do("pause", 200)  # refused, and told so above the form
    assert "paused" in root.get(page("eventstore_checkpoint_changelist")).content.decode()
    do("resume")
    do("rebuild")
    assert ProjectionRebuild.objects.get().reason == REASON
    assert "rebuilding beside" in root.get(page("eventstore_checkpoint_changelist")).content.decode()
    do("abandon")
    assert not ProjectionRebuild.objects.exists()
    assert list(read_stream("subscription-event_statistics"))[-1].data == {"reason": REASON}
    state = next(each for each in selectors.subscription_states(now=clock.now()) if each.name == "event_statistics")
    assert state.state == "running"
    assert client_of(exchange.creator).post(
        page("eventstore_checkpoint_deed", "event_statistics", "pause"), {"reason": REASON}
    ).status_code == 403  # fmt: skip
    assert root.get(page("eventstore_checkpoint_deed", "event_statistics", "explode")).status_code == 404


def test_a_snapshot_policy_is_decided() -> None:
    exchange = Exchange()
    root, decide = client_of(exchange.root), page("eventstore_snapshotpolicy_decide", "market")
    form = {"every_events": 1_700, "max_age_s": "", "kept": 4, "reason": REASON}
    assert root.post(decide, {**form, "every_events": 1}).status_code == 200
    assert root.post(decide, form).status_code == 302
    assert snapshot_policies.policies()["market"] == snapshot_policies.Policy(1_700, None, 4)
    assert "1700 events" in root.get(page("eventstore_snapshotpolicy_changelist")).content.decode()
    assert client_of(exchange.creator).post(decide, form).status_code == 403
