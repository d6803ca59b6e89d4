"""The dossier over HTTP: the whole story and its proof, without names for the public."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from markets.lifecycle.api.dossier import DossierThrottle
from markets.lifecycle.models import Market
from tests.api_markets.endings import (
    WHY,
    a_resolved_market,
    settled,
)
from tests.api_markets.venue import CREDIT
from tests.audit.test_audit import tamper

pytestmark = pytest.mark.usefixtures("everything_adds_up")


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
