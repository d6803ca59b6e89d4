"""Where the benchmark trades: organizations with open markets and funded traders, made through the services."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from governance.identity.models import User
from governance.organizations.models import Membership, Organization
from markets.ledger import services as ledger
from markets.ledger.selectors import trader_account
from markets.lifecycle import services as lifecycle
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7_text

TAKER_FEE_BPS = 50
MAKER_FEE_BPS = 10
# Enough that nobody runs out during a measurement: 10 million credits each.
FUNDS_UNITS = 10**11


@dataclass(frozen=True, slots=True)
class Venue:
    """An organization's open markets, by id, and the users and accounts that trade them."""

    market_ids: list[str]
    traders: list[User]
    accounts: list[int]


def make_venue(*, markets: int, traders: int) -> Venue:
    """An organization of its own with open binary markets, fees on, and funded traders. Commits."""
    now = clock.now()
    name = f"bench-{uuid7_text()}"
    organization = Organization.objects.create(name=name, slug=name, created_at=now)
    creator, approver = (_member(organization, f"{name}-{role}", "admin") for role in ("creator", "approver"))
    people = [_member(organization, f"{name}-trader-{index}", "") for index in range(traders)]
    accounts = []
    for person in people:
        account = trader_account(owner_id=person.pk, organization_id=organization.pk, now=now)
        ledger.deposit(
            actor=creator,
            owner_id=person.pk,
            organization_id=organization.pk,
            units=FUNDS_UNITS,
            note="benchmark",
            now=now,
        )
        accounts.append(account.pk)
    opened = [_open_market(organization, creator, approver, f"{name} {index}") for index in range(markets)]
    return Venue(opened, people, accounts)


def _member(organization: Organization, name: str, role: str) -> User:
    user = User.objects.create(username=name, password=make_password(None))
    Membership.objects.create(organization=organization, user=user, role=role, created_at=organization.created_at)
    return user


def _open_market(organization: Organization, creator: User, approver: User, question: str) -> str:
    draft = lifecycle.MarketDraft(
        question=question, criteria="None: a benchmark.", taker_fee_bps=TAKER_FEE_BPS, maker_fee_bps=MAKER_FEE_BPS
    )
    market = lifecycle.create_market(actor=creator, organization_id=organization.pk, draft=draft, now=clock.now())
    lifecycle.submit_market(actor=creator, market=market).unwrap()
    lifecycle.approve_market(actor=approver, market=market).unwrap()
    lifecycle.open_market(actor=creator, market=market, now=clock.now()).unwrap()
    return str(market.pk)
