"""A statement downloaded over HTTP proves itself offline, to a program that knows nothing of the platform."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as project

from markets.audit.replay import replay_markets
from markets.ledger import signed_statement
from markets.ledger.models import Account
from opinion_market.eventstore import archiving
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.sealing import seal_events
from opinion_market.eventstore.statistics import STREAM_SUMMARIES
from tests.api_markets.venue import CREDIT, Person, Venue
from tests.eventstore.sealed import everything_is_final

PROGRAM = Path(project.BASE_DIR) / "tools" / "verify_proof.py"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path / "archive"


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """(exit code, sentence) of the program for a document."""

    def run(document: object, *arguments: str) -> tuple[int, str]:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        # -I: without the project's folder on the path.
        result = subprocess.run(
            [sys.executable, "-I", str(PROGRAM), str(path), *arguments],
            capture_output=True, text=True, check=False, cwd=tmp_path, env={},
        )  # fmt: skip
        assert result.stderr == ""
        assert result.stdout.count("\n") == 1
        return result.returncode, result.stdout.strip()

    return run


def public_key(person: Person) -> str:
    (key,) = (each for each in person.get("event-sourcing/keys")["keys"] if each["present"])
    return str(key["public_key"])


@pytest.fixture
def trades(venue: Venue) -> tuple[Person, Person, str]:
    """Ann and Bob trade with one another, with the house, and are paid out."""
    ann, bob = venue.trader(), venue.trader()
    market = venue.market(house_liquidity=20, dispute_window_s=0)
    ann.post(f"markets/{market}/mint", {"quantity": 5})
    ann.order(market, side="buy", price=7000, quantity=10)
    bob.order(market, side="sell", price=4500, quantity=10)
    ann.order(market, side="buy", price=4600, quantity=40, time_in_force="gtc")
    bob.order(market, side="sell", price=4400, quantity=5)
    venue.chief.post(f"markets/{market}/close", {"reason": "The day is over."})
    venue.second.post(f"markets/{market}/resolve", {"outcome": 0, "evidence": "It rained."})
    venue.third.post(f"markets/{market}/finalize")
    return ann, bob, market


def lines_of(statement: dict[str, Any]) -> list[dict[str, Any]]:
    (account,) = statement["accounts"]
    lines: list[dict[str, Any]] = account["lines"]
    return lines


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


def leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all plain values."""
    if isinstance(document, dict | list):
        for name, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from leaves(value, (*path, name))
    else:
        yield path


def changed(document: Any, path: tuple[Any, ...]) -> Any:
    """A copy with another value at this path."""
    copied = copy.deepcopy(document)
    place = copied
    for name in path[:-1]:
        place = place[name]
    value = place[path[-1]]
    if isinstance(value, bool) or value is None:
        place[path[-1]] = 1
    elif isinstance(value, int):
        place[path[-1]] = value + 1
    elif value:
        place[path[-1]] = value[:-1] + ("0" if value[-1] != "0" else "1")
    else:
        place[path[-1]] = "x"
    return copied


def verdict_of(document: Any) -> str:
    """Like the program, within this process: there are hundreds of fields to change."""
    from tools import verify_proof  # noqa: PLC0415 - the other tests run it as a program of its own

    try:
        if document["format"] == verify_proof.EVENT_FORMAT:
            return verify_proof.check_event_proof(document, None, set())
        assert document["format"] == verify_proof.STATEMENT_FORMAT
        return verify_proof.check_statement(document, None, set())
    except (verify_proof.Refused, KeyError, ValueError, TypeError, OverflowError, AssertionError):
        return "refused"


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


@pytest.fixture
def proof(trades, venue) -> dict[str, Any]:
    """An order's proof, as an auditor downloads it."""
    seal_events(now=datetime.now(UTC))
    market = trades[2]
    events = list(read_stream(f"market-{market}"))
    STREAM_SUMMARIES.handler(events)
    position = next(event.position for event in events if event.type == "OrderPlaced")
    document: dict[str, Any] = venue.member("auditor").get(f"event-sourcing/events/{position}/proof")
    return document


def test_no_value_of_a_proof_can_be_changed(proof, check) -> None:
    assert verdict_of(proof).startswith("Proved")
    for path in leaves(proof):
        assert verdict_of(changed(proof, path)) == "refused", path
    for path in (("event",), ("inclusion",), ("seal",), ("seal", "first"), ()):
        more = copy.deepcopy(proof)
        place = more
        for name in path:
            place = place[name]
        place["remark"] = "This also says that you owe me money."
        assert verdict_of(more) == "refused"


