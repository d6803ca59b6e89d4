"""Figures over HTTP: right for a course of trading worked out by hand, and for nobody else's eyes."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from markets.analytics.traders.history import history
from markets.analytics.traders.models import MarketClose, MarketCourse, TraderDay, TraderResult
from markets.analytics.traders.selectors import accounts_of
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue
from tests.governance.people import calling_as
from tests.traders.feed import refigure
from tests.traders.test_projection import settle

USER = "ai-analytics/analytics/user"


def figures(reader: Person, of: Person | None = None, **query: str) -> dict[str, Any]:
    return reader.get(f"{USER}/{(of or reader).user.pk}", **query)


def rows(reader: Person, name: str, **query: str) -> list[dict[str, str]]:
    response = reader.client.get(f"/api/v1/{USER}/{reader.user.pk}/{name}", query)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def traded(venue: Venue) -> tuple[Person, Person, str, str]:
    """Ann buys 10 at 40% and 10 at 60% from Bob, sells 10 at 70%: the other half is settled as won; one market stays open."""
    ann, bob = venue.trader(), venue.trader()
    sport = venue.market(category="sport", dispute_window_s=0)
    for side, price in (("buy", 4_000), ("buy", 6_000), ("sell", 7_000)):
        bob.order(sport, side="sell" if side == "buy" else "buy", price=price, quantity=10)
        ann.order(sport, side=side, price=price, quantity=10)
    settle(venue, sport, outcome=0)
    weather = venue.market(category="weather", taker_fee_bps=1_000)
    bob.order(weather, side="sell", price=5_000, quantity=20)
    ann.order(weather, price=5_000, quantity=20)
    refigure()
    return ann, bob, sport, weather


def test_figures_of_a_course_worked_out_by_hand(venue: Venue) -> None:
    ann, bob, sport, weather = traded(venue)
    fee = 20 * 5_000 * 5_000 // 10_000 // 10
    found = figures(ann)
    assert found["organizations"] == [str(venue.organization.pk)]
    assert (found["period"], found["since"]) == ("all", None)
    # Cost 5,000 on average: 10 sold for 7,000, 10 paid 10,000.
    assert found["realised_units"] == 10 * 2_000 + 10 * 5_000 - fee
    assert found["unrealised_units"] == 0
    assert found["profit_units"] == found["realised_units"]
    assert found["fees_units"] == fee
    assert found["turnover_units"] == 40_000 + 60_000 + 70_000 + 100_000
    assert found["invested_units"] == 200_000
    assert found["return_millionths"] == found["profit_units"] * 1_000_000 // 200_000
    assert (found["fills"], found["traded_contracts"], found["average_trade_units"]) == (4, 50, 67_500)
    assert (found["markets"], found["settled_markets"], found["won_markets"]) == (2, 1, 1)
    assert found["win_rate_millionths"] == 1_000_000
    assert found["best"] == {
        "market": sport, "question": "Will it rain?", "category": "sport", "profit": 70_000, "settled": True,
    }  # fmt: skip
    assert found["worst"]["market"] == weather
    assert [(each["category"], each["turnover_units"]) for each in found["categories"]] == [
        ("sport", 170_000),
        ("weather", 100_000),
    ]
    assert figures(bob)["profit_units"] == -found["profit_units"] - fee
    assert figures(bob)["win_rate_millionths"] == 0


def test_scores_and_calibration_are_of_settled_markets(venue: Venue) -> None:
    ann, bob, sport, _ = traded(venue)
    result = TraderResult.objects.get(market=sport, account__owner=ann.user)
    found = figures(ann)
    assert found["scored_markets"] == 1
    assert found["brier_millionths"] == result.brier_millionths
    assert found["log_micronats"] == result.log_micronats
    assert figures(bob)["brier_millionths"] > found["brier_millionths"]
    (calibrated,) = found["calibration"]
    assert calibrated["forecasts"] == 1
    assert calibrated["mean_outcome_millionths"] == 1_000_000
    assert calibrated["lower_millionths"] <= calibrated["mean_forecast_millionths"] < calibrated["upper_millionths"]


def aged(days: int) -> None:
    """Let what the projection keeps have happened so many days ago."""
    past = timedelta(days=days)
    for kept in (TraderDay, MarketClose):
        for row in kept.objects.all():
            row.day -= past
            row.save()
    for result in TraderResult.objects.all():
        result.settled_at = result.settled_at and result.settled_at - past
        result.save()


def test_a_period_counts_what_happened_in_it(venue: Venue) -> None:
    ann, _, _, weather = traded(venue)
    aged(40)
    assert figures(ann, period="90d")["fills"] == 4
    month = figures(ann, period="30d")
    assert (month["fills"], month["turnover_units"], month["settled_markets"], month["profit_units"]) == (0, 0, 0, 0)
    assert month["scored_markets"] == month["active_days"] == 0
    # The price of what Ann still holds rises within the month: that gain is the month's, the purchase is not.
    today = datetime.now(UTC).date()
    MarketClose.objects.create(market_id=weather, day=today, price_units=[8_000, 2_000])
    move(weather, [8_000, 2_000])
    month = figures(ann, period="30d")
    assert month["profit_units"] == 20 * 3_000
    assert month["realised_units"] == 0
    assert month["since"] == str(today - timedelta(days=29))
    assert figures(ann)["profit_units"] == 70_000 + 20 * 3_000 - 5_000


def move(market: str, prices: list[int]) -> None:
    MarketCourse.objects.filter(market=market).update(price_units=prices)


def test_history_marks_every_day_at_its_own_prices(venue: Venue) -> None:
    ann, _, _, weather = traded(venue)
    aged(3)
    today = datetime.now(UTC).date()
    for days, price in ((2, 6_000), (0, 4_500)):
        MarketClose.objects.create(
            market_id=weather, day=today - timedelta(days=days), price_units=[price, 10_000 - price]
        )
    days = ann.get(f"{USER}/{ann.user.pk}/history", period="7d")["days"]
    realised = 70_000 - 5_000
    assert [(day["day"], day["realised"], day["unrealised"], day["profit"]) for day in days] == [
        (str(today - timedelta(days=3)), realised, 0, realised),
        (str(today - timedelta(days=2)), realised, 20_000, realised + 20_000),
        (str(today - timedelta(days=1)), realised, 20_000, realised + 20_000),
        (str(today), realised, -10_000, realised - 10_000),
    ]
    exported = rows(ann, "history.csv", period="7d")
    assert [int(row["profit"]) for row in exported] == [day["profit"] for day in days]
    assert [row["day"] for row in exported] == [day["day"] for day in days]


def test_history_ends_with_what_the_figures_say(venue: Venue) -> None:
    ann, bob, _, _ = traded(venue)
    for person in (ann, bob):
        last = person.get(f"{USER}/{person.user.pk}/history")["days"][-1]
        found = figures(person)
        assert last["profit"] == found["profit_units"]
        assert (last["realised"], last["unrealised"]) == (found["realised_units"], found["unrealised_units"])
        assert (last["fees"], last["turnover"], last["fills"]) == (
            found["fees_units"],
            found["turnover_units"],
            found["fills"],
        )


def test_two_years_of_history_are_shown_at_most(venue: Venue) -> None:
    ann, *_ = traded(venue)
    aged(1_000)
    accounts = accounts_of(ann.user.pk, [venue.organization.pk])
    days = history(accounts, period="all", now=clock.now())
    assert len(days) == 730
    assert days[-1].day == datetime.now(UTC).date()
    assert isinstance(days[0].day, date)


def test_the_export_has_a_line_per_market(venue: Venue) -> None:
    ann, _, sport, weather = traded(venue)
    venue.market(question="=HYPERLINK(1)")
    lines = {row["market"]: row for row in rows(ann, "markets.csv")}
    assert lines.keys() == {sport, weather}
    assert int(lines[sport]["profit"]) == 70_000
    assert int(lines[weather]["fees"]) == 5_000
    assert lines[weather]["settled_at"] == ""


def test_a_question_that_begins_like_a_formula_is_disarmed_in_the_export(venue: Venue) -> None:
    ann, bob = venue.trader(), venue.trader()
    market = venue.market(question="=HYPERLINK(1)")
    bob.order(market, side="sell", price=5_000, quantity=2)
    ann.order(market, price=5_000, quantity=2)
    refigure()
    assert [row["question"] for row in rows(ann, "markets.csv")] == ["'=HYPERLINK(1)"]


def test_who_never_traded_has_figures_of_nothing(venue: Venue) -> None:
    newcomer = venue.member()
    found = figures(newcomer)
    assert (found["profit_units"], found["fills"], found["markets"]) == (0, 0, 0)
    assert found["brier_millionths"] is found["win_rate_millionths"] is found["best"] is None
    assert newcomer.get(f"{USER}/{newcomer.user.pk}/history")["days"] == []


def test_staff_sees_members_of_the_own_organization_and_members_see_themselves(venue: Venue, elsewhere: Venue) -> None:
    ann, bob, *_ = traded(venue)
    profit = figures(ann)["profit_units"]
    for role in ("viewer", "analyst", "manager", "data_scientist", "auditor", "admin"):
        assert figures(venue.member(role), ann)["profit_units"] == profit
    not_found = (404, "trader_not_found")
    for stranger in (bob, elsewhere.trader(), elsewhere.chief, elsewhere.member("auditor")):
        for path in ("", "/history", "/history.csv", "/markets.csv"):
            assert stranger.refused("get", f"{USER}/{ann.user.pk}{path}") == not_found
        assert stranger.refused("get", f"ai-analytics/analytics/portfolio?user={ann.user.pk}") == not_found
        nobody = "00000000-0000-7000-8000-000000000000"
        assert stranger.refused("get", f"{USER}/{nobody}") == not_found


def test_staff_sees_of_a_member_of_two_organizations_what_is_of_theirs(venue: Venue, elsewhere: Venue) -> None:
    ann, *_ = traded(venue)
    elsewhere.organization.memberships.create(user=ann.user, role="", created_at=clock.now())
    elsewhere.fund(ann, 100)
    carl, market = elsewhere.trader(), elsewhere.market()
    carl.order(market, side="sell", price=3_000, quantity=7)
    ann.order(market, price=3_000, quantity=7)
    refigure()
    assert figures(ann)["fills"] == 5
    assert figures(venue.chief, ann)["fills"] == 4
    assert figures(elsewhere.chief, ann)["fills"] == 1
    assert figures(ann, organization=elsewhere.organization.slug)["fills"] == 1
    query = f"organization={venue.organization.slug}"
    assert elsewhere.chief.refused("get", f"{USER}/{ann.user.pk}?{query}") == (404, "organization_not_found")


def test_strangers_must_sign_in(venue: Venue) -> None:
    anybody = Person(venue.chief.user, calling_as(None))
    paths = [f"{USER}/{venue.chief.user.pk}{rest}" for rest in ("", "/history", "/history.csv", "/markets.csv")]
    for path in (*paths, "ai-analytics/analytics/portfolio", "leaderboards", "leaderboards/me", "leaderboards/listing"):
        assert anybody.refused("get", path) == (401, "not_authenticated")


@pytest.mark.parametrize("period", ["1d", "8d", "ALL"])
def test_an_unknown_period_is_refused(venue: Venue, period: str) -> None:
    assert venue.chief.refused("get", f"{USER}/{venue.chief.user.pk}?period={period}")[0] == 422
