"""Who may see a market's news: the rule of `lifecycle.selectors.markets_visible_to`, without a query."""

from dataclasses import dataclass
from uuid import UUID

from governance.access.policies import Access
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import READ, UNPUBLISHED


@dataclass(frozen=True, slots=True)
class Audience:
    """What of a market decides who may see it. `is_public`: to everybody, its organization being active."""

    organization_id: UUID
    is_public: bool
    is_published: bool

    @classmethod
    def of(cls, market: Market) -> "Audience":
        """The market must have been read with its organization."""
        is_public = market.is_public and market.organization.is_active
        return cls(market.organization_id, is_public, market.status not in UNPUBLISHED)

    def includes(self, access: Access) -> bool:
        if access.everything or access.has(READ, self.organization_id):
            return True
        return self.is_published and (self.is_public or access.is_member(self.organization_id))
