"""A market's life over HTTP, from the draft to the payout, and who may take which step."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from tests.api_markets.venue import CREDIT, Venue

YES_WINS = {"outcome": 0, "evidence": "The gauge read 3 mm."}


def test_a_market_lives_from_draft_to_payout(venue):
    ann, bob = venue.trader(), venue.trader()
    market = venue.draft(dispute_window_s=0, taker_fee_bps=100, house_liquidity=50)
    steps = [
        venue.chief.post(f"markets/{market}/submit"),
        venue.second.post(f"markets/{market}/return", {"reason": "Name the gauge."}),
        venue.chief.post(f"markets/{market}/submit"),
        venue.second.post(f"markets/{market}/approve"),
        venue.chief.post(f"markets/{market}/open"),
    ]
    assert [step["status"] for step in steps] == ["pending_approval", "draft"] + ["pending_approval"] * 2 + ["open"]
    bob.order(market, outcome=1, price=4000)
    assert ann.order(market, price=6500)["status"] == "filled"
    steps = [
        venue.chief.post(f"markets/{market}/halt", {"reason": "The gauge is being read."}),
        venue.chief.post(f"markets/{market}/open", {"reason": "It was read."}),
        venue.chief.post(f"markets/{market}/close", {"reason": "The day is over."}),
        venue.second.post(f"markets/{market}/resolve", {"payout": [5000, 5000], "evidence": "Unclear."}),
        venue.second.post(f"markets/{market}/withdraw-resolution", {"reason": "It is clear now."}),
        venue.second.post(f"markets/{market}/resolve", YES_WINS),
        venue.third.post(f"markets/{market}/finalize"),
    ]
    assert [step["status"] for step in steps] == [
        "halted",
        "open",
        "closed",
        "resolved",
        "closed",
        "resolved",
        "settled",
    ]
    settled = ann.get(f"markets/{market}")
    assert settled["status"] == "settled"
    assert [outcome["payout"] for outcome in settled["outcomes"]] == [10_000, 0]
    assert settled["evidence"] == YES_WINS["evidence"]
    assert settled["open_sets"] == 0
    assert settled["version"] == steps[-1]["version"]
    assert ann.get("positions")["results"] == []
    won = [entry for entry in ann.get("account/entries")["results"] if entry["reason"] == "payout"]
    assert [entry["units"] for entry in won] == [10 * CREDIT]
    assert won[0]["stream"] == f"market-{market}"


def test_steps_out_of_turn_are_refused(venue):
    market = venue.draft(dispute_window_s=3600)
    why = {"reason": "Because."}
    assert venue.second.refused("post", f"markets/{market}/approve") == (409, "wrong_state")
    assert venue.second.refused("post", f"markets/{market}/open") == (409, "wrong_state")
    assert venue.second.refused("post", f"markets/{market}/resolve", YES_WINS) == (409, "wrong_state")
    venue.chief.post(f"markets/{market}/submit")
    assert venue.chief.refused("post", f"markets/{market}/open") == (409, "wrong_state")
    venue.second.post(f"markets/{market}/approve")
    venue.chief.post(f"markets/{market}/open")
    assert venue.chief.refused("post", f"markets/{market}/halt") == (422, "reason_required")
    assert venue.chief.refused("post", f"markets/{market}/close", {"reason": "  "}) == (422, "reason_required")
    venue.chief.post(f"markets/{market}/close", why)
    assert venue.chief.refused("post", f"markets/{market}/close", why) == (409, "wrong_state")
    resolve = f"markets/{market}/resolve"
    assert venue.second.refused("post", resolve, {"outcome": 0}) == (422, "reason_required")
    assert venue.second.refused("post", resolve, {"outcome": 2, "evidence": "x"}) == (422, "no_such_outcome")
    assert venue.second.refused("post", resolve, {"payout": [1, 2], "evidence": "x"}) == (422, "invalid_payout")
    assert venue.second.refused("post", resolve, {"evidence": "x"}) == (422, "invalid_input")
    assert venue.second.refused("post", resolve, {**YES_WINS, "payout": [0, 10_000]}) == (422, "invalid_input")
    venue.second.post(resolve, YES_WINS)
    assert venue.third.refused("post", f"markets/{market}/finalize") == (409, "dispute_window_open")


def test_duties_are_separate(venue):
    market = venue.draft(dispute_window_s=0)
    venue.chief.post(f"markets/{market}/submit")
    assert venue.chief.refused("post", f"markets/{market}/approve") == (403, "duties_not_separate")
    why = {"reason": "Mine."}
    assert venue.chief.refused("post", f"markets/{market}/return", why) == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/approve")
    venue.chief.post(f"markets/{market}/open")
    venue.fund(venue.third, 10)
    venue.third.post(f"markets/{market}/mint", {"quantity": 1})
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    assert venue.chief.refused("post", f"markets/{market}/resolve", YES_WINS) == (403, "duties_not_separate")
    assert venue.third.refused("post", f"markets/{market}/resolve", YES_WINS) == (403, "duties_not_separate")
    venue.second.post(f"markets/{market}/resolve", YES_WINS)
    assert venue.second.refused("post", f"markets/{market}/finalize") == (403, "duties_not_separate")
    assert venue.third.refused("post", f"markets/{market}/finalize") == (403, "duties_not_separate")


def test_steps_need_their_permissions(venue):
    market = venue.draft()
    steps = ["submit", "return", "approve", "open", "halt", "close", "resolve", "withdraw-resolution", "finalize"]
    trader, viewer, manager = venue.member(), venue.member("viewer"), venue.member("manager")
    for step in steps:
        assert trader.refused("post", f"markets/{market}/{step}") == (403, "permission_missing")
        assert viewer.refused("post", f"markets/{market}/{step}") == (403, "permission_missing")
    assert manager.post(f"markets/{market}/submit")["status"] == "pending_approval"
    assert manager.refused("post", f"markets/{market}/resolve", YES_WINS) == (403, "permission_missing")


def test_a_house_market_needs_a_subsidy(venue):
    market = venue.draft(house_liquidity=1_000_000)
    venue.chief.post(f"markets/{market}/submit")
    venue.second.post(f"markets/{market}/approve")
    assert venue.chief.refused("post", f"markets/{market}/open") == (409, "insufficient_subsidy")
    assert venue.chief.get(f"markets/{market}")["status"] == "pending_approval"


@pytest.mark.parametrize(
    "faulty",
    [
        {"kind": "binary", "outcomes": ["Only one"]},
        {"kind": "categorical", "outcomes": ["Red", "red"]},
        {"kind": "categorical", "outcomes": ["Alone"], "is_exhaustive": True},
        {"house_liquidity": 10, "house_prior": [9_000, 900]},
        {"closes_at": "2001-01-01T00:00:00Z"},
    ],
)
def test_a_market_that_contradicts_itself_is_not_created(venue, faulty):
    body = {"organization": venue.organization.slug, "question": "Q?", "criteria": "C.", **faulty}
    assert venue.chief.refused("post", "markets", body) == (422, "invalid_market")


def test_unknown_and_missing_fields_are_named(venue):
    body = {"organization": venue.organization.slug, "question": "Q?", "colour": "blue", "taker_fee_bps": "5"}
    response = venue.chief.client.post("/api/v1/markets", body, format="json")
    errors = {(error["field"], error["code"]) for error in response.json()["errors"]}
    assert response.status_code == 422
    assert errors == {("criteria", "required"), ("colour", "unknown"), ("taker_fee_bps", "invalid")}


def test_a_categorical_market_gets_an_outcome_for_everything_else(venue):
    market = venue.draft(kind="categorical", outcomes=["Red", "Blue"])
    outcomes = venue.chief.get(f"markets/{market}")["outcomes"]
    assert [outcome["label"] for outcome in outcomes] == ["Red", "Blue", "Other"]
    assert sum(outcome["price"] for outcome in outcomes) == 10_000


def test_markets_are_found_by_what_they_are(venue):
    soon, later = now() + timedelta(days=1), now() + timedelta(days=9)
    rain = venue.market(question="Will it rain in Porto?", category="weather", closes_at=later.isoformat())
    goal = venue.market(question="Who scores?", kind="categorical", outcomes=["A"], closes_at=soon.isoformat())
    open_end = venue.market(question="Raining cats and dogs?", is_public=True)
    slug = venue.organization.slug

    def found(**query):
        return [market["id"] for market in venue.chief.get("markets", organization=slug, **query)["results"]]

    assert found() == [open_end, goal, rain]
    assert found(search="rain") == [open_end, rain]
    assert found(search="rain -cats") == [rain]
    assert found(search='"rain in Porto"') == [rain]
    assert found(category="weather") == [rain]
    assert found(kind="categorical") == [goal]
    assert found(is_public="true") == [open_end]
    assert found(is_public="false") == [goal, rain]
    assert found(closing_before=(soon + timedelta(hours=1)).isoformat()) == [goal]
    assert found(closing_from=(soon + timedelta(hours=1)).isoformat()) == [rain]
    assert found(ordering="closing") == [goal, rain, open_end]
    assert found(status=["open", "halted"]) == [open_end, goal, rain]
    assert found(status="closed") == []
    ann, bob = venue.trader(), venue.trader()
    ann.order(rain, price=6000)
    bob.order(rain, side="sell", price=6000)
    assert found(ordering="volume") == [rain, open_end, goal]
    assert venue.chief.refused("get", "markets?ordering=luck") == (422, "invalid_input")
    assert venue.chief.refused("get", "markets?cursor=made-up") == (422, "invalid_cursor")


@pytest.mark.parametrize("ordering", ["newest", "volume", "closing"])
def test_pages_of_markets_hold_each_once(venue, ordering):
    closing = [None, now() + timedelta(days=2), now() + timedelta(days=2), None, now() + timedelta(days=1)]
    made = {venue.draft(closes_at=at.isoformat() if at else None) for at in closing}
    page = venue.chief.get("markets", organization=venue.organization.slug, ordering=ordering, limit=2)
    seen = [market["id"] for market in page["results"]]
    while page["next"]:
        page = venue.chief.client.get(page["next"]).json()
        seen += [market["id"] for market in page["results"]]
    assert len(seen) == 5
    assert set(seen) == made


def test_a_repeated_creation_makes_one_market(venue):
    body = {"organization": venue.organization.slug, "question": "Once?", "criteria": "Count."}
    first = venue.chief.post("markets", body, key="create-1")
    again = venue.chief.client.post("/api/v1/markets", body, format="json", headers={"Idempotency-Key": "create-1"})
    assert (again.status_code, again["Idempotency-Replayed"], again.json()) == (201, "true", first)
    other = {**body, "question": "Twice?"}
    assert venue.chief.refused("post", "markets", other, key="create-1") == (422, "idempotency_key_reused")
    assert len(venue.chief.get("markets", organization=venue.organization.slug)["results"]) == 1


def test_a_repeated_step_is_taken_once(venue):
    market = venue.draft()
    first = venue.chief.post(f"markets/{market}/submit", key="step")
    assert venue.chief.post(f"markets/{market}/submit", key="step") == first
    assert venue.chief.refused("post", f"markets/{market}/submit") == (409, "wrong_state")
    assert venue.chief.refused("post", f"markets/{market}/submit", key="refusal") == (409, "wrong_state")
    venue.second.post(f"markets/{market}/return", {"reason": "Again."})
    assert venue.chief.refused("post", f"markets/{market}/submit", key="refusal") == (409, "wrong_state")


def test_people_are_shown_to_staff_only(venue):
    market = venue.market(is_public=True)
    assert venue.member("viewer").get(f"markets/{market}")["created_by"] == str(venue.chief.user.pk)
    assert venue.member().get(f"markets/{market}")["created_by"] is None
    assert Venue().chief.get(f"markets/{market}")["approved_by"] is None
