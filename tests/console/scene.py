"""A small exchange for the console's tests: an organization with staff, and markets at any stage of their lives."""

from dataclasses import dataclass, field
from itertools import count

from django.test import Client
from django.urls import reverse

from governance.identity.models import User
from governance.organizations.models import Organization
from markets.ledger import services as ledger
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.trading import services as trading
from markets.trading.services import OrderRequest
from opinion_market.eventstore import projections
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel import clock
from tests.governance.people import a_member, a_user, an_organization

REASON = "Agreed in the weekly meeting"
_numbers = count(1)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


@dataclass
class Exchange:
    """An organization whose admins take the steps. `root` is a superuser who belongs to no organization."""

    organization: Organization = field(default_factory=an_organization)
    root: User = field(default_factory=lambda: a_user(superuser=True, staff=True))

    def __post_init__(self) -> None:
        self.creator = self.member("admin")
        self.approver = self.member("admin")
        ledger.fund_subsidy(
            actor=self.approver, organization_id=self.organization.pk, units=50_000_000, note="x", now=clock.now()
        )

    def member(self, role: str = "", credits: int = 1_000) -> User:
        user = a_member(self.organization, role, staff=bool(role))
        if credits:
            ledger.deposit(
                actor=self.root, owner_id=user.pk, organization_id=self.organization.pk, units=credits * 10_000,
                note="start", now=clock.now(),
            )  # fmt: skip
        return user

    def market(self, stage: str = "open", **draft: object) -> Market:
        given = {
            "question": f"Does it rain on day {next(_numbers)}?",
            "criteria": "By the gauge.",
            "house_liquidity": 50,
        }
        market = lifecycle.create_market(
            actor=self.creator,
            organization_id=self.organization.pk,
            draft=lifecycle.MarketDraft(**{**given, "dispute_window_s": 0, **draft}),
            now=clock.now(),
        )
        steps = {
            "pending": lambda: lifecycle.submit_market(actor=self.creator, market=market),
            "approved": lambda: lifecycle.approve_market(actor=self.approver, market=market),
            "open": lambda: lifecycle.open_market(actor=self.approver, market=market, now=clock.now()),
            "closed": lambda: lifecycle.close_market(actor=self.approver, market=market, reason=REASON),
            "resolved": lambda: lifecycle.resolve_market(
                actor=self.approver,
                market=market,
                payout_units=[10_000] + [0] * (len(market.price_units) - 1),
                evidence="Seen",
            ),
        }
        for name, step in steps.items():
            if stage == "draft":
                break
            step().unwrap()
            market.refresh_from_db()
            if name == stage:
                break
        return market

    def trade(self, market: Market, times: int = 1) -> tuple[User, User]:
        """Two members trade with the house and with one another, and leave an order on the book."""
        buyer, seller = self.member(), self.member()
        for _ in range(times):
            self.order(buyer, market, side="buy", price=6_000, quantity=10)
            self.order(seller, market, side="sell", price=4_500, quantity=10)
            self.order(buyer, market, side="buy", price=2_000, quantity=5)
        return buyer, seller

    def order(self, user: User, market: Market, **request: object) -> dict:
        placed = trading.place_order(
            actor=user, market_id=market.pk, request=OrderRequest(**{"outcome": 0, **request}), now=clock.now()
        )
        return placed.unwrap()


def catch_up() -> None:
    """Let the event store's own projections see what has been appended.

    Subscriptions never read events of a running transaction, and a test is one; so their handlers are given the events.
    """
    for projection in projections.registered():
        projection.reset()
        for stream in Event.objects.order_by().values_list("stream", flat=True).distinct():
            projection.handler(list(read_stream(stream)))
