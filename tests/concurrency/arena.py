"""An organization of a test's own, with staff, funded traders and open markets; and its books, audited.

Everything here is committed. Other processes find the same arena by its reference.
"""

from dataclasses import dataclass
from uuid import UUID

from governance.identity.models import User
from governance.organizations.models import Membership, Organization
from markets.audit import checks, report
from markets.audit.replay import replay_markets
from markets.ledger import services as ledger
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.trading.memory import stream_of
from opinion_market.eventstore.verify import verify_events
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7_text

FUNDS_UNITS = 10_000_000


@dataclass(frozen=True, slots=True)
class Reference:
    """What another process needs to find an arena."""

    organization: str
    staff: list[str]
    traders: list[str]
    markets: list[str]


@dataclass(frozen=True, slots=True)
class Arena:
    """Two members of staff (the first created the markets), traders without a role, open markets."""

    organization: Organization
    staff: list[User]
    traders: list[User]
    markets: list[Market]

    @property
    def reference(self) -> Reference:
        return Reference(
            str(self.organization.pk),
            [str(user.pk) for user in self.staff],
            [str(user.pk) for user in self.traders],
            [str(market.pk) for market in self.markets],
        )

    def deposit(self, trader: User, units: int) -> None:
        """Give a trader play money."""
        ledger.deposit(
            actor=self.staff[0],
            owner_id=trader.pk,
            organization_id=self.organization.pk,
            units=units,
            note="arena",
            now=clock.now(),
        )


def make_arena(
    *, traders: int = 6, markets: int = 2, outcomes: int = 2, house_liquidity: int = 0, funds_units: int = FUNDS_UNITS
) -> Arena:
    """A new organization with everything open and everybody funded. Fees are on."""
    now, name = clock.now(), f"arena-{uuid7_text()}"
    organization = Organization.objects.create(name=name, slug=name, created_at=now)

    def member(part: str, role: str) -> User:
        user = User.objects.create(username=f"{name}-{part}", password="!")
        Membership.objects.create(organization=organization, user=user, role=role, created_at=now)
        return user

    staff = [member("creator", "admin"), member("approver", "admin")]
    arena = Arena(organization, staff, [member(f"trader-{index}", "") for index in range(traders)], [])
    for trader in arena.traders:
        arena.deposit(trader, funds_units)
    ledger.fund_subsidy(actor=staff[0], organization_id=organization.pk, units=10**9, note="arena", now=now)
    arena.markets.extend(_open_market(arena, outcomes, house_liquidity) for _ in range(markets))
    return arena


def _open_market(arena: Arena, outcomes: int, house_liquidity: int) -> Market:
    creator, approver = arena.staff
    draft = lifecycle.MarketDraft(
        question="Will it hold?",
        criteria="It holds if every invariant does.",
        kind="binary" if outcomes == 2 else "categorical",
        outcomes=["Yes", "No"] if outcomes == 2 else [f"Outcome {letter}" for letter in "ABCDEF"[: outcomes - 1]],
        taker_fee_bps=70,
        maker_fee_bps=20 if outcomes == 2 else -20,
        house_liquidity=house_liquidity,
    )
    market = lifecycle.create_market(actor=creator, organization_id=arena.organization.pk, draft=draft, now=clock.now())
    lifecycle.submit_market(actor=creator, market=market).unwrap()
    lifecycle.approve_market(actor=approver, market=market).unwrap()
    lifecycle.open_market(actor=creator, market=market, now=clock.now()).unwrap()
    market.refresh_from_db()
    return market


def find_arena(reference: Reference) -> Arena:
    """The arena another process made."""
    people = User.objects.in_bulk([UUID(key) for key in (*reference.staff, *reference.traders)])
    markets = Market.objects.in_bulk([UUID(key) for key in reference.markets])
    return Arena(
        Organization.objects.get(pk=reference.organization),
        [people[UUID(key)] for key in reference.staff],
        [people[UUID(key)] for key in reference.traders],
        [markets[UUID(key)] for key in reference.markets],
    )


def assert_books_hold(arena: Arena) -> None:
    """Every invariant that tables and streams can show; the markets in this process's memory included."""
    organizations = [arena.organization.pk]
    results = checks.run_all(organization_ids=organizations)
    results += replay_markets(now=clock.now(), organization_ids=organizations)
    assert all(result.passed for result in results), report.text(results, width=140)
    for market in arena.markets:
        chain = verify_events(stream=stream_of(str(market.pk)))
        assert chain.intact, chain.first
