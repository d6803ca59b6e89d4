"""The exchange by command: at once and later, once and only once, whatever dies in between."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import TestCase

from markets.ledger.models import Account
from markets.trading.models import Order
from opinion_market.eventstore import command_queue
from opinion_market.eventstore.models import Event, QueuedCommand
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7_text
from tests.api_markets.venue import CREDIT, Person, Venue
from tests.eventstore.test_api import project

COMMANDS = "event-sourcing/commands"


def give(person: Person, command: str, expected: int = 200, key: str | None = None, mode: str = "sync", **input: Any):
    return person.post(COMMANDS, {"command": command, "input": input, "mode": mode}, expected, key)


def later(person: Person, command: str, key: str | None = None, **input: Any) -> str:
    return give(person, command, 202, key, "async", **input)["id"]


def work(after_s: float = 10) -> int:
    """What beat's task does, `after_s` from now."""
    at = clock.now() + timedelta(seconds=after_s)
    return command_queue.run_due(now=at, clock=lambda: at)


def die_at(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work, and end as a killed process does when it reaches this function."""

    def killed(*args: object, **kwargs: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(command_queue, function, killed)
        with pytest.raises(SystemExit):
            work()


def order_input(market: str, **order: Any) -> dict[str, Any]:
    return {"market": market, "outcome": 0, "side": "buy", "price": 4000, "quantity": 10, **order}


def test_a_market_lives_its_whole_life_by_commands(venue: Venue) -> None:
    draft = {"question": "Will it snow?", "criteria": "The gauge.", "dispute_window_s": 0}
    created = give(venue.chief, "CreateMarket", organization=str(venue.organization.pk), **draft)
    market = created["result"]["market"]
    assert [event["type"] for event in created["events"]] == ["MarketCreated"]
    give(venue.chief, "SubmitMarket", market=market)
    give(venue.second, "ApproveMarket", market=market)
    give(venue.chief, "OpenMarket", market=market)
    trader, maker = venue.trader(), venue.trader()
    give(maker, "MintSets", market=market, quantity=5)
    give(maker, "MergeSets", market=market, quantity=5)
    resting = give(maker, "PlaceOrder", **order_input(market, side="sell", price=6000))["result"]
    filled = give(trader, "PlaceOrder", **order_input(market, price=6000, quantity=4))
    assert filled["result"]["status"] == "filled"
    assert [(event["type"], event["stream"]) for event in filled["events"]] == [("OrderPlaced", f"market-{market}")]
    amended = give(maker, "AmendOrder", order=resting["id"], quantity=9)
    assert [event["type"] for event in amended["events"]] == ["OrderReduced"]
    assert amended["result"]["remaining_quantity"] == 5
    cancelled = give(maker, "CancelOrder", order=resting["id"])
    assert cancelled["result"] == {"cancelled": [resting["id"]], "cancelled_quantity": 5}
    second = give(maker, "PlaceOrder", **order_input(market, side="sell", price=7000))["result"]
    assert give(maker, "CancelOrders", market=market)["result"] == {"market": market, "cancelled": [second["id"]]}
    give(venue.chief, "HaltMarket", market=market, reason="Fire alarm")
    give(venue.chief, "OpenMarket", market=market)
    give(venue.chief, "CloseMarket", market=market, reason="Over")
    give(venue.second, "ResolveMarket", market=market, payout_units=[10_000, 0], evidence="Snow fell.")
    assert give(venue.third, "FinalizeMarket", market=market)["result"]["status"] == "settled"
    assert trader.cash()["available"] == 1_000 * CREDIT + 4 * 4_000


def test_money_moves_by_command(venue: Venue) -> None:
    trader = venue.trader(10)
    who = {"organization": str(venue.organization.pk), "user": str(trader.user.pk)}
    assert give(venue.chief, "Deposit", units=5 * CREDIT, **who)["result"]["balance_units"] == 15 * CREDIT
    give(venue.chief, "Withdraw", units=CREDIT, **who)
    assert trader.cash()["available"] == 14 * CREDIT
    body = {"command": "Withdraw", "input": {**who, "units": 15 * CREDIT}}
    assert venue.chief.refused("post", COMMANDS, body) == (409, "insufficient_balance")
    assert trader.refused("post", COMMANDS, body) == (403, "permission_missing")
    stranger = {**body, "input": {**body["input"], "user": uuid7_text()}}
    assert venue.chief.refused("post", COMMANDS, stranger) == (404, "member_not_found")


def test_a_command_for_later_is_queued_then_carried_out_and_tells_its_events(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    command = later(trader, "PlaceOrder", **order_input(market))
    assert trader.get(f"{COMMANDS}/{command}")["state"] == "queued"
    assert not Order.objects.filter(market_id=market).exists()
    assert work() == 1
    done = trader.get(f"{COMMANDS}/{command}")
    assert (done["state"], done["attempts"], done["problem"]) == ("succeeded", 1, None)
    assert done["result"]["id"] == str(Order.objects.get(market_id=market).pk)
    (event,) = done["events"]
    recorded = Event.objects.get(position=event["position"])
    assert recorded.data["order"]["id"] == done["result"]["id"]
    assert recorded.metadata["correlation_id"] == command
    assert work() == 0


def test_a_message_is_sent_once_the_command_is_committed(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[UUID] = []
    monkeypatch.setattr("governance.audit.commands_api.send_command", sent.append)
    market, trader = venue.market(), venue.trader()
    with TestCase.captureOnCommitCallbacks(execute=True):
        command = later(trader, "PlaceOrder", **order_input(market))
        assert sent == []
    assert sent == [UUID(command)]


def test_a_refused_command_fails_with_the_problem_and_is_not_tried_again(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader(1)
    command = later(trader, "PlaceOrder", **order_input(market, quantity=1_000_000))
    work()
    failed = trader.get(f"{COMMANDS}/{command}")
    assert (failed["state"], failed["problem"]["code"], failed["problem"]["status"]) == (
        "failed", "insufficient_funds", 409,
    )  # fmt: skip
    assert work(3600) == 0


def test_a_process_killed_after_the_effect_places_no_second_order(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    market, trader = venue.market(), venue.trader()
    command = later(trader, "PlaceOrder", **order_input(market))

    die_at("_succeed", monkeypatch)
    assert trader.get(f"{COMMANDS}/{command}")["state"] == "running"
    assert Order.objects.filter(market_id=market).count() == 1
    assert work(30) == 0  # whoever has it may still live
    assert work(11 * 60) == 1
    done = trader.get(f"{COMMANDS}/{command}")
    assert (done["state"], done["attempts"]) == ("succeeded", 2)
    assert done["result"]["id"] == str(Order.objects.get(market_id=market).pk)
    assert [event["type"] for event in done["events"]] == ["OrderPlaced"]


def test_a_process_killed_within_the_transaction_deposits_once(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    trader = venue.trader(1)
    who = {"organization": str(venue.organization.pk), "user": str(trader.user.pk)}
    command = later(venue.chief, "Deposit", units=CREDIT, **who)

    die_at("_succeed", monkeypatch)
    assert trader.cash()["available"] == CREDIT
    work(11 * 60)
    assert venue.chief.get(f"{COMMANDS}/{command}")["state"] == "succeeded"
    assert trader.cash()["available"] == 2 * CREDIT


def test_an_interrupted_command_is_tried_again_and_given_up_in_the_end(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kwargs: object) -> None:
        raise ConnectionError("lost")

    market, trader = venue.market(), venue.trader()
    command = later(trader, "PlaceOrder", **order_input(market))
    monkeypatch.setattr("markets.commands.trading.services.place_order", broken)
    attempts = [work(600 * number) for number in range(1, 12)]
    assert sum(attempts) == command_queue.MOST_ATTEMPTS
    failed = trader.get(f"{COMMANDS}/{command}")
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "internal_error")
    assert "lost" not in str(failed)


def test_what_was_interrupted_too_long_ago_is_not_repeated(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    market, trader = venue.market(), venue.trader()
    command = later(trader, "PlaceOrder", **order_input(market))
    die_at("_carry_out", monkeypatch)
    work(25 * 3600)
    assert trader.get(f"{COMMANDS}/{command}")["problem"]["code"] == "command_abandoned"


def test_a_key_makes_one_command_in_either_mode(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    keys = [uuid7_text(), uuid7_text()]
    assert later(trader, "PlaceOrder", keys[0], **order_input(market)) == later(
        trader, "PlaceOrder", keys[0], **order_input(market)
    )
    first = give(trader, "PlaceOrder", key=keys[1], **order_input(market))
    assert give(trader, "PlaceOrder", key=keys[1], **order_input(market)) == first
    work()
    assert Order.objects.filter(market_id=market).count() == 2
    other = {"command": "PlaceOrder", "input": order_input(market, quantity=11)}
    assert trader.refused("post", COMMANDS, other, keys[1]) == (422, "idempotency_key_reused")


def test_a_queued_command_can_be_cancelled_and_one_that_is_over_cannot(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    command = later(trader, "PlaceOrder", **order_input(market))
    assert trader.delete(f"{COMMANDS}/{command}")["state"] == "cancelled"
    assert work() == 0
    assert trader.refused("delete", f"{COMMANDS}/{command}") == (409, "command_not_queued")


def test_commands_are_listed_to_who_gave_them(venue: Venue) -> None:
    market, trader, other = venue.market(), venue.trader(), venue.trader()
    done, waiting = later(trader, "MintSets", market=market, quantity=1), None
    work()
    waiting = later(trader, "PlaceOrder", **order_input(market))
    assert [row["id"] for row in trader.get(COMMANDS)["results"]] == [waiting, done]
    assert [row["id"] for row in trader.get(COMMANDS, state="queued")["results"]] == [waiting]
    assert [row["id"] for row in trader.get(COMMANDS, command="MintSets")["results"]] == [done]
    assert other.get(COMMANDS)["results"] == []
    assert other.refused("get", f"{COMMANDS}/{done}") == (404, "command_not_found")
    assert other.refused("delete", f"{COMMANDS}/{waiting}") == (404, "command_not_found")


def test_a_market_event_is_shown_without_what_it_tells_of_others(venue: Venue) -> None:
    market, trader, maker = venue.market(), venue.trader(), venue.trader()
    maker.order(market, side="sell", price=6000)
    (event,) = give(trader, "PlaceOrder", **order_input(market, price=6000))["events"]
    assert event["data"] is None
    (seen,) = give(venue.chief, "HaltMarket", market=market, reason="Why not")["events"]
    assert seen["data"]["reason"] == "Why not"


def test_rights_are_asked_again_when_the_turn_comes(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    command, order = later(venue.second, "HaltMarket", market=market, reason="x"), None
    order = later(trader, "PlaceOrder", **order_input(market))
    members = f"organizations/{venue.organization.slug}/members"
    venue.chief.client.patch(f"/api/v1/{members}/{venue.second.user.pk}", {"role": "viewer"}, format="json")
    trader.user.is_active = False
    trader.user.save()
    work()
    problems = dict(QueuedCommand.objects.values_list("pk", "problem__code"))
    assert problems == {UUID(command): "permission_missing", UUID(order): "not_permitted"}


def test_the_catalogue_says_what_each_command_takes(venue: Venue) -> None:
    by_name = {each["name"]: each for each in venue.member().get(f"{COMMANDS}/catalogue")}
    assert set(by_name["PlaceOrder"]["input"]["required"]) == {"market", "outcome", "side"}
    assert by_name["Deposit"]["permission"] == "participants.update"
    wrong = {"command": "PlaceOrder", "input": {"market": "?", "surprise": 1}, "mode": "async"}
    assert venue.trader().refused("post", COMMANDS, wrong) == (422, "invalid_command")
    assert not QueuedCommand.objects.exists()


def test_a_market_stands_as_it_stood_at_any_version_and_moment(venue: Venue) -> None:
    market, trader = venue.market(), venue.trader()
    trader.order(market, price=4000, quantity=10)
    between = clock.now()
    trader.order(market, price=3000, quantity=7)
    project(f"market-{market}")
    at = f"event-sourcing/aggregates/market-{market}"
    now = venue.chief.get(at)
    assert {(order["price"], order["remaining"]) for order in now["state"]["orders"]} == {(4000, 10), (3000, 7)}
    assert now["as_of"]["version"] == now["version"] == 6
    before = venue.chief.get(at, at=between.isoformat())
    assert [order["price"] for order in before["state"]["orders"]] == [4000]
    assert before["as_of"]["version"] == 5
    assert venue.chief.get(at, version=2)["state"]["status"] == "pending_approval"
    assert [event["version"] for event in venue.chief.get(at, version=2)["events"]] == [1, 2, 3, 4, 5, 6]
    assert venue.chief.refused("get", f"{at}?version=7") == (404, "no_such_version")
    assert venue.chief.refused("get", f"{at}?at=2020-01-01T00:00:00Z") == (404, "no_such_version")
    assert venue.chief.refused("get", f"{at}?version=1&at=2020-01-01T00:00:00Z")[0] == 422
    assert trader.refused("get", at) == (403, "permission_missing")
    assert Venue().chief.refused("get", at) == (404, "stream_not_found")


def test_an_account_has_its_balance_of_the_time(venue: Venue) -> None:
    trader, market = venue.trader(100), venue.market()
    trader.post(f"markets/{market}/mint", {"quantity": 10})
    minted = clock.now()
    venue.fund(trader, 50)
    account = Account.objects.get(owner=trader.user)
    project(f"account-{account.pk}")
    at = f"event-sourcing/aggregates/account-{account.pk}"
    assert venue.chief.get(at)["state"]["balance_units"] == 140 * CREDIT
    assert venue.chief.get(at, version=1)["state"]["balance_units"] == 100 * CREDIT
    found = venue.chief.get(at, at=minted.isoformat())["state"]
    assert (found["balance_units"], found["deposited_units"]) == (90 * CREDIT, 100 * CREDIT)
