"""Leaderboards over HTTP: one organization's, under names people chose, paged without gaps."""

import csv
import io
from datetime import timedelta

import pytest

from markets.analytics.leaderboards.models import Standing
from markets.analytics.leaderboards.ranking import Outing, ranked
from markets.analytics.leaderboards.standings import compute_all_standings, compute_standings
from markets.analytics.leaderboards.tasks import compute_standings as compute_standings_task
from markets.analytics.traders.models import TraderDay, TraderResult
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue
from tests.traders.feed import refigure
from tests.traders.test_projection import settle


def competing(venue: Venue, traders: int = 4, markets: int = 3) -> list[Person]:
    """In each market the first trader sells what the others buy, the later ones at better prices; all are settled as won."""
    people = [venue.trader() for _ in range(traders)]
    for number in range(markets):
        market = venue.market(category="sport" if number else "weather", dispute_window_s=0)
        for place, person in enumerate(people[1:], start=1):
            for quantity in (4, 6):
                people[0].order(market, side="sell", price=7_000 - 500 * place, quantity=quantity)
                person.order(market, price=7_000 - 500 * place, quantity=quantity)
        settle(venue, market, outcome=0)
    refigure()
    compute_standings(organization_id=venue.organization.pk, now=clock.now())
    return people


def board(reader: Person, **query: str) -> list[dict]:
    return list(reader.get("leaderboards", **query)["results"])


def own_rank(person: Person, metric: str = "profit", window: str = "30d", category: str = "") -> int:
    (place,) = [
        place
        for place in person.get("leaderboards/me")["places"]
        if (place["metric"], place["window"], place["category"]) == (metric, window, category)
    ]
    return int(place["rank"])


def test_who_bought_cheapest_leads_and_who_sold_is_last(venue: Venue) -> None:
    people = competing(venue)
    places = board(people[0])
    assert [place["rank"] for place in places] == [1, 2, 3, 4]
    assert [place["is_you"] for place in places] == [False, False, False, True]
    assert [own_rank(person) for person in people] == [4, 3, 2, 1]
    assert places[0]["raw"] == 3 * 10 * (10_000 - 5_500)
    assert abs(places[0]["score"]) < places[0]["raw"]
    assert own_rank(people[0], "roi") == 4
    scores = {metric: [place["score"] for place in board(people[0], metric=metric)] for metric in ("brier", "log")}
    assert scores["brier"] == sorted(scores["brier"])
    assert scores["log"] == sorted(scores["log"], reverse=True)


def test_scores_are_the_formula_over_what_the_projection_keeps(venue: Venue) -> None:
    people = competing(venue)
    results = TraderResult.objects.filter(account__owner__in=[person.user for person in people]).select_related(
        "market"
    )
    outings = [
        Outing(
            result.account_id, result.market.category, result.cash_units, result.invested_units, result.fills,
            result.brier_millionths, result.log_micronats,
        )
        for result in results
    ]  # fmt: skip
    for metric in ("profit", "roi", "brier", "log"):
        expected = [(place.rank, place.score, place.raw, place.fills) for place in ranked(outings, metric)]
        for window in ("7d", "all"):
            places = board(people[0], metric=metric, window=window)
            assert [(place["rank"], place["score"], place["raw"], place["fills"]) for place in places] == expected


def test_a_category_has_its_own_board_and_too_few_markets_have_none(venue: Venue) -> None:
    people = competing(venue, markets=4)
    assert len(board(people[0], category="sport")) == 4
    assert board(people[0], category="weather") == []
    assert board(people[0], category="sport")[0]["markets"] == 3


def test_a_window_forgets_what_was_before_it(venue: Venue) -> None:
    people = competing(venue)
    past = timedelta(days=10)
    for day in TraderDay.objects.all():
        day.day -= past
        day.save()
    for result in TraderResult.objects.all():
        result.settled_at -= past
        result.save()
    compute_standings(organization_id=venue.organization.pk, now=clock.now())
    assert board(people[0], window="7d") == []
    assert len(board(people[0], window="30d")) == 4


def test_pages_follow_one_another_without_gaps(venue: Venue) -> None:
    people = competing(venue, traders=5)
    everybody = board(people[0])
    first = people[0].get("leaderboards", limit=2)
    second = people[0].client.get(first["next"]).json()
    third = people[0].client.get(second["next"]).json()
    assert first["results"] + second["results"] + third["results"] == everybody
    assert third["next"] is None


