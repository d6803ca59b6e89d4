"""Disputes, reviews, voiding, corrections and the dossier over HTTP: what happens to the money, and who may decide."""

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.timezone import now

from markets.audit.checks import run_all
from markets.audit.replay import replay_markets
from markets.lifecycle.api.dossier import DossierThrottle
from markets.lifecycle.models import Market
from markets.lifecycle.tasks import drop_forgotten_evidence, run_schedule
from opinion_market.kernel import clock
from tests.api_markets.venue import CREDIT, Person, Venue
from tests.audit.test_audit import tamper

YES = {"outcome": 0, "evidence": "The gauge read 3 mm."}
BOND = 5 * CREDIT
WHY = {"reason": "The gauge is broken."}


def a_traded_market(venue: Venue, **terms: object) -> tuple[str, Person, Person]:
    """Ann holds 10 Yes she paid 6 credits for, Bob 10 No he paid 4 for; both have 994 and 996 credits."""
    market = venue.market(**{"dispute_window_s": 3600, "dispute_bond": BOND, **terms})
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, outcome=1, price=4000)
    ann.order(market, price=6000)
    return market, ann, bob


def a_resolved_market(venue: Venue, **terms: object) -> tuple[str, Person, Person]:
    market, ann, bob = a_traded_market(venue, **terms)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    venue.second.post(f"markets/{market}/resolve", YES)
    return market, ann, bob


def available(person: Person) -> int:
    return person.cash()["available"]


def wind(monkeypatch: pytest.MonkeyPatch, **by: int) -> None:
    later = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: later)


@pytest.fixture(autouse=True)
def everything_adds_up(venue: Venue, request: pytest.FixtureRequest):
    """After each test: every invariant the tables show, and the streams replayed."""
    yield
    scope = {"organization_ids": [venue.organization.pk]}
    results = run_all(**scope) + replay_markets(now=clock.now(), **scope)
    assert [result for result in results if not result.passed] == []


def test_an_upheld_resolution_is_final_and_keeps_the_bond(venue):
    market, ann, bob = a_resolved_market(venue)
    assert bob.post(f"markets/{market}/dispute", WHY)["status"] == "disputed"
    assert available(bob) == 996 * CREDIT - BOND
    assert venue.third.refused("post", f"markets/{market}/finalize") == (409, "wrong_state")
    upheld = venue.third.post(f"markets/{market}/review", {"decision": "uphold", "reason": "It works."})
    assert upheld["status"] == "resolved"
    assert bob.refused("post", f"markets/{market}/dispute", WHY) == (409, "dispute_window_closed")
    assert venue.second.refused("post", f"markets/{market}/withdraw-resolution", WHY) == (409, "wrong_state")
    assert venue.chief.post(f"markets/{market}/finalize")["status"] == "settled"
    assert (available(ann), available(bob)) == (1004 * CREDIT, 996 * CREDIT - BOND)
    entries = {(entry["reason"], entry["units"]) for entry in bob.get("account/entries")["results"]}
    assert ("bond", -BOND) in entries


def test_an_overturned_resolution_returns_the_bonds_and_may_be_disputed_again(venue):
    market, ann, bob = a_resolved_market(venue)
    fourth = venue.member("admin")
    for person in (bob, ann):
        person.post(f"markets/{market}/dispute", WHY)
    assert bob.refused("post", f"markets/{market}/dispute", WHY) == (409, "already_disputed")
    same = {"decision": "overturn", "outcome": 0, "reason": "x"}
    assert venue.third.refused("post", f"markets/{market}/review", same) == (422, "same_resolution")
    overturned = {"decision": "overturn", "outcome": 1, "reason": "It was dry."}
    assert venue.third.post(f"markets/{market}/review", overturned)["status"] == "resolved"
    assert (available(ann), available(bob)) == (994 * CREDIT, 996 * CREDIT)
    assert venue.chief.refused("post", f"markets/{market}/finalize") == (409, "dispute_window_open")
    assert ann.post(f"markets/{market}/dispute", WHY)["status"] == "disputed"
    uphold = {"decision": "uphold", "reason": "It was dry."}
    for partial in (venue.third, venue.second):
        assert partial.refused("post", f"markets/{market}/review", uphold) == (403, "duties_not_separate")
    fourth.post(f"markets/{market}/review", uphold)
    venue.second.post(f"markets/{market}/finalize")
    assert (available(ann), available(bob)) == (994 * CREDIT - BOND, 1006 * CREDIT)
    states = [proposal["state"] for proposal in ann.get(f"markets/{market}/dossier")["proposals"]]
    assert states == ["overturned", "final"]


