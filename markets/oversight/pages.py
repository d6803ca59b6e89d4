"""What the lists over the exchange's large tables share."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from governance.access.export import ExportedPage
from governance.access.pages import BoundedPaginator, column
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.oversight.columns import market_link, number, outcome_label, price

MOST_MATCHES = 200


class ExchangePage(ExportedPage):
    """Lists over the exchange's large tables: found by index, with outcomes fetched once per list."""

    organization_lookup = "market__organization"
    ordering = ("-id",)
    paginator = BoundedPaginator
    # Which columns name the accounts of a row, for the search by person.
    account_fields: tuple[str, ...] = ("account",)
    search_fields = ("id",)
    search_help_text = "Question of the market, user name, or the row's own id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("market__outcomes")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """First the markets and accounts that match, then the rows by their indexes: no join is searched by text."""
        term = search_term.strip()
        if not term:
            return queryset, False
        exact = self.exact(term)
        if exact is not None:
            return queryset.filter(exact), False
        markets = list(Market.objects.filter(question__icontains=term).values_list("pk", flat=True)[:MOST_MATCHES])
        people = Q(owner__username__icontains=term) | Q(owner__display_name__icontains=term)
        accounts = list(Account.objects.filter(people).values_list("pk", flat=True)[:MOST_MATCHES])
        wanted = Q(market__in=markets)
        for name in self.account_fields:
            wanted |= Q(**{f"{name}__in": accounts})
        return queryset.filter(wanted), False

    def exact(self, term: str) -> Q | None:
        """The condition for a term that is a row's id; None for other text."""
        return Q(pk=int(term)) if term.isdecimal() and len(term) < 19 else None

    @column("Market")
    def shown_market(self, row: Any) -> SafeString | str:
        return market_link(row.market)

    @column("Outcome", ordering="outcome")
    def shown_outcome(self, row: Any) -> str:
        return outcome_label(row.market, row.outcome)

    @column("Quantity", ordering="quantity")
    def shown_quantity(self, row: Any) -> SafeString:
        return number(row.quantity)

    @column("Price", ordering="price_units")
    def shown_price(self, row: Any) -> SafeString:
        return price(row.price_units)