TAMPERINGS = [
    ("event", "data"), ("event", "type"), ("event", "at_us"), ("event", "hash"), ("event", "position"),
    ("inclusion", "leaf_index"), ("inclusion", "path"), ("seal", "root"), ("seal", "signature"), ("seal", "events"),
    ("seal", "previous_hash"), ("seal", "public_key"), ("seal", "number"), ("seal", "sealed_at_us"), ("format",),
]  # fmt: skip


@pytest.mark.parametrize("place", TAMPERINGS, ids=".".join)
def test_the_program_refuses_what_was_tampered_with(proof, check, place) -> None:
    assert check(proof)[0] == 0
    path = next(each for each in leaves(proof) if each[: len(place)] == place)
    code, sentence = check(changed(proof, path))
    assert code == 1
    assert sentence.startswith("Not proved: ")


def test_the_program_refuses_what_is_no_document(check, tmp_path) -> None:
    for nonsense in ({}, [], "x", {"format": "opinion-market event proof 1"}, None):
        assert check(nonsense)[0] == 1


def test_a_key_that_is_not_trusted_is_refused(proof, check, venue) -> None:
    assert check(proof, "--key", public_key(venue.chief))[0] == 0
    assert check(proof, "--key", "ab" * 32) == (
        1, f"Not proved: seal {proof['seal']['number']} is not signed with a key you trust.",
    )  # fmt: skip
    assert check(proof, "--key", "ab" * 32, "--key", public_key(venue.chief))[0] == 0


def test_a_chain_of_seals_that_was_kept_is_compared(proof, check, venue, tmp_path) -> None:
    venue.trader()
    seal_events(now=datetime.now(UTC))
    page = venue.chief.get("event-sourcing/seals", limit=500)
    kept = tmp_path / "seals.json"
    kept.write_text(json.dumps(page))
    code, sentence = check(proof, "--seals", str(kept))
    assert (code, sentence.endswith("within the chain of seals you kept.")) == (0, True)
    for harm in ("missing", "changed", "unlinked"):
        seals = copy.deepcopy(page["results"])
        if harm == "missing":
            seals = [seal for seal in seals if seal["number"] != proof["seal"]["number"]]
        elif harm == "changed":
            seals[0]["root"] = "00" * 32
        else:
            seals[0]["previous_hash"] = "00" * 32
        kept.write_text(json.dumps(seals))
        assert check(proof, "--seals", str(kept))[0] == 1


def test_proofs_are_for_those_who_may_read_the_event(proof, venue, elsewhere, anybody) -> None:
    path = f"event-sourcing/events/{proof['event']['position']}/proof"
    assert venue.member("viewer").refused("get", path) == (403, "permission_missing")
    assert elsewhere.member("auditor").refused("get", path) == (404, "event_not_found")
    assert anybody.refused("get", path) == (401, "not_authenticated")
    auditor = venue.member("auditor")
    assert auditor.get(path) == proof
    assert auditor.refused("get", f"event-sourcing/events/{10**30}/proof") == (404, "event_not_found")


def test_an_event_that_is_not_sealed_yet_says_so(proof, venue) -> None:
    market = venue.market()
    events = list(read_stream(f"market-{market}"))
    STREAM_SUMMARIES.handler(events)
    path = f"event-sourcing/events/{events[-1].position}/proof"
    assert venue.chief.refused("get", path) == (409, "not_sealed_yet")
    seal_events(now=datetime.now(UTC))
    assert venue.chief.get(path)["event"]["position"] == events[-1].position


def test_seals_and_keys_are_listed(proof, venue, anybody) -> None:
    trader = venue.trader()
    seal_events(now=datetime.now(UTC))
    newest = trader.get("event-sourcing/seals", limit=1)
    (seal,) = newest["results"]
    assert trader.get(f"event-sourcing/seals/{seal['number']}") == seal
    assert trader.client.get(newest["next"]).json()["results"][0]["hash"] == seal["previous_hash"]
    assert trader.refused("get", f"event-sourcing/seals/{10**30}") == (404, "seal_not_found")
    assert anybody.refused("get", "event-sourcing/seals") == (401, "not_authenticated")
    keys = anybody.get("event-sourcing/keys")["keys"]
    assert seal["public_key"] in {key["public_key"] for key in keys}
    assert project.SEAL_KEY not in json.dumps(keys)


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