def test_only_holders_dispute_with_a_reason_in_time_and_with_the_bond_at_hand(venue, monkeypatch):
    market, ann, bob = a_resolved_market(venue, dispute_bond=995 * CREDIT)
    path = f"markets/{market}/dispute"
    assert venue.trader().refused("post", path, WHY) == (409, "nothing_held")
    assert Venue().trader().refused("post", path, WHY) == (404, "market_not_found")
    assert bob.refused("post", path, {"reason": " "}) == (422, "reason_required")
    assert ann.refused("post", path, WHY) == (409, "insufficient_funds")
    wind(monkeypatch, seconds=3600)
    assert bob.refused("post", path, WHY) == (409, "dispute_window_closed")
    assert bob.get(f"markets/{market}")["status"] == "resolved"


def test_whoever_has_a_part_in_it_does_not_review_it(venue):
    market, _, bob = a_resolved_market(venue)
    holder = venue.member("admin")
    root = venue.member("admin")
    root.user.is_superuser = True
    root.user.save()
    venue.third.post(f"markets/{market}/confirm")
    bob.post(f"markets/{market}/dispute", WHY)
    uphold = {"decision": "uphold", "reason": "x"}
    review = f"markets/{market}/review"
    assert bob.refused("post", review, uphold) == (403, "permission_missing")
    for partial in (venue.chief, venue.second, venue.third):
        assert partial.refused("post", review, uphold) == (403, "duties_not_separate")
    assert holder.refused("post", review, {**uphold, "outcome": 1}) == (422, "invalid_input")
    assert holder.refused("post", review, {"decision": "overturn", "reason": "x"}) == (422, "invalid_input")
    assert root.post(review, uphold)["status"] == "resolved"


def test_a_superuser_who_created_or_proposed_decides_nothing_either(venue):
    venue.second.user.is_superuser = True
    venue.second.user.save()
    market, _, bob = a_resolved_market(venue)
    bob.post(f"markets/{market}/dispute", WHY)
    uphold = {"decision": "uphold", "reason": "x"}
    assert venue.second.refused("post", f"markets/{market}/review", uphold) == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/void", WHY)
    assert venue.second.refused("post", f"markets/{market}/approve-void") == (403, "duties_not_separate")


def test_a_withdrawn_dispute_returns_the_bond(venue):
    market, _, bob = a_resolved_market(venue)
    bob.post(f"markets/{market}/dispute", WHY)
    assert venue.third.refused("post", f"markets/{market}/withdraw-resolution", WHY) == (409, "wrong_state")
    assert venue.second.post(f"markets/{market}/withdraw-resolution", WHY)["status"] == "closed"
    assert available(bob) == 996 * CREDIT
    venue.second.post(f"markets/{market}/resolve", {"outcome": 1, "evidence": "Read again."})
    assert bob.get(f"markets/{market}")["outcomes"][1]["payout"] == 10_000


def test_voiding_pays_the_prices_at_which_trading_stopped(venue):
    market, ann, _ = a_traded_market(venue, taker_fee_bps=100, kind="categorical", outcomes=["A", "B"])
    ann.order(market, price=100, outcome=2)
    prices = [outcome["price"] for outcome in ann.get(f"markets/{market}")["outcomes"]]
    asked = venue.second.post(f"markets/{market}/void", {"reason": "The race was cancelled."})
    assert asked["status"] == "halted"
    assert ann.order_refused(market) == (409, "market_not_open")
    assert venue.chief.refused("post", f"markets/{market}/open") == (409, "decision_pending")
    assert venue.second.refused("post", f"markets/{market}/void", WHY) == (409, "decision_pending")
    assert venue.second.refused("post", f"markets/{market}/approve-void") == (403, "duties_not_separate")
    assert venue.chief.refused("post", f"markets/{market}/approve-void") == (403, "duties_not_separate")
    assert venue.third.post(f"markets/{market}/approve-void")["status"] == "voided"
    voided = ann.get(f"markets/{market}")
    payout = [outcome["payout"] for outcome in voided["outcomes"]]
    assert sum(payout) == 10_000
    assert all(abs(paid - 10_000 * price / sum(prices)) < 1 for paid, price in zip(payout, prices, strict=True))
    assert (voided["open_sets"], ann.get("positions")["results"]) == (0, [])
    assert ann.cash()["reserved"] == 0
    assert venue.third.refused("post", f"markets/{market}/approve-void") == (409, "wrong_state")
    assert venue.third.refused("post", f"markets/{market}/void", WHY) == (409, "wrong_state")


