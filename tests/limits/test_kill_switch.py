"""The kill switch over HTTP: everything is cancelled, nothing new is taken, and who may turn it."""

import pytest
from auditlog.models import LogEntry

from markets.ledger.models import Account
from markets.trading import kill_switch, mass_cancels
from markets.trading.errors import OutcomeUnknown
from markets.trading.models import Order
from markets.trading.sequencer import submit
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue

SWITCH = "account/kill-switch"


def events_of(person: Person) -> list[tuple[str, dict]]:
    account = person.cash()["id"]
    return [(e.type, e.data) for e in read_stream(f"account-{account}") if e.type.startswith("Account")]


def path_of(venue: Venue, person: Person) -> str:
    return f"organizations/{venue.organization.slug}/members/{person.user.pk}/kill-switch"


def test_all_orders_are_cancelled_everywhere_and_new_ones_refused(venue):
    markets, ann, bob = [venue.market() for _ in range(3)], venue.trader(), venue.trader()
    placed = {market: ann.order(market)["id"] for market in markets[:2]}
    kept = bob.order(markets[0], price=3_000)["id"]
    answer = ann.post(SWITCH, {"reason": "Leaving"}, expected=200)
    assert answer["cancelled"] == {market: [order] for market, order in placed.items()}
    assert answer["pending"] == []
    cash = ann.cash()
    assert (cash["reserved"], cash["blocked"]["by"], cash["blocked"]["reason"]) == (0, "owner", "Leaving")
    assert ann.order_refused(markets[2]) == (409, "trading_blocked")
    batch = ann.post("orders/batch", {"orders": [{"market": markets[2], "outcome": 0, "side": "buy", "price": 1,
        "type": "limit", "quantity": 1}]}, expected=None)  # fmt: skip
    assert batch["results"][0]["problem"]["code"] == "trading_blocked"
    assert bob.get(f"orders/{kept}")["status"] == "open"


def test_released_one_trades_again(venue):
    market, ann = venue.market(), venue.trader()
    ann.post(SWITCH)
    ann.delete(SWITCH)
    ann.order(market)
    assert ann.cash()["blocked"] is None
    assert [kind for kind, _ in events_of(ann)] == ["AccountBlocked", "AccountUnblocked"]
    ann.delete(SWITCH)
    assert len(events_of(ann)) == 2


def test_turning_it_twice_blocks_once_and_cancels_what_was_left(venue):
    market, ann = venue.market(), venue.trader()
    order = ann.order(market)["id"]
    # As if the first request had died once the block was durable.
    Account.objects.filter(owner=ann.user).update(blocked_at=clock.now())
    assert ann.post(SWITCH)["cancelled"] == {market: [order]}
    assert ann.post(SWITCH)["cancelled"] == {}
    assert events_of(ann) == []


def test_the_scheduler_finishes_what_was_interrupted(venue):
    markets, ann, bob = [venue.market(), venue.market()], venue.trader(), venue.trader()
    for market in markets:
        ann.order(market)
        bob.order(market)
    Account.objects.filter(owner=ann.user).update(blocked_at=clock.now())
    assert kill_switch.finish_interrupted(now=clock.now()) == 2
    assert kill_switch.finish_interrupted(now=clock.now()) == 0
    still_open = Order.objects.filter(status="open").values_list("account__owner", flat=True)
    assert list(still_open) == [bob.user.pk] * 2


def test_a_repeated_request_gets_the_same_answer(venue):
    market, ann = venue.market(), venue.trader()
    ann.order(market)
    first = ann.post(SWITCH, {"reason": "x"}, key="stop")
    assert ann.post(SWITCH, {"reason": "x"}, key="stop") == first
    assert first["cancelled"]


def test_orders_leave_a_halted_market_too(venue):
    market, ann = venue.market(), venue.trader()
    ann.order(market)
    venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    assert list(ann.post(SWITCH)["cancelled"]) == [market]


def test_one_organization_or_all(venue, elsewhere):
    ann = venue.trader()
    membership = f"organizations/{elsewhere.organization.slug}/members"
    elsewhere.chief.post(membership, {"username": ann.user.username}, expected=None)
    here, there = venue.market(), elsewhere.market()
    path = f"organizations/{elsewhere.organization.slug}/members/{ann.user.pk}/deposit"
    elsewhere.chief.post(path, {"units": 1_000_000})
    ann.post(SWITCH, {"organization": venue.organization.slug})
    assert ann.order_refused(here) == (409, "trading_blocked")
    ann.order(there)
    assert ann.refused("post", SWITCH, {"organization": "nowhere"}) == (404, "organization_not_found")
    assert list(ann.post(SWITCH)["cancelled"]) == [there]
    ann.delete(f"{SWITCH}?organization={elsewhere.organization.slug}")
    ann.order(there)
    assert ann.order_refused(here) == (409, "trading_blocked")


