"""A statement downloaded over HTTP proves itself offline, to a program that knows nothing of the platform."""

import copy
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from markets.audit.replay import replay_markets
from markets.ledger import signed_statement
from markets.ledger.models import Account
from opinion_market.eventstore import archiving
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.sealing import seal_events
from tests.api_markets.proving import changed, leaves, lines_of, public_key, verdict_of
from tests.api_markets.venue import CREDIT

pytestmark = pytest.mark.usefixtures("sealable")


def test_a_statement_lists_every_entry_and_is_proved_offline(trades, check) -> None:
    ann, _, _ = trades
    half_sealed = ann.get("account/statement")
    assert all(line["inclusion"] is None for line in lines_of(half_sealed))
    code, sentence = check(half_sealed, "--key", public_key(ann))
    assert (code, "not sealed yet" in sentence) == (0, True)

    seal_events(now=datetime.now(UTC))
    statement = ann.get("account/statement")
    entries = ann.get("account/entries", limit=500)["results"]
    lines = lines_of(statement)
    assert [(line["id"], line["units"], line["balance_after"]) for line in lines] == [
        (entry["id"], entry["units"], entry["balance_after"]) for entry in reversed(entries)
    ]
    (account,) = statement["accounts"]
    assert (account["opening_balance"], account["closing_balance"]) == (0, ann.cash()["balance"])
    code, sentence = check(statement, "--key", public_key(ann))
    assert code == 0
    assert sentence == (
        f"Proved: a statement of {len(lines)} lines that add up, {len(lines)} of them under seals, "
        "signed with a key you trust."
    )
    assert check(statement)[1].endswith("signed with the key that came with it.")


def test_others_are_not_shown(trades, check) -> None:
    ann, bob, _ = trades
    seal_events(now=datetime.now(UTC))
    reasons: set[str] = set()
    for person, other in ((ann, bob), (bob, ann)):
        statement = person.get("account/statement")
        text = json.dumps(statement)
        assert str(other.user.pk) not in text
        own, foreign = person.cash()["id"], other.cash()["id"]
        lines = lines_of(statement)
        shown = [line["event"] for line in lines if "event" in line]
        hidden = [line for line in lines if "event" not in line]
        assert {event["type"] for event in shown} >= {"FundsDeposited", "OrderPlaced"}
        reasons |= {line["reason"] for line in hidden}
        for event in shown:
            cash = {account for account, _, _ in event["data"]["cash"]}
            assert foreign not in cash
            assert own in cash
            assert Account.objects.filter(pk__in=cash - {own}, kind="trader").count() == 0
        for line in hidden:
            event = Event.objects.get(position=line["event_position"])
            assert bytes(event.hash).hex() == line["event_hash"]
            others = {account for account, _, _ in event.data["cash"]} - {own}
            concerns_others = Account.objects.filter(pk__in=others, kind="trader").exists()
            assert concerns_others or event.type == "MarketSettled"
    assert reasons == {"trade", "payout"}


def test_an_event_with_a_field_nobody_has_thought_about_is_not_shown(trades, monkeypatch) -> None:
    ann, _, _ = trades
    known = {**signed_statement._OWN, "FundsDeposited": frozenset({"account", "units", "cash"})}
    monkeypatch.setattr(signed_statement, "_OWN", known)
    shown = [line["event"]["type"] for line in lines_of(ann.get("account/statement")) if "event" in line]
    assert "FundsDeposited" not in shown
    assert "OrderPlaced" in shown


def test_a_period_opens_with_what_was_there_before(venue, check) -> None:
    ann = venue.trader(credits=100)
    first = ann.get("account/entries")["results"][0]["recorded_at"]
    for credits in (1, 2, 3):
        venue.fund(ann, credits)
    times = [entry["recorded_at"] for entry in reversed(ann.get("account/entries")["results"])]
    later = ann.get("account/statement", **{"from": times[1], "to": times[3]})
    (account,) = later["accounts"]
    assert (account["opening_balance"], account["closing_balance"]) == (100 * CREDIT, 103 * CREDIT)
    assert [line["units"] for line in account["lines"]] == [1 * CREDIT, 2 * CREDIT]
    empty = ann.get("account/statement", to=first)
    assert [(each["opening_balance"], each["lines"]) for each in empty["accounts"]] == [(0, [])]
    after = (datetime.fromisoformat(times[3]) + timedelta(seconds=1)).isoformat()
    (account,) = ann.get("account/statement", **{"from": after})["accounts"]
    assert (account["opening_balance"], account["closing_balance"], account["lines"]) == (
        106 * CREDIT,
        106 * CREDIT,
        [],
    )
    for document in (later, empty):
        assert check(document)[0] == 0


def test_a_statement_is_ones_own(venue, elsewhere, anybody) -> None:
    ann = venue.trader()
    assert lines_of(ann.get("account/statement", organization=venue.organization.slug))
    assert ann.refused("get", f"account/statement?organization={elsewhere.organization.slug}") == (
        404, "organization_not_found",
    )  # fmt: skip
    assert venue.chief.get("account/statement")["accounts"] == []
    assert anybody.refused("get", "account/statement") == (401, "not_authenticated")
    assert ann.refused("get", "account/statement?from=yesterday") == (422, "invalid_input")


def test_too_long_a_statement_is_refused(venue, monkeypatch) -> None:
    ann = venue.trader()
    venue.fund(ann, 1)
    monkeypatch.setattr(signed_statement, "MOST_LINES", 1)
    assert ann.refused("get", "account/statement") == (422, "statement_too_long")


def test_no_value_of_a_statement_can_be_changed(trades, check) -> None:
    seal_events(now=datetime.now(UTC))
    statement = trades[0].get("account/statement")
    assert verdict_of(statement).startswith("Proved")
    paths = list(leaves(statement))
    assert len(paths) > 150
    for path in paths:
        assert verdict_of(changed(statement, path)) == "refused", path
    without = copy.deepcopy(statement)
    del lines_of(without)[-1]
    assert check(without) == (1, "Not proved: the statement's signature does not fit its contents.")


def test_after_archiving_everything_is_as_provable_and_replayable_as_before(trades, check, venue) -> None:
    ann, _, market = trades
    still_open = venue.market()
    now = datetime.now(UTC)
    seal_events(now=now)
    before = ann.get("account/statement")
    entries = ann.get("account/entries")
    living = Event.objects.filter(stream=f"market-{still_open}").order_by("version")
    versions = list(living.values_list("version", flat=True))
    later = now + timedelta(days=400)
    archiving.archive_events(before=later, now=later)
    assert list(Event.objects.filter(stream=f"market-{market}").values_list("type", flat=True)) == ["MarketSwept"]
    assert len(versions) > 1
    assert list(living.values_list("version", flat=True)) == versions
    replayed = replay_markets(now=later, market_ids=[UUID(market)])
    assert {result.name for result in replayed} >= {"replayed_states", "replayed_journals"}
    assert all(result.passed for result in replayed)
    after = ann.get("account/statement")
    assert after["accounts"] == before["accounts"]
    assert ann.get("account/entries") == entries
    assert check(after)[0] == 0