def test_a_disputed_market_that_is_voided_returns_the_bonds(venue):
    market, ann, bob = a_resolved_market(venue)
    bob.post(f"markets/{market}/dispute", WHY)
    venue.second.post(f"markets/{market}/void", WHY)
    venue.third.post(f"markets/{market}/approve-void", {"reason": "Agreed."})
    assert (available(ann), available(bob)) == (1000 * CREDIT, 1000 * CREDIT)
    (proposal,) = bob.get(f"markets/{market}/dossier")["proposals"]
    assert (proposal["state"], proposal["disputes"][0]["bond"]) == ("voided", "returned")


def test_a_void_that_is_rejected_changes_nothing_but_the_halt(venue):
    market, _, _ = a_traded_market(venue)
    assert venue.third.refused("post", f"markets/{market}/reject-void", WHY) == (409, "nothing_requested")
    venue.second.post(f"markets/{market}/void", WHY)
    assert venue.third.post(f"markets/{market}/reject-void", {"reason": "It goes on."})["status"] == "halted"
    assert venue.chief.post(f"markets/{market}/open")["status"] == "open"


@pytest.mark.parametrize("submitted", [False, True])
def test_what_never_opened_is_voided_without_paying(venue, submitted):
    market = venue.draft()
    if submitted:
        venue.chief.post(f"markets/{market}/submit")
    venue.chief.post(f"markets/{market}/void", WHY)
    assert venue.second.post(f"markets/{market}/approve-void")["status"] == "voided"
    assert venue.chief.get(f"markets/{market}")["outcomes"][0]["payout"] is None
    assert venue.chief.get(f"markets/{market}/dossier")["payouts"] == []


def settled(venue: Venue, market: str) -> None:
    venue.third.post(f"markets/{market}/finalize")


def correct(venue: Venue, market: str, **payout: object) -> None:
    venue.second.post(f"markets/{market}/correct", {**payout, "reason": "Read wrongly."})
    venue.third.post(f"markets/{market}/approve-correction")


def test_a_correction_moves_the_difference_and_repeats_from_the_last(venue):
    market, ann, bob = a_resolved_market(venue, dispute_window_s=0)
    settled(venue, market)
    assert (available(ann), available(bob)) == (1004 * CREDIT, 996 * CREDIT)
    correct(venue, market, payout=[2_500, 7_500])
    assert (available(ann), available(bob)) == (994 * CREDIT + 25_000, 996 * CREDIT + 75_000)
    correct(venue, market, outcome=1)
    assert (available(ann), available(bob)) == (994 * CREDIT, 1006 * CREDIT)
    story = ann.get(f"markets/{market}/dossier")
    assert story["market"]["payout"] == [0, 10_000]
    assert story["proof"]["payouts_equal_ledger"] is True
    own = next(row for row in story["payouts"] if row["account"]["own"])
    assert (own["paid_units"], own["corrected_units"], own["total_units"]) == (10 * CREDIT, -10 * CREDIT, 0)


def test_what_an_account_cannot_give_back_the_subsidy_pays_and_gets_back_later(venue):
    market, ann, bob = a_resolved_market(venue, dispute_window_s=0)
    settled(venue, market)
    members = f"organizations/{venue.organization.slug}/members"
    venue.chief.post(f"{members}/{ann.user.pk}/withdraw", {"units": 1001 * CREDIT, "note": "gone"})
    correct(venue, market, outcome=1)
    assert (available(ann), available(bob)) == (0, 1006 * CREDIT)
    owed = {
        row["account"]["name"]: row["shortfall_units"]
        for row in venue.chief.get(f"markets/{market}/dossier")["payouts"]
    }
    assert owed == {str(ann.user): 7 * CREDIT, str(bob.user): 0}
    correct(venue, market, outcome=0)
    assert (available(ann), available(bob)) == (3 * CREDIT, 996 * CREDIT)
    assert {row["shortfall_units"] for row in ann.get(f"markets/{market}/dossier")["payouts"]} == {0}