def test_staff_blocks_with_a_reason_and_only_staff_releases(venue):
    market, ann = venue.market(), venue.trader()
    order = ann.order(market)["id"]
    path = path_of(venue, ann)
    assert venue.chief.refused("post", path) == (422, "reason_required")
    answer = venue.chief.post(path, {"reason": "Runaway program"}, expected=200)
    assert answer["cancelled"] == {market: [order]}
    assert ann.cash()["blocked"]["by"] == "staff"
    assert ann.refused("delete", SWITCH) == (403, "blocked_by_staff")
    ann.post(SWITCH)
    assert ann.order_refused(market) == (409, "trading_blocked")
    assert venue.chief.refused("delete", path) == (422, "reason_required")
    venue.chief.delete(f"{path}?reason=Repaired")
    ann.order(market)
    deeds = LogEntry.objects.filter(actor=venue.chief.user, changes__deed__1__endswith="of trading").order_by("id")
    assert [deed.changes["reason"][1] for deed in deeds] == ["Runaway program", "Repaired"]
    assert [data.get("by") for _, data in events_of(ann)] == ["staff", None]


def test_staffs_block_takes_the_place_of_the_owners(venue):
    ann = venue.trader()
    ann.post(SWITCH, {"reason": "Mine"})
    venue.chief.post(path_of(venue, ann), {"reason": "Ours"})
    blocked = ann.cash()["blocked"]
    assert (blocked["by"], blocked["reason"]) == ("staff", "Ours")
    assert ann.refused("delete", SWITCH) == (403, "blocked_by_staff")


def test_nobody_else_turns_it(venue, elsewhere, anybody):
    ann, viewer = venue.trader(), venue.member("viewer")
    path = path_of(venue, ann)
    for person, status in [(ann, 403), (viewer, 403), (elsewhere.chief, 404), (anybody, 401)]:
        assert person.refused("post", path, {"reason": "x"})[0] == status
        assert person.refused("delete", f"{path}?reason=x")[0] == status
    assert anybody.refused("post", SWITCH)[0] == 401
    assert ann.cash()["blocked"] is None
    assert venue.chief.refused("post", path_of(venue, elsewhere.trader()), {"reason": "x"})[0] == 404


def test_sets_may_still_be_minted_and_merged_and_orders_cancelled(venue):
    market, ann = venue.market(), venue.trader()
    ann.post(SWITCH)
    ann.post(f"markets/{market}/mint", {"quantity": 5})
    ann.post(f"markets/{market}/merge", {"quantity": 5})
    ann.delete("orders")


def test_killed_after_the_first_market_it_is_blocked_and_repeating_completes_it(venue, monkeypatch):
    markets, ann = [venue.market() for _ in range(3)], venue.trader()
    for market in markets:
        ann.order(market)
    submitted: list[str] = []

    def dies_at_the_second(market_id, commands):
        if submitted:
            raise KeyboardInterrupt
        submitted.append(market_id)
        return submit(market_id, commands)

    monkeypatch.setattr(mass_cancels, "submit", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        ann.post(SWITCH, key="stop")
    monkeypatch.undo()
    assert Order.objects.filter(account__owner=ann.user, status="open").count() == 2
    assert ann.order_refused(markets[0]) == (409, "trading_blocked")
    assert list(ann.post(SWITCH, key="stop")["cancelled"]) == sorted(set(markets) - set(submitted))
    assert not Order.objects.filter(account__owner=ann.user, status="open").exists()


def test_a_market_that_fails_keeps_no_other_alive_and_is_named(venue, monkeypatch):
    markets, ann = sorted(venue.market() for _ in range(2)), venue.trader()
    for market in markets:
        ann.order(market)

    def fails_in_the_first(market_id, commands):
        if market_id == markets[0]:
            raise OutcomeUnknown
        return submit(market_id, commands)

    monkeypatch.setattr(mass_cancels, "submit", fails_in_the_first)
    answer = ann.post(SWITCH)
    assert (answer["pending"], list(answer["cancelled"])) == ([markets[0]], [markets[1]])
    monkeypatch.undo()
    assert kill_switch.finish_interrupted(now=clock.now()) == 1
    assert not Order.objects.filter(account__owner=ann.user, status="open").exists()


def test_a_blocked_accounts_orders_are_not_amended_either(venue, monkeypatch):
    market, ann = venue.market(), venue.trader()
    order = ann.order(market)["id"]
    monkeypatch.setattr(mass_cancels, "submit", _lost)
    ann.client.post(f"/api/v1/{SWITCH}", {"reason": "Leaving"}, format="json")
    assert ann.refused("patch", f"orders/{order}", {"price": 4_000}) == (409, "trading_blocked")


def _lost(*args: object) -> None:
    raise OutcomeUnknown