def test_people_appear_as_they_choose(venue: Venue) -> None:
    people = competing(venue)
    _, named, _, leader = people
    assert all(place["name"].startswith("Trader ") for place in board(leader))
    assert len({place["name"] for place in board(leader)}) == 4
    chosen = named.client.put("/api/v1/leaderboards/listing", {"shown": "name"}, format="json").json()
    assert chosen["name"] == str(named.user)
    leader.client.put("/api/v1/leaderboards/listing", {"shown": "pseudonym", "pseudonym": "Blue Heron"}, format="json")
    assert leader.get("leaderboards/listing") == {"shown": "pseudonym", "pseudonym": "Blue Heron", "name": "Blue Heron"}
    names = [place["name"] for place in board(named)]
    assert names[0] == "Blue Heron"
    assert str(named.user) in names
    assert str(leader.user) not in names


def test_who_hides_is_gone_at_once_and_not_ranked_any_more(venue: Venue) -> None:
    people = competing(venue)
    leader = people[3]
    leader.client.put("/api/v1/leaderboards/listing", {"shown": "hidden"}, format="json")
    assert [place["rank"] for place in board(people[0])] == [2, 3, 4]
    assert leader.get("leaderboards/me")["places"] == []
    compute_standings(organization_id=venue.organization.pk, now=clock.now())
    assert [place["rank"] for place in board(people[0])] == [1, 2, 3]
    assert not Standing.objects.filter(account__owner=leader.user).exists()


def put(person: Person, pseudonym: str) -> tuple[int, str]:
    return person.refused("put", "leaderboards/listing", {"shown": "pseudonym", "pseudonym": pseudonym})


def test_a_pseudonym_is_nobody_elses_name(venue: Venue) -> None:
    ann, bob = venue.trader(), venue.trader()
    body = {"shown": "pseudonym", "pseudonym": "Blue Heron"}
    assert ann.client.put("/api/v1/leaderboards/listing", body, format="json").status_code == 200
    assert ann.client.put("/api/v1/leaderboards/listing", body, format="json").status_code == 200
    assert put(bob, "blue heron") == (409, "pseudonym_taken")
    assert put(bob, ann.user.username.upper()) == (409, "pseudonym_taken")
    for odd in ("ab", " x ", "-abc", "a<b>c", "x\ny"):
        assert put(bob, odd)[0] == 422, odd
    assert bob.get("leaderboards/listing")["pseudonym"] == ""


def test_leaderboards_end_at_the_tenants_border(venue: Venue, elsewhere: Venue) -> None:
    ours, theirs = competing(venue), competing(elsewhere, traders=3)
    compute_all_standings(now=clock.now())
    assert len(board(ours[0])) == 4
    assert len(board(theirs[0])) == 3
    path = f"leaderboards?organization={venue.organization.slug}"
    assert theirs[0].refused("get", path) == (404, "organization_not_found")
    assert board(ours[0], organization=venue.organization.slug) == board(ours[0])
    elsewhere.organization.memberships.create(user=ours[0].user, role="", created_at=clock.now())
    assert ours[0].refused("get", "leaderboards") == (422, "organization_needed")
    assert len(board(ours[0], organization=elsewhere.organization.slug)) == 3


def test_who_has_left_is_not_ranked(venue: Venue) -> None:
    people = competing(venue)
    venue.organization.memberships.filter(user=people[3].user).delete()
    compute_standings(organization_id=venue.organization.pk, now=clock.now())
    assert len(board(people[0])) == 3


def test_the_export_is_the_whole_board(venue: Venue) -> None:
    people = competing(venue)
    response = people[0].client.get("/api/v1/leaderboards.csv?metric=brier")
    lines = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert [(int(line["rank"]), int(line["score"])) for line in lines] == [
        (place["rank"], place["score"]) for place in board(people[0], metric="brier")
    ]


def test_computing_twice_changes_nothing(venue: Venue) -> None:
    people = competing(venue)
    before = [{**place, "computed_at": None} for place in board(people[0])]
    compute_standings_task()
    assert [{**place, "computed_at": None} for place in board(people[0])] == before


@pytest.mark.parametrize("query", ["window=8d", "metric=luck", "limit=0"])
def test_an_unknown_board_is_refused(venue: Venue, query: str) -> None:
    assert venue.chief.refused("get", f"leaderboards?{query}")[0] == 422