def test_a_correction_the_subsidy_cannot_cover_is_refused(venue):
    poor = Venue()
    market, ann, bob = a_resolved_market(poor, dispute_window_s=0)
    settled(poor, market)
    slug = poor.organization.slug
    members = f"organizations/{slug}/members"
    house = poor.draft(house_liquidity=100_000)
    poor.chief.post(f"markets/{house}/submit")
    poor.second.post(f"markets/{house}/approve")
    poor.chief.post(f"markets/{house}/open")
    rest = poor.draft(house_liquidity=44_269)
    poor.chief.post(f"markets/{rest}/submit")
    poor.second.post(f"markets/{rest}/approve")
    poor.chief.post(f"markets/{rest}/open")
    poor.chief.post(f"{members}/{ann.user.pk}/withdraw", {"units": 1004 * CREDIT, "note": "gone"})
    poor.second.post(f"markets/{market}/correct", {"outcome": 1, "reason": "Read wrongly."})
    assert poor.third.refused("post", f"markets/{market}/approve-correction") == (409, "insufficient_cover")
    poor.chief.post(f"organizations/{slug}/subsidy", {"units": 10 * CREDIT})
    assert poor.third.post(f"markets/{market}/approve-correction")["status"] == "settled"
    assert available(bob) == 1006 * CREDIT


def test_two_people_without_a_stake_correct(venue):
    market, ann, _ = a_resolved_market(venue, dispute_window_s=0)
    other = {"outcome": 1, "reason": "x"}
    path = f"markets/{market}/correct"
    assert venue.second.refused("post", path, other) == (409, "wrong_state")
    settled(venue, market)
    assert ann.refused("post", path, other) == (403, "permission_missing")
    assert venue.chief.refused("post", path, other) == (403, "duties_not_separate")
    assert venue.second.refused("post", path, {"outcome": 0, "reason": "x"}) == (422, "same_resolution")
    venue.second.post(path, other)
    assert venue.third.refused("post", path, other) == (409, "decision_pending")
    for partial in (venue.second, venue.chief):
        assert partial.refused("post", f"markets/{market}/approve-correction") == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/reject-correction", {"reason": "It was right."})
    assert venue.third.refused("post", f"markets/{market}/approve-correction") == (409, "nothing_requested")


def test_who_held_contracts_when_it_settled_corrects_nothing(venue):
    insider = venue.member("admin")
    venue.fund(insider, 10)
    market = venue.market(dispute_window_s=0)
    insider.post(f"markets/{market}/mint", {"quantity": 1})
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    venue.second.post(f"markets/{market}/resolve", YES)
    settled(venue, market)
    other = {"outcome": 1, "reason": "x"}
    assert insider.refused("post", f"markets/{market}/correct", other) == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/correct", other)
    assert insider.refused("post", f"markets/{market}/approve-correction") == (403, "duties_not_separate")


def test_the_house_is_corrected_through_the_subsidy(venue):
    market = venue.market(house_liquidity=50, dispute_window_s=0)
    ann = venue.trader()
    ann.order(market, price=9000, quantity=20)
    spent = 1000 * CREDIT - available(ann)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    venue.second.post(f"markets/{market}/resolve", {"outcome": 1, "evidence": "Dry."})
    settled(venue, market)
    correct(venue, market, outcome=0)
    assert available(ann) == 1000 * CREDIT - spent + 20 * CREDIT
    assert ann.get(f"markets/{market}/dossier")["proof"]["payouts_equal_ledger"] is True


def upload(person: Person, market: str, content: bytes, name: str = "log.pdf", media_type: str = "text/html"):
    file = SimpleUploadedFile(name, content, media_type)
    body = encode_multipart(BOUNDARY, {"file": file})
    return person.client.post(f"/api/v1/markets/{market}/evidence/files", body, content_type=MULTIPART_CONTENT)


