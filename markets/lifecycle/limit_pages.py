"""Setting a market's limits in the console."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from governance.access.asking import Question, ask
from governance.access.pages import Fact, PageLink, ReadOnlyPage, staff
from markets.lifecycle.limits import SetLimits, set_market_limits
from markets.lifecycle.models import Market
from markets.oversight.columns import number
from markets.trading.limit_forms import LimitForm

UPDATE = "markets.update"


class LimitDeed(ReadOnlyPage):
    """Adds the deed, and what it has led to, to the page of a market."""

    def limit_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.limits_view)
        return [path("<path:object_id>/limits/set/", view, name="markets_market_limits")]

    def limit_links(self, request: HttpRequest, market: Market) -> list[PageLink]:
        """The button, while the market's limits may be changed and by those who may."""
        if market.status not in SetLimits.allowed_from or not self.permits(request, UPDATE, market):
            return []
        return [PageLink("Limits", reverse("admin:markets_market_limits", args=[market.pk]), "speed")]

    def limit_facts(self, market: Market) -> list[Fact]:
        """The market's own limits; those it lacks are the organization's."""
        return [
            Fact("Largest position on an outcome", number(market.position_limit_contracts)),
            Fact("Most open orders of an account", number(market.order_limit)),
            Fact("Most contracts of one order", number(market.order_quantity_limit)),
        ]

    def limits_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the figures and the reason."""
        market: Market | None = self.row_or_none(request, object_id)
        if market is None:
            raise Http404
        if not self.permits(request, UPDATE, market):
            raise PermissionDenied
        form = LimitForm(
            request.POST if request.method == "POST" else None,
            initial={
                "position": market.position_limit_contracts,
                "orders": market.order_limit,
                "quantity": market.order_quantity_limit,
            },
        )
        question = Question(
            title=f"Limits: {market.question}",
            button="Set the limits",
            consequences=[
                "Every order that comes after is bound by these figures; everybody can read them and the reason.",
                "What is held and open already stays, and what lowers risk is always admitted.",
            ],
            facts=self.limit_facts(market),
            done="The limits are set.",
            back=reverse("admin:markets_market_change", args=[market.pk]),
        )

        def act(given: Mapping[str, Any]) -> None:
            set_market_limits(
                actor=staff(request),
                market=market,
                position_limit_contracts=given["position"],
                order_limit=given["orders"],
                order_quantity_limit=given["quantity"],
                reason=given["reason"],
            ).unwrap()

        return ask(request, page=self, question=question, form=form, act=act)
