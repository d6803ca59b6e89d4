"""An organization with markets in use: a house, a pure book of three outcomes, resting orders, kept sets, fees, a settlement
and its correction, a dispute, a voiding."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.identity.models import User
from governance.organizations.models import Organization
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import evidence
from markets.lifecycle.resolution import services as resolution
from markets.lifecycle.services import MarketDraft
from markets.rewards.rounds import run_campaigns
from markets.rewards.services import CampaignDraft, create_campaign
from markets.rewards.timing import HOUR
from markets.simulation import people
from markets.simulation.staff import Staff
from markets.trading import services as trading
from markets.trading.services import OrderRequest
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7_text


@dataclass(frozen=True)
class Venue:
    organization: Organization
    staff: Staff
    traders: list[User]

    def open_market(self, **terms: object) -> Market:
        draft = MarketDraft(question=f"Does {uuid7_text()} work?", criteria="See.", **{"dispute_window_s": 0, **terms})  # type: ignore[arg-type]
        market = lifecycle.create_market(
            actor=self.staff.creator, organization_id=self.organization.pk, draft=draft, now=clock.now()
        )
        self.staff.bring_to_open(market, now=clock.now())
        return market

    def order(
        self, trader: int, market: Market, side: str, quantity: int, price: int, outcome: int = 0, **more: object
    ) -> UUID:
        request = OrderRequest(outcome=outcome, side=side, quantity=quantity, price=price, **more)  # type: ignore[arg-type]
        placed = trading.place_order(actor=self.traders[trader], market_id=market.pk, request=request, now=clock.now())
        return UUID(placed.unwrap()["id"])

    def settle(self, market: Market, payout_units: list[int]) -> None:
        self.staff.close(market, reason="over")
        self.staff.propose(market, payout_units=payout_units, evidence="seen")
        self.staff.confirm(market, now=clock.now())

    def correct(self, market: Market, payout_units: list[int]) -> None:
        resolution.request_correction(
            actor=self.staff.resolver, market=market, payout_units=payout_units, reason="misread"
        ).unwrap()
        resolution.approve_correction(actor=self.staff.confirmer, market=market, now=clock.now()).unwrap()

    def dispute(self, market: Market) -> None:
        self.staff.close(market, reason="over")
        self.staff.propose(market, payout_units=[10_000, 0], evidence="seen")
        for trader in self.traders[:2]:
            file = SimpleUploadedFile("diary.txt", f"{trader} was there.".encode())
            now = clock.now()
            pieces = [
                evidence.add_file(actor=trader, market=market, name="diary.txt", file=file, now=now),
                evidence.add_link(actor=trader, market=market, url="https://example.org/diary", title="", now=now),
            ]
            resolution.dispute_resolution(
                actor=trader, market=market, reason="no", evidence_ids=[piece.pk for piece in pieces], now=now
            ).unwrap()

    def void(self, market: Market) -> None:
        resolution.request_void(actor=self.staff.resolver, market=market, reason="moot").unwrap()
        resolution.approve_void(actor=self.staff.confirmer, market=market, now=clock.now()).unwrap()

    def pay_an_hour_of_rewards(self, market: Market) -> None:
        """Of a campaign that goes on."""
        draft = CampaignDraft(
            name="Quotes", market_id=market.pk, category="", budget_units=20_000, max_distance_units=4_000,
            min_size_contracts=1, hours=2,
        )  # fmt: skip
        campaign = create_campaign(
            actor=self.staff.approver, organization_id=self.organization.pk, draft=draft, now=clock.now()
        )
        for moment in (campaign.starts_at, campaign.starts_at + HOUR):
            run_campaigns(now=moment)


@pytest.fixture
def venue(db: None) -> Venue:
    name = uuid7_text()
    organization = people.organization(slug=name, name="Venue", now=clock.now())
    parts = {"creator": "manager", "approver": "manager", "resolver": "admin", "confirmer": "admin"}
    roles = {f"{name}.{part}": role for part, role in parts.items()}
    traders = [f"{name}.{number}" for number in range(3)]
    users = people.members(
        organization_id=organization.pk, people=dict.fromkeys([*roles, *traders], ""), roles=roles, now=clock.now()
    )
    staff = Staff(*(users[username] for username in roles))
    people.fund(
        actor=staff.approver,
        organization_id=organization.pk,
        sums={users[username].pk: 10_000_000 for username in traders},
        subsidy_units=20_000_000,
        note="play money",
        now=clock.now(),
    )
    return Venue(organization, staff, [users[username] for username in traders])


@pytest.fixture
def busy(venue: Venue) -> Venue:
    """Every kind of fill has happened, and something of everything is still there."""
    with_house = venue.open_market(house_liquidity=50, taker_fee_bps=100, maker_fee_bps=50)
    venue.order(0, with_house, "buy", 30, 6_000)
    venue.order(1, with_house, "sell", 20, 5_900)
    venue.order(2, with_house, "buy", 10, 4_500, outcome=1)
    trading.mint_sets(actor=venue.traders[2], market_id=with_house.pk, quantity=5, now=clock.now()).unwrap()
    venue.order(0, with_house, "sell", 5, 9_000)
    book = venue.open_market(kind="categorical", outcomes=("A", "B", "C"), is_exhaustive=True)
    for outcome, price in enumerate((3_000, 3_000, 4_000)):
        venue.order(0, book, "buy", 8, price, outcome=outcome)
        venue.order(1, book, "sell", 6, price, outcome=outcome)
    venue.order(2, book, "buy", 4, 2_000, outcome=1)
    venue.order(1, book, "sell", 4, 8_000, outcome=1)
    venue.order(1, book, "sell", 3, 3_500, time_in_force="ioc")
    settled = venue.open_market(house_liquidity=20)
    venue.order(0, settled, "buy", 7, 9_000)
    venue.order(1, settled, "buy", 3, 9_000, outcome=1)
    venue.settle(settled, [10_000, 0])
    venue.correct(settled, [2_500, 7_500])
    disputed = venue.open_market(dispute_bond_units=50_000, dispute_window_s=3_600)
    void = venue.open_market(house_liquidity=20, taker_fee_bps=100)
    for market in (disputed, void):
        venue.order(0, market, "buy", 5, 6_000)
        venue.order(1, market, "sell", 5, 6_000)
        venue.order(2, market, "buy", 5, 1_000)
    venue.dispute(disputed)
    venue.void(void)
    venue.pay_an_hour_of_rewards(book)
    return venue
