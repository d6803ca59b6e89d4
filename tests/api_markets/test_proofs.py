"""An event's proof, downloaded over HTTP, is accepted offline as it is and in no other form; seals and keys can be had."""

import copy
import json
from datetime import UTC, datetime

import pytest
from django.conf import settings as project

from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.sealing import seal_events
from opinion_market.eventstore.statistics import STREAM_SUMMARIES
from tests.api_markets.proving import changed, leaves, public_key, verdict_of


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
