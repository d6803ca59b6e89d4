"""A dispute to look at: a holder of the demonstration objects to a resolution, with a file and a link."""

from datetime import datetime
from io import BytesIO

from django.core.files.uploadedfile import InMemoryUploadedFile

from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import evidence
from markets.lifecycle.resolution import services as resolution
from markets.trading.models import Position

_LOG = b"Pier log, kept by the harbour watch.\n\nThursday: the noon ferry left at 12:41, the tide being low.\n"
_LINK = "https://example.org/pier-log"


def dispute(market: Market, *, now: datetime) -> None:
    """Raise a dispute for the trader who holds most of what the resolution pays least for; none if nobody holds any."""
    payout = market.payout_units or []
    losing = payout.index(min(payout))
    held = Position.objects.filter(
        market=market, outcome=losing, account__kind=Account.Kind.TRADER, free_contracts__gt=0
    )
    largest = held.order_by("-free_contracts", "account").select_related("account__owner").first()
    if largest is None or largest.account.owner is None:
        return
    holder = largest.account.owner
    log = InMemoryUploadedFile(BytesIO(_LOG), "file", "pier-log.txt", "text/plain", len(_LOG), "utf-8")
    pieces = [
        evidence.add_file(actor=holder, market=market, name="pier-log.txt", file=log, now=now),
        evidence.add_link(actor=holder, market=market, url=_LINK, title="The pier's log", now=now),
    ]
    resolution.dispute_resolution(
        actor=holder,
        market=market,
        reason="The log says otherwise: on Thursday the noon ferry was 41 minutes late.",
        evidence_ids=[piece.pk for piece in pieces],
        now=now,
    ).unwrap()