def test_evidence_is_what_its_bytes_are_and_its_hash_stands_in_the_stream(venue):
    market, ann, bob = a_traded_market(venue)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    added = upload(venue.second, market, b"%PDF-1.7 the log", "../../etc/p\x00asswd.html")
    assert added.status_code == 201, added.content
    piece = added.json()
    assert (piece["media_type"], piece["name"][-4:], piece["given_for"]) == ("application/pdf", ".pdf", None)
    assert upload(venue.second, market, b"%PDF-1.7 the log").json()["id"] == piece["id"]
    link = venue.second.post(
        f"markets/{market}/evidence/links", {"url": "https://example.org/log", "title": "Log"}, expected=201
    )
    content = f"markets/{market}/evidence/{piece['id']}/content"
    assert ann.refused("get", content) == (404, "evidence_not_found")
    items = [piece["id"], link["id"]]
    assert venue.third.refused("post", f"markets/{market}/resolve", {**YES, "items": items}) == (
        404,
        "evidence_not_found",
    )
    venue.second.post(f"markets/{market}/resolve", {**YES, "items": items})
    downloaded = ann.client.get(f"/api/v1/{content}")
    assert b"".join(downloaded.streaming_content) == b"%PDF-1.7 the log"
    assert downloaded["Content-Type"] == "application/octet-stream"
    assert downloaded["X-Content-Type-Options"] == "nosniff"
    assert downloaded["Content-Disposition"].startswith("attachment;")
    assert Venue().trader().refused("get", content) == (404, "market_not_found")
    (event,) = ann.get(f"markets/{market}/events", type="ResolutionProposed")["results"]
    assert [item["sha256"] for item in event["data"]["items"]] == [piece["sha256"], link["sha256"]]
    against = upload(bob, market, b"I was there.", "diary.txt", "image/png").json()
    assert against["media_type"] == "text/plain"
    bob.post(f"markets/{market}/dispute", {**WHY, "items": [against["id"]]})
    shown = ann.get(f"markets/{market}/evidence")["results"]
    assert [each["given_for"] for each in shown] == ["proposal", "proposal", "dispute"]
    (proposal,) = ann.get(f"markets/{market}/dossier")["proposals"]
    assert proposal["disputes"][0]["evidence"][0]["sha256"] == against["sha256"]


@pytest.mark.parametrize(
    "content",
    [b"", b"MZ\x90\x00binary", b"\xff\xfe\x00", b"text with \x00", b"GIF89a\xff", b"x" * (5 * 1024 * 1024 + 1)],
)
def test_other_files_are_refused(venue, content):
    market = venue.market()
    assert upload(venue.second, market, content, "a.pdf", "application/pdf").status_code in (422, 400)
    assert venue.second.get(f"markets/{market}/evidence")["results"] == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "https://",
        "//example.org",
        "https://a:b@example.org",
        "http://[",
        "https://a b",
    ],
)
def test_other_links_are_refused(venue, url):
    market = venue.market()
    assert venue.second.refused("post", f"markets/{market}/evidence/links", {"url": url}) == (422, "evidence_refused")


def test_evidence_is_bounded_and_forgotten_after_a_day(venue, monkeypatch):
    market = venue.market()
    stranger = Venue().trader()
    public = venue.market(is_public=True)
    assert stranger.refused("post", f"markets/{public}/evidence/links", {"url": "http://a.b"}) == (403, "not_a_member")
    for number in range(10):
        assert upload(venue.second, market, b"text %d" % number).status_code == 201
    assert upload(venue.second, market, b"one more").json()["code"] == "too_much_evidence"
    assert drop_forgotten_evidence() == 0
    wind(monkeypatch, days=2)
    assert (drop_forgotten_evidence(), drop_forgotten_evidence()) == (10, 0)
    assert upload(venue.second, market, b"one more").status_code == 201


