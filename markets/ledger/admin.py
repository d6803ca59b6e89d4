"""Accounts, their statements and the trial balance in the console. Postings are history: nobody edits them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from governance.access.asking import Question, ask
from governance.access.export import ExportedPage
from governance.access.pages import (
    BoundedPaginator,
    Fact,
    OrganizationFilter,
    PageLink,
    column,
    organizations_in,
    staff,
    visible_organizations,
)
from governance.audit.deeds import record_deed
from markets.analytics.panels import panels
from markets.ledger import services
from markets.ledger.forms import MemberSumForm, OrganizationSumForm, SumForm
from markets.ledger.models import Account, Posting
from markets.ledger.selectors import postings
from markets.ledger.statement import trial_balances
from markets.oversight.columns import amount, holder, holder_link, market_link
from markets.oversight.resources import AccountExport, PostingExport
from markets.trading.account_deeds import BlockedFilter, TradingDeeds
from opinion_market.kernel import clock
from opinion_market.kernel.money import credits_text

ACCOUNTS = "admin:markets_account_changelist"


@admin.register(Account)
class AccountAdmin(ExportedPage, TradingDeeds):
    """Where money is. Staff with participants.update adjusts traders' balances; each change is a journal with a reason."""

    empty_text = "An account is opened with a first deposit."
    view_permission = "participants.read"
    resource_classes = (AccountExport,)
    page_template = "console/account.html"
    list_display = ("shown_holder", "shown_kind", "organization", "balance", "reserved", "available")
    list_filter = (("kind", ChoicesDropdownFilter), BlockedFilter, OrganizationFilter)
    list_select_related = ("organization", "owner", "market")
    search_fields = ("owner__username", "owner__display_name", "market__question", "=id")
    search_help_text = "User name, question or number of the account"
    ordering = ("id",)
    paginator = BoundedPaginator

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "markets_account"
        own = [
            path("trial-balance/", wrap(self.trial_balance_view), name=f"{name}_trial_balance"),
            path("deposit/", wrap(self.deposit_to_member_view), name=f"{name}_deposit_to_member"),
            path("subsidy/", wrap(self.subsidy_view), name=f"{name}_subsidy"),
            path("<path:object_id>/<str:deed>/do/", wrap(self.deed_view), name=f"{name}_deed"),
        ]
        return own + self.trading_urls() + list(super().get_urls())

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        links = [PageLink("Trial balance", reverse("admin:markets_account_trial_balance"), "balance")]
        if self.permits(request, "participants.update"):
            links.append(PageLink("Deposit", reverse("admin:markets_account_deposit_to_member"), "add_card"))
        if self.permits(request, "markets.approve"):
            links.append(PageLink("Fund subsidy", reverse("admin:markets_account_subsidy"), "savings"))
        return links + super().list_links(request)

    @column("Account", ordering="id")
    def shown_holder(self, account: Account) -> str:
        if account.market is not None:
            return f"{account.get_kind_display()} of “{account.market}”"
        return holder(account)

    @column("Kind", ordering="kind", label={"trader": "primary", "escrow": "info", "external": "warning"})
    def shown_kind(self, account: Account) -> tuple[str, str]:
        return account.kind, account.get_kind_display()

    @column("Balance", ordering="balance_units")
    def balance(self, account: Account) -> SafeString:
        return amount(account.balance_units)

    @column("Reserved", ordering="reserved_units")
    def reserved(self, account: Account) -> SafeString:
        return amount(account.reserved_units)

    @column("Available")
    def available(self, account: Account) -> SafeString:
        return amount(account.available_units)

    def page_context(self, request: HttpRequest, row: Account) -> dict[str, Any]:
        paginator = BoundedPaginator(postings(row), 50)
        traders = row.kind == Account.Kind.TRADER and self.permits(request, "analytics.read", row)
        figures = panels(row, period=request.GET.get("period", ""), now=clock.now()) if traders else {}
        return {
            **figures,
            "title": self.shown_holder(row),
            "account": row,
            "deeds": self._deeds(request, row) + self.trading_links(request, row),
            "trading": self.trading_facts(row),
            "page": paginator.get_page(request.GET.get("page")),
            "market_link": market_link(row.market) if row.market else "",
            "balances": [
                Fact("Balance", amount(row.balance_units)),
                Fact("Reserved by open orders", amount(row.reserved_units)),
                Fact("Available", amount(row.available_units)),
            ],
        }

    def _deeds(self, request: HttpRequest, account: Account) -> list[PageLink]:
        """What the user may do to this account."""

        def link(title: str, deed: str, icon: str, tone: str = "") -> PageLink:
            return PageLink(title, reverse("admin:markets_account_deed", args=[account.pk, deed]), icon, tone)

        if account.kind == Account.Kind.TRADER and self.permits(request, "participants.update", account):
            return [link("Deposit", "deposit", "add_card", "primary"), link("Withdraw", "withdraw", "money_off")]
        if account.kind == Account.Kind.SUBSIDY and self.permits(request, "markets.approve", account):
            return [link("Fund subsidy", "subsidy", "savings", "primary")]
        return []

    def deed_view(self, request: HttpRequest, object_id: str, deed: str) -> HttpResponse:
        """Deposit to, withdraw from, or fund one account."""
        account: Account | None = self.row_or_none(request, object_id)
        if account is None:
            raise Http404
        back = reverse("admin:markets_account_change", args=[account.pk])
        allowed = {link.link: link.title for link in self._deeds(request, account)}
        if request.path not in allowed:
            raise PermissionDenied
        question = Question(
            title=f"{allowed[request.path]}: {self.shown_holder(account)}",
            button=allowed[request.path],
            consequences=[_CONSEQUENCES[deed], "The journal stands for good; a mistake is put right by another one."],
            facts=self.page_context(request, account)["balances"],
            done="The journal is written.",
            back=back,
            is_dangerous=deed == "withdraw",
        )
        form = SumForm(request.POST or None)

        def act(given: Mapping[str, Any]) -> None:
            self._move(request, deed, account.organization_id, account.owner_id, given)

        return ask(request, page=self, question=question, form=form, act=act)

    def deposit_to_member_view(self, request: HttpRequest) -> HttpResponse:
        """Deposit to a member, whose account is opened if need be."""
        organizations = _where(self, request, "participants.update")
        form = MemberSumForm(request.POST or None, organizations=organizations)
        question = _list_question("Deposit", "deposit")

        def act(given: Mapping[str, Any]) -> None:
            self._move(request, "deposit", given["organization"].pk, given["owner_id"], given)

        return ask(request, page=self, question=question, form=form, act=act)

    def subsidy_view(self, request: HttpRequest) -> HttpResponse:
        """Set money aside for an organization's house market makers."""
        organizations = _where(self, request, "markets.approve")
        form = OrganizationSumForm(request.POST or None, organizations=organizations)
        question = _list_question("Fund subsidy", "subsidy")

        def act(given: Mapping[str, Any]) -> None:
            self._move(request, "subsidy", given["organization"].pk, None, given)

        return ask(request, page=self, question=question, form=form, act=act)

    def _move(
        self, request: HttpRequest, deed: str, organization_id: UUID, owner_id: UUID | None, given: Mapping[str, Any]
    ) -> None:
        actor, now, units, note = staff(request), clock.now(), given["units"], given["reason"]
        if deed == "subsidy":
            account = services.fund_subsidy(
                actor=actor, organization_id=organization_id, units=units, note=note, now=now
            )
        elif owner_id is None:
            raise PermissionDenied
        else:
            move = services.deposit if deed == "deposit" else services.withdraw
            account = move(
                actor=actor, owner_id=owner_id, organization_id=organization_id, units=units, note=note, now=now
            )
        record_deed(
            actor=actor,
            target=account,
            organization_id=organization_id,
            deed=f"{deed} of {credits_text(units)} credits",
            reason=note,
        )

    def trial_balance_view(self, request: HttpRequest) -> HttpResponse:
        """All balances by organization and kind; on demand compared with the postings they are the sums of."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        recompute = "recompute" in request.GET
        balances = trial_balances(organizations_in(request, str(self.view_permission)), recompute=recompute)
        context = {"title": "Trial balance", "balances": balances, "recomputed": recompute}
        return self.rendered(request, "console/trial_balance.html", context)


_CONSEQUENCES = {
    "deposit": "Play money is credited to the member's account, against the account of the outside world.",
    "withdraw": "Play money leaves the member's account; what open orders have reserved stays.",
    "subsidy": "The money is set aside for house market makers; opening a market takes its worst loss from here.",
}


def _list_question(title: str, deed: str) -> Question:
    return Question(
        title=title,
        button=title,
        consequences=[_CONSEQUENCES[deed]],
        done="The journal is written.",
        back=reverse(ACCOUNTS),
    )


def _where(page: AccountAdmin, request: HttpRequest, permission: str) -> QuerySet[Any]:
    if not page.permits(request, permission):
        raise PermissionDenied
    return visible_organizations(request, permission).filter(is_active=True).order_by("name", "pk")


@admin.register(Posting)
class PostingAdmin(ExportedPage):
    """Every line of every journal, newest first."""

    empty_text = "Every movement of money is listed here, from the first deposit on."
    view_permission = "participants.read"
    resource_classes = (PostingExport,)
    organization_lookup = "account__organization"
    list_display = ("recorded_at", "shown_account", "shown_reason", "delta", "balance_after", "event_position")
    list_filter = (("reason", ChoicesDropdownFilter), OrganizationFilter, ("recorded_at", RangeDateTimeFilter))
    list_select_related = ("account__owner", "account__market")
    search_fields = ("event_position",)
    search_help_text = "Position of the event, or user name of the account's owner"
    ordering = ("-id",)
    paginator = BoundedPaginator

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By an index each: the event's position, or the accounts of a person."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(event_position=int(term)), False
        owners = Account.objects.filter(owner__username__icontains=term).values_list("pk", flat=True)
        return queryset.filter(account__in=list(owners[:200])), False

    @column("Account")
    def shown_account(self, posting: Posting) -> SafeString:
        return holder_link(posting.account)

    @column("Reason", ordering="reason", label={"payout": "success", "fee": "warning", "deposit": "info"})
    def shown_reason(self, posting: Posting) -> tuple[str, str]:
        return posting.reason, posting.get_reason_display()

    @column("Change")
    def delta(self, posting: Posting) -> SafeString:
        return amount(posting.delta_units, signed=True)

    @column("Balance after")
    def balance_after(self, posting: Posting) -> SafeString:
        return amount(posting.balance_after_units)

    def facts(self, request: HttpRequest, row: Posting) -> list[Fact]:
        """The line, and the others of its event; for a trade, the market's own may stand at a later event of its batch."""
        journal = Posting.objects.filter(event_position=row.event_position).filter(self._same_organizations(request))
        lines = journal.select_related("account__owner", "account__market").order_by("id")[:100]
        facts = [
            Fact("Account", holder_link(row.account)),
            Fact("Reason", row.get_reason_display()),
            Fact("Change", amount(row.delta_units, signed=True)),
            Fact("Balance after", amount(row.balance_after_units)),
            Fact("Recorded", row.recorded_at),
            Fact("Caused by event", row.event_position),
        ]
        return facts + [
            Fact(f"Journal: {line.get_reason_display()}, {holder(line.account)}", amount(line.delta_units, signed=True))
            for line in lines
        ]

    def _same_organizations(self, request: HttpRequest) -> Q:
        scope = organizations_in(request, str(self.view_permission))
        return Q() if scope is None else Q(account__organization__in=scope)
