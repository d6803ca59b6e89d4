"""A glance at a market: one indexed probe that says whether the caller may see it, and names the state it is in."""

from dataclasses import dataclass
from uuid import UUID

from governance.access.policies import Access, Caller
from governance.identity.models import User
from markets.lifecycle.selectors import READ, UNPUBLISHED
from markets.trading.errors import MarketNotFound
from opinion_market.kernel.prepared import run_prepared

# What names a version of a row: the transaction that wrote it and its place. Every change of the row changes it, whether or
# not it comes with an event, and a change that is rolled back is never seen.
STAMP = "markets_market.xmin::text || markets_market.ctid::text"

_GLANCE = f"""
SELECT {STAMP}, markets_market.organization_id, o.slug, markets_market.is_public AND o.is_active,
  markets_market.status, cardinality(markets_market.price_units), s.role,
  coalesce(f.version, 0)
FROM markets_market JOIN governance_organization o ON o.id = markets_market.organization_id
LEFT JOIN markets_marketfigures f ON f.market_id = markets_market.id
LEFT JOIN governance_membership s ON s.organization_id = o.id AND s.user_id = %s AND o.is_active
WHERE markets_market.id = %s
"""  # noqa: S608 - the text is this module's own


@dataclass(frozen=True, slots=True)
class Glance:
    """A market the caller may see.

    stamp: names the state of its row and of all that is written in the row's transactions (orders, trades, positions): two
    glances with the same stamp saw the same. figures_version: up to which event its figures are counted. shows_people: whether
    the caller may know who created and resolved it.
    """

    market_id: UUID
    stamp: str
    organization_slug: str
    outcomes: int
    figures_version: int
    shows_people: bool


def glance(user: Caller, market_id: UUID) -> Glance:
    """The same rule as `selectors.markets_visible_to`, for one market. Raises MarketNotFound."""
    known = user if isinstance(user, User) and user.is_active else None
    row = run_prepared(_GLANCE, [known.pk if known else None, market_id]).fetchone()
    if row is None:
        raise MarketNotFound(market=str(market_id))
    stamp, organization_id, slug, is_open_to_all, status, outcomes, role, figures_version = row
    access = Access(
        {} if role is None else {organization_id: role}, everything=known is not None and known.is_superuser
    )
    shows_people = access.has(READ, organization_id)
    is_published = status not in UNPUBLISHED
    if not (shows_people or (is_published and (is_open_to_all or access.is_member(organization_id)))):
        raise MarketNotFound(market=str(market_id))
    return Glance(market_id, stamp, slug, outcomes, figures_version, shows_people)