def test_the_scheduler_opens_closes_and_pays_once_and_says_when_it_was_due(venue, monkeypatch):
    begin = now()
    terms = {"opens_at": begin + timedelta(hours=1), "closes_at": begin + timedelta(hours=2)}
    market = venue.draft(
        **{name: at.isoformat() for name, at in terms.items()}, auto_finalize=True, dispute_window_s=600
    )
    venue.chief.post(f"markets/{market}/submit")
    assert run_schedule() == 0
    venue.second.post(f"markets/{market}/approve")
    assert run_schedule() == 0
    wind(monkeypatch, minutes=61)
    assert (run_schedule(), run_schedule()) == (1, 0)
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, outcome=1, price=4000)
    ann.order(market, price=6000)
    wind(monkeypatch, minutes=60)
    assert ann.order_refused(market) == (409, "market_not_open")
    assert ann.refused("post", f"markets/{market}/mint", {"quantity": 1}) == (409, "market_not_open")
    assert (run_schedule(), run_schedule()) == (1, 0)
    venue.second.post(f"markets/{market}/resolve", YES)
    wind(monkeypatch, minutes=11)
    assert run_schedule() == 0  # nobody but the proposer has looked at it yet
    assert venue.second.refused("post", f"markets/{market}/confirm") == (403, "duties_not_separate")
    venue.third.post(f"markets/{market}/confirm")
    assert venue.third.refused("post", f"markets/{market}/confirm") == (409, "already_confirmed")
    assert (run_schedule(), run_schedule()) == (1, 0)
    assert available(ann) == 1004 * CREDIT
    due = {
        event["type"]: event["data"].get("due_at")
        for event in ann.get(f"markets/{market}/events")["results"]
        if "due_at" in event["data"]
    }
    assert due.keys() == {"MarketOpened", "MarketClosed", "ResolutionFinalized"}
    assert due["MarketOpened"] == clock.text(terms["opens_at"])
    assert due["MarketClosed"] == clock.text(terms["closes_at"])


def test_a_confirmed_resolution_is_paid_at_the_end_of_its_window_unless_it_is_disputed(venue, monkeypatch):
    market, _, bob = a_resolved_market(venue, auto_finalize=True)
    venue.third.post(f"markets/{market}/confirm")
    bob.post(f"markets/{market}/dispute", WHY)
    wind(monkeypatch, hours=2)
    assert run_schedule() == 0
    venue.member("admin").post(f"markets/{market}/review", {"decision": "uphold", "reason": "x"})
    assert run_schedule() == 1
    assert bob.get(f"markets/{market}")["status"] == "settled"


def test_a_market_opened_early_trades_from_its_hour_on(venue, monkeypatch):
    market = venue.market(opens_at=(now() + timedelta(hours=1)).isoformat())
    ann = venue.trader()
    assert ann.order_refused(market) == (409, "market_not_open")
    wind(monkeypatch, hours=1, seconds=1)
    assert ann.order(market)["status"] == "open"


def test_looking_for_due_steps_is_one_statement_over_indexes(venue, django_assert_num_queries):
    venue.market()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with django_assert_num_queries(1) as captured:
        assert run_schedule() == 0
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert {"market_opening", "market_closing", "market_finalizing"} <= set(re.findall(r"market_\w+", plan)), plan


def test_an_opening_that_fails_is_tried_again_after_a_minute(venue, monkeypatch):
    market = venue.draft(house_liquidity=1_000_000, opens_at=(now() + timedelta(hours=1)).isoformat())
    venue.chief.post(f"markets/{market}/submit")
    venue.second.post(f"markets/{market}/approve")
    wind(monkeypatch, hours=1, seconds=1)
    assert run_schedule() == 0
    venue.chief.post(f"organizations/{venue.organization.slug}/subsidy", {"units": 10_000_000 * CREDIT})
    assert run_schedule() == 0
    wind(monkeypatch, seconds=61)
    assert run_schedule() == 1


def test_times_that_contradict_each_other_are_refused(venue):
    hour = timedelta(hours=1)
    body = {"organization": venue.organization.slug, "question": "Q?", "criteria": "C."}
    backwards = {"opens_at": (now() + 2 * hour).isoformat(), "closes_at": (now() + hour).isoformat()}
    for faulty in (backwards, {"opens_at": (now() - hour).isoformat()}):
        assert venue.chief.refused("post", "markets", {**body, **faulty}) == (422, "invalid_market")


