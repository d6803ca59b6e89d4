"""Schemathesis walks the whole OpenAPI document: no 500, no undocumented status, every answer as described.

The application is called in this process, as an admin and as a trader of an organization with a market that trades. Most
requests name things that exist, so that not every answer is a 404.
"""

import json
import zlib
from collections.abc import Iterator
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from governance.identity import services as identity
from markets.ledger.models import Account
from markets.trading.limit_models import LimitDefaults
from opinion_market.wsgi import application
from tests.api_markets.test_documentation import SNAPSHOT
from tests.api_markets.venue import Person, Venue
from tests.governance.people import NOW

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"max-examples": 4, "deterministic": True, "database": "none", "no-shrink": True},
        "phases": {
            "coverage": {"enabled": True, "unexpected-methods": [], "generate-duplicate-query-parameters": False},
            "stateful": {"enabled": False},
        },
    }
)


# The reviewed document, which `test_documentation` compares with the running code: reading it costs every run of pytest
# that collects this file less than making it would.
schema = schemathesis.openapi.from_dict(json.loads(SNAPSHOT.read_text()), config=CONFIG)
schema.app = application

# It would sign the callers out half-way.
SPARED = {("DELETE", "/api/v1/api-keys/{api_key_id}")}
STEPS = {"submit", "return", "approve", "open", "halt", "close", "resolve", "withdraw-resolution", "finalize", "limits"}
STEPS |= {"confirm", "dispute", "review", "void", "approve-void", "reject-void", "outcomes"}
STEPS |= {"correct", "approve-correction", "reject-correction"}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[dict]:
    """A busy market, its people, and one of everything a path may name. Stays in the throw-away database."""
    with django_db_blocker.unblock():
        venue = Venue()
        market = venue.market(house_liquidity=200, is_public=True, taker_fee_bps=20)
        ann, bob = venue.trader(), venue.trader()
        bob.order(market, side="sell", price=6000, quantity=50)
        ann.order(market, price=6500, quantity=20)
        order = ann.order(market, price=4000)["id"]
        comment = bob.post(f"markets/{market}/comments", {"text": "It will rain."}, 201)["id"]
        staged, carl = venue.market(), venue.trader()
        offer = {"name": "Quotes", "market": market, "budget": 24, "hours": 24, "max_distance": 3_000}
        campaign = venue.chief.post("reward-campaigns", {"organization": venue.organization.slug, **offer})["id"]
        yield {
            "keys": {"admin": key_of(venue.chief), "trader": key_of(ann)},
            "staged": staged,
            "organization": venue.organization,
            "path": {
                "market_id": market,
                "order_id": order,
                "campaign_id": campaign,
                "comment_id": comment,
                "reference": venue.organization.slug,
                "user_id": str(carl.user.pk),
                "stream": f"market-{market}",
            },
        }


def key_of(person: Person) -> str:
    _, text = identity.create_api_key(actor=person.user, name=str(uuid4()), scope="admin", now=NOW)
    return text


BOUNDED = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@schema.parametrize()
@BOUNDED
def test_an_admin_is_answered_as_documented(case, world, django_db_blocker):
    check(case, "admin", world, django_db_blocker)


@pytest.mark.slow
@schema.parametrize()
@BOUNDED
def test_a_trader_is_answered_as_documented(case, world, django_db_blocker):
    check(case, "trader", world, django_db_blocker)


def check(case, caller, world, django_db_blocker):
    if (case.method, case.path) in SPARED:
        return
    existing = {name: value for name, value in world["path"].items() if name in (case.path_parameters or {})}
    if (
        "market_id" in existing and case.path.rpartition("/")[2] in STEPS
    ):  # they would end the trading of the others' market
        existing["market_id"] = world["staged"]
    # Decided by the case itself, so that it is the same on every run.
    if zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode()) % 4:
        case.path_parameters.update(existing)
    headers = {"X-API-Key": world["keys"][caller]}
    with django_db_blocker.unblock():
        response = case.call(headers=headers)
        if case.path.endswith(("kill-switch", "/limits")):  # the others go on trading
            Account.objects.filter(organization=world["organization"]).update(
                blocked_at=None, blocked_by_staff=False, block_reason=""
            )
            LimitDefaults.objects.filter(organization=world["organization"]).delete()
        case.validate_response(response, checks=CHECKS, headers=headers)
