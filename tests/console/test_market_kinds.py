"""Scalar markets, groups and splitting Other at the console."""

from decimal import Decimal

import pytest

from markets.lifecycle.models import Market, MarketGroup
from tests.console.scene import Exchange, client_of, page
from tests.console.test_steps import offered, take

pytestmark = pytest.mark.django_db


def test_a_scalar_market_is_resolved_at_its_value():
    exchange = Exchange()
    terms = {"scalar_lower": Decimal(0), "scalar_upper": Decimal(50), "scalar_unit": "mm"}
    market = exchange.market("closed", kind="scalar", **terms)
    shown = client_of(exchange.approver).get(page("markets_market_change", market.pk)).content.decode()
    assert "0 to 50 mm" in shown
    asked = client_of(exchange.approver).get(page("markets_market_step", market.pk, "resolve")).content.decode()
    assert "0 to 50 mm" in asked
    assert take(exchange.approver, market, "resolve", value="12.5").status_code == 302
    market.refresh_from_db()
    assert (market.payout_units, market.settlement_value) == ([2_500, 7_500], Decimal("12.5"))


def test_a_group_is_made_and_its_markets_are_drafted_into_it():
    exchange = Exchange()
    client = client_of(exchange.creator)
    given = {"organization": str(exchange.organization.pk), "question": "Which parties get in?"}
    assert client.post(page("markets_marketgroup_add"), {**given, "reason": ""}).status_code == 302
    group = MarketGroup.objects.get(organization=exchange.organization)
    empty = client.get(page("markets_marketgroup_change", group.pk)).content.decode()
    assert "No market belongs to it yet" in empty
    market = exchange.market("draft", group_id=group.pk, group_label="Greens")
    shown = client.get(page("markets_marketgroup_change", group.pk)).content.decode()
    assert "Greens" in shown
    assert page("markets_market_change", market.pk) in shown
    assert "Which parties get in?" in client.get(page("markets_marketgroup_changelist")).content.decode()
    stranger = Exchange()
    assert client_of(stranger.creator).get(page("markets_marketgroup_change", group.pk)).status_code == 302


def test_a_new_outcome_is_split_off_from_other():
    exchange = Exchange()
    market = exchange.market(kind="categorical", outcomes=("Ito", "Okafor"))
    assert "Split off from Other" in offered(exchange.creator, market)
    assert "Split off from Other" not in offered(exchange.creator, exchange.market())
    assert take(exchange.creator, market, "split", label="Weiss", share_percent="25").status_code == 302
    assert [outcome.label for outcome in Market.objects.get(pk=market.pk).outcomes.all()] == [
        "Ito", "Okafor", "Other", "Weiss",
    ]  # fmt: skip
    refused = take(exchange.creator, market, "split", label="weiss", share_percent="25")
    assert refused.status_code == 200
    assert "label that no other has" in refused.content.decode()
