"""Who leads."""

from django.http import HttpRequest, HttpResponse

from governance.organizations.selectors import organizations_visible_to
from markets.analytics.leaderboards.models import Standing
from opinion_market.pages.frame import page, signed_in


@signed_in
def leaderboard(request: HttpRequest) -> HttpResponse:
    """The choice of a board; its places are read from the API."""
    context = {
        "organizations": list(organizations_visible_to(request.user)),
        "csv": "/api/v1/leaderboards.csv",
        "windows": Standing.Window.choices,
        "metrics": Standing.Metric.choices,
        "window": Standing.Window.MONTH,
        "metric": Standing.Metric.PROFIT,
    }
    return page(request, "pages/leaderboard.html", context)
