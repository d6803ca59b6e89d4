"""The staff of demonstrations and replays: four people, so that no one takes two of the steps that must be separate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from governance.identity.models import User
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import services as resolution


@dataclass(frozen=True, slots=True)
class Staff:
    """Whoever creates a market does not approve it; whoever proposes its resolution did not create it and does not confirm it."""

    creator: User
    approver: User
    resolver: User
    confirmer: User

    def bring_to_open(self, market: Market, *, now: datetime) -> None:
        """Take a market that has not opened yet through submission and approval. Continues where it was interrupted."""
        if market.status == Market.Status.DRAFT:
            lifecycle.submit_market(actor=self.creator, market=market).unwrap()
            market.refresh_from_db()
        if market.status == Market.Status.PENDING_APPROVAL:
            if market.approved_at is None:
                lifecycle.approve_market(actor=self.approver, market=market).unwrap()
            lifecycle.open_market(actor=self.creator, market=market, now=now).unwrap()
            market.refresh_from_db()

    def close(self, market: Market, *, reason: str) -> None:
        """End trading, unless it has ended."""
        if market.status in {Market.Status.OPEN, Market.Status.HALTED}:
            lifecycle.close_market(actor=self.creator, market=market, reason=reason).unwrap()
            market.refresh_from_db()

    def propose(
        self, market: Market, *, payout_units: Sequence[int], evidence: str, value: Decimal | None = None
    ) -> None:
        """Propose a closed market's resolution."""
        if market.status == Market.Status.CLOSED:
            lifecycle.resolve_market(
                actor=self.resolver, market=market, payout_units=payout_units, evidence=evidence, value=value
            ).unwrap()
            market.refresh_from_db()

    def void(self, market: Market, *, reason: str, now: datetime) -> None:
        """Void a market, as two people must; continues where it was interrupted."""
        if not market.decision_requests.filter(state="pending").exists():
            resolution.request_void(actor=self.resolver, market=market, reason=reason).unwrap()
        resolution.approve_void(actor=self.confirmer, market=market, now=now).unwrap()
        market.refresh_from_db()

    def confirm(self, market: Market, *, now: datetime) -> None:
        """Make a proposed resolution final and pay. Raises DisputeWindowOpen."""
        if market.status == Market.Status.RESOLVED:
            lifecycle.finalize_market(actor=self.confirmer, market=market, now=now).unwrap()
            market.refresh_from_db()
