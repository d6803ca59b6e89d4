"""Disputes, reviews, voiding and corrections at the console: buttons, forms with files, and the whole story on the page."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from markets.lifecycle.resolution.models import Evidence
from tests.console.scene import REASON, Exchange, client_of, page
from tests.console.test_steps import offered, take

pytestmark = pytest.mark.django_db


def a_resolved_market(exchange, **draft):
    """Traded by a manager who holds Yes, closed and resolved Yes; its creator and its proposer are admins."""
    market = exchange.market("open", **{"dispute_window_s": 3600, "dispute_bond_units": 20_000, **draft})
    holder = exchange.member("manager")
    exchange.order(holder, market, side="buy", price=9_000, quantity=10)
    for step, given in (("close", {}), ("resolve", {"winner": "0"})):
        assert take(exchange.approver, market, step, **given).status_code == 302
    return market, holder


def tab(user, market, name):
    body = client_of(user).get(page("markets_market_change", market.pk), {"tab": name}).content.decode()
    return " ".join(body.split())


def test_a_dispute_is_raised_with_files_and_links_reviewed_and_told():
    exchange = Exchange()
    market, holder = a_resolved_market(exchange)
    reviewer = exchange.member("admin")
    assert offered(reviewer, market)["Dispute the resolution"] == "You hold no contracts in this market."
    form = client_of(holder).get(page("markets_market_step", market.pk, "dispute")).content.decode()
    assert "2.00 credits are taken from your account as a bond" in form
    assert 'enctype="multipart/form-data"' in form
    files = [SimpleUploadedFile(name, b"%PDF-" + name.encode(), "text/html") for name in ("one.exe", "two.html")]
    given = {"links": "https://example.org/a\n\nhttps://example.org/b", "files": files}
    assert take(holder, market, "dispute", **given).status_code == 302
    market.refresh_from_db()
    assert market.status == "disputed"
    assert {piece.name for piece in Evidence.objects.filter(market=market)} == {
        "one.pdf", "two.pdf", "https://example.org/a", "https://example.org/b",
    }  # fmt: skip
    told = tab(reviewer, market, "resolution")
    assert f"Disputed by {holder}" in told
    piece = Evidence.objects.get(market=market, name="one.pdf")
    assert piece.sha256 in told
    assert client_of(reviewer).get(f"/api/v1/markets/{market.pk}/evidence/{piece.pk}/content").status_code == 200
    assert "You proposed the resolution" in offered(exchange.approver, market)["Uphold the resolution"]
    assert take(reviewer, market, "overturn", winner="1").status_code == 302
    market.refresh_from_db()
    assert (market.status, market.payout_units) == ("resolved", [0, 10_000])
    resolution = tab(reviewer, market, "resolution")
    assert "Overturned by" in resolution
    assert "Why it was overturned" in resolution
    dossier = tab(reviewer, market, "dossier")
    assert "Resolution overturned" in dossier
    assert "as they were frozen" in dossier


def test_what_is_no_evidence_stands_above_the_form():
    exchange = Exchange()
    market, holder = a_resolved_market(exchange)
    refused = take(holder, market, "dispute", links="javascript:alert(1)")
    assert "http or https" in refused.context["form"].non_field_errors()[0]
    program = SimpleUploadedFile("log.pdf", b"MZ\x90\x00", "application/pdf")
    refused = take(holder, market, "dispute", files=program)
    assert "must be PDF" in refused.context["form"].non_field_errors()[0]
    market.refresh_from_db()
    assert market.status == "resolved"


def test_voiding_takes_two_people():
    exchange = Exchange()
    market, _ = a_resolved_market(exchange)
    second = exchange.member("admin")
    assert take(exchange.approver, market, "void").status_code == 302
    assert "Ask to void" not in offered(second, market)
    assert "asked for it" in offered(exchange.approver, market)["Approve voiding"]
    assert "created this market" in offered(exchange.creator, market)["Approve voiding"]
    assert "await a second person" in client_of(second).get(page("index")).content.decode().replace("awaits", "await")
    form = client_of(second).get(page("markets_market_step", market.pk, "approve-void")).content.decode()
    assert REASON in form
    assert "each contract pays" in form
    assert take(second, market, "approve-void").status_code == 302
    market.refresh_from_db()
    assert market.status == "voided"
    assert "Approved by" in tab(second, market, "resolution")
    assert set(offered(second, market)) == set()


def test_a_correction_takes_two_people_and_is_told():
    exchange = Exchange()
    market, holder = a_resolved_market(exchange, dispute_window_s=0)
    second = exchange.member("admin")
    assert take(second, market, "finalize").status_code == 302
    assert take(exchange.approver, market, "correct", winner="split", payout_0="0.4", payout_1="0.6").status_code == 302
    assert set(offered(second, market)) == {"Approve the correction", "Reject the correction"}
    assert take(second, market, "approve-correction").status_code == 302
    market.refresh_from_db()
    assert (market.status, market.payout_units) == ("settled", [4_000, 6_000])
    dossier = tab(second, market, "dossier")
    assert str(holder) in dossier
    assert "−6.00" in dossier or "-6.00" in dossier
    assert "<dd> no </dd>" not in dossier
    assert dossier.count("<dd> yes </dd>") == 5


def test_a_confirmation_says_what_follows_from_it():
    exchange = Exchange()
    market, _ = a_resolved_market(exchange, auto_finalize=True)
    second = exchange.member("admin")
    form = client_of(second).get(page("markets_market_step", market.pk, "confirm")).content.decode()
    assert "paid by itself when the dispute window ends" in form
    assert take(second, market, "confirm").status_code == 302
    market.refresh_from_db()
    assert market.finalizes_at == market.dispute_ends_at
    assert offered(second, market)["Confirm the resolution"] == "It has been confirmed already."
