"""What somebody has: positions, profit, orders, fills, risk and statements."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from governance.organizations.models import Membership
from opinion_market.pages.frame import page, reader, signed_in

_ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class File:
    """What can be taken home: the API writes it."""

    title: str
    address: str
    name: str

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2].upper()


@signed_in
def portfolio(request: HttpRequest) -> HttpResponse:
    """The frame of the portfolio; its figures are read from the API, as they change."""
    person = reader(request)
    files = list(_files(person.pk)) if person is not None else []
    return page(request, "pages/portfolio.html", {"person": person, "files": files})


def _files(person: UUID) -> Iterator[File]:
    """A signed statement for each of the person's organizations, then the tables. One query."""
    memberships = Membership.objects.filter(user_id=person, organization__is_active=True)
    for membership in memberships.select_related("organization").order_by("organization__name"):
        slug = membership.organization.slug
        address = f"{_ROOT}/account/statement?organization={slug}"
        yield File(f"Signed statement, {membership.organization.name}", address, f"statement-{slug}.json")
    figures = f"{_ROOT}/ai-analytics/analytics/user/{person}"
    yield File("Account entries", f"{_ROOT}/account/entries.csv", "entries.csv")
    yield File("Results per market", f"{figures}/markets.csv", "markets.csv")
    yield File("Profit day by day", f"{figures}/history.csv", "history.csv")
    yield File("Risk per market", f"{_ROOT}/ai-analytics/analytics/portfolio.csv", "portfolio.csv")
