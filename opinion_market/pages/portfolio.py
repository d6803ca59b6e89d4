"""What somebody has: positions, profit, orders, fills, risk and statements."""

from django.http import HttpRequest, HttpResponse

from governance.organizations.selectors import organizations_visible_to
from opinion_market.pages.frame import page, reader, signed_in


@signed_in
def portfolio(request: HttpRequest) -> HttpResponse:
    """The frame of the portfolio; its figures are read from the API, as they change."""
    person = reader(request)
    own = organizations_visible_to(request.user).filter(memberships__user=request.user) if person else []
    return page(request, "pages/portfolio.html", {"organizations": list(own), "person": person})