def test_the_dossier_tells_who_held_what_but_not_who_they_are(venue, anybody):
    market, ann, bob = a_resolved_market(venue, is_public=True)
    bob.post(f"markets/{market}/dispute", WHY)
    venue.third.post(f"markets/{market}/review", {"decision": "uphold", "reason": "It works."})
    venue.chief.post(f"markets/{market}/finalize")
    for_staff, for_ann, for_anybody = (who.get(f"markets/{market}/dossier") for who in (venue.third, ann, anybody))
    proof = for_anybody["proof"]
    assert all(
        proof[name] is True
        for name in ("chain_intact", "same_status", "escrow_paid_out", "payouts_at_vector", "payouts_equal_ledger")
    )
    assert (proof["escrow_units"], proof["payouts_units"]) == (10 * CREDIT, 10 * CREDIT)
    assert proof["head_hash"] is None
    assert len(for_staff["proof"]["head_hash"]) == 64
    assert for_anybody["criteria"]["unchanged"] is True
    held = {decision["type"]: decision["held"] for decision in for_anybody["decisions"]}
    assert held["ResolutionDisputed"] == [0, 10]
    assert held["ResolutionProposed"] == held["ResolutionUpheld"] == held["ResolutionFinalized"] == [0, 0]
    assert [row["account"]["own"] for row in for_ann["payouts"]].count(True) == 1
    assert {row["account"]["name"] for row in for_anybody["payouts"]} == {None}
    assert {row["account"]["name"] for row in for_staff["payouts"]} == {str(ann.user), str(bob.user)}
    told = anybody.client.get(f"/api/v1/markets/{market}/dossier/download")
    assert told["Content-Disposition"].startswith("attachment;")
    text = told.content.decode()
    for person in (ann, bob, venue.chief, venue.second, venue.third):
        assert person.user.username not in text
        assert str(person.user.pk) not in text
    own = ann.cash()["id"]
    assert f'"id":{own}' not in text
    assert f'"account":{own}' not in text


def test_a_step_repeated_with_its_key_is_taken_once(venue):
    market, _, bob = a_resolved_market(venue)
    first = bob.post(f"markets/{market}/dispute", WHY, key="one")
    assert bob.post(f"markets/{market}/dispute", WHY, key="one") == first
    assert available(bob) == 996 * CREDIT - BOND


def test_a_reader_gets_so_many_dossiers_a_minute(venue, anybody, monkeypatch):
    market = venue.market(is_public=True)
    monkeypatch.setattr(DossierThrottle, "rate", "2/min", raising=False)
    reader = venue.trader()
    for _ in range(2):
        reader.get(f"markets/{market}/dossier")
    assert reader.refused("get", f"markets/{market}/dossier") == (429, "too_many_requests")
    venue.trader().get(f"markets/{market}/dossier")


def test_the_command_tells_the_same_story_with_names(venue, capsys):
    market, ann, _ = a_resolved_market(venue, dispute_window_s=0)
    settled(venue, market)
    call_command("market_dossier", market)
    with_names = json.loads(capsys.readouterr().out)
    call_command("market_dossier", market, "--public")
    public = json.loads(capsys.readouterr().out)
    assert str(ann.user) in {row["account"]["name"] for row in with_names["payouts"]}
    assert {row["account"]["name"] for row in public["payouts"]} == {None}
    assert with_names["proof"]["payouts_equal_ledger"] is public["proof"]["payouts_equal_ledger"] is True
    with pytest.raises(CommandError, match="no market"):
        call_command("market_dossier", str(venue.organization.pk))


def test_a_dossier_finds_what_somebody_changed_in_the_tables(venue):
    market, ann, _ = a_resolved_market(venue, dispute_window_s=0)
    settled(venue, market)
    with transaction.atomic():
        Market.objects.filter(pk=market).update(criteria="Whatever I like.", status="closed")
        tamper("markets_posting", "delta_units = 2 * delta_units WHERE reason = 'payout'")
        story = ann.get(f"markets/{market}/dossier")
        transaction.set_rollback(True)
    assert story["criteria"]["unchanged"] is False
    assert story["proof"]["same_status"] is False
    assert story["proof"]["payouts_equal_ledger"] is False
    assert story["proof"]["chain_intact"] is True
