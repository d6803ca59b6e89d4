"""Markets in the console: the list, a market's page with its book and its steps, and the drafting of new ones."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from governance.access.asking import DeedForm, Question, ask
from governance.access.export import ExportedPage
from governance.access.pages import (
    BoundedPaginator,
    Fact,
    OrganizationFilter,
    PageLink,
    column,
    staff,
    visible_organizations,
)
from governance.audit.deeds import record_deed
from governance.identity.models import User
from markets.lifecycle import services
from markets.lifecycle.filters import CategoryFilter, ClosingFilter, NeedFilter
from markets.lifecycle.forms import DraftForm, SplitOtherForm
from markets.lifecycle.limit_pages import LimitDeed
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import evidence
from markets.lifecycle.resolution.forms import StepForm
from markets.lifecycle.scalar import bounds_text, decimal_text, value_at_price
from markets.lifecycle.step import Step
from markets.lifecycle.steps import BY_NAME, STEPS
from markets.oversight.columns import STATUS_COLOURS, amount, duration_text, number, percent, price_bars
from markets.oversight.market_page import SECTIONS
from markets.oversight.resources import MarketExport
from opinion_market.kernel import clock
from opinion_market.kernel.money import credits_text


@admin.register(Market)
class MarketAdmin(ExportedPage, LimitDeed):
    """Nobody edits a market's row: it changes by steps, each with a reason and decided in its turn among the orders."""

    empty_text = "A market is drafted, submitted, approved by somebody else, and opened."
    view_permission = "markets.read"
    resource_classes = (MarketExport,)
    page_template = "console/market.html"
    list_display = ("shown_question", "shown_status", "prices", "volume", "interest", "closes_at")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        NeedFilter,
        ("kind", ChoicesDropdownFilter),
        CategoryFilter,
        ClosingFilter,
        OrganizationFilter,
    )
    list_select_related = ("organization",)
    search_fields = ("question", "category", "=id")
    search_help_text = "Question, category or id"
    ordering = ("-created_at", "-id")
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related(
            "organization", "group", "created_by", "approved_by", "resolved_by"
        ).prefetch_related("outcomes")

    def get_urls(self) -> list[URLPattern]:
        step = self.admin_site.admin_view(self.step_view)
        return [
            path("<path:object_id>/<str:name>/step/", step, name="markets_market_step"),
            *self.limit_urls(),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.permits(request, "markets.create")

    @column("Question", ordering="question")
    def shown_question(self, market: Market) -> SafeString:
        about = " · ".join(filter(None, (market.organization.name, market.category, market.get_kind_display())))
        return format_html('<span class="om-title">{}</span><span class="om-sub">{}</span>', market.question, about)

    @column("Status", ordering="status", label=STATUS_COLOURS)
    def shown_status(self, market: Market) -> tuple[str, str]:
        return market.status, market.get_status_display()

    @column("Price")
    def prices(self, market: Market) -> SafeString:
        return price_bars([outcome.label for outcome in market.outcomes.all()], market.price_units)

    @column("Volume", ordering="volume_units")
    def volume(self, market: Market) -> SafeString:
        return amount(market.volume_units)

    @column("Open interest", ordering="open_sets")
    def interest(self, market: Market) -> SafeString:
        return number(market.open_sets)

    def page_context(self, request: HttpRequest, row: Market) -> dict[str, Any]:
        labels = [outcome.label for outcome in row.outcomes.all()]
        sections = [section for section in SECTIONS if self.permits(request, section.permission, row)]
        wanted = request.GET.get("tab", "")
        section = next((each for each in sections if each.name == wanted), sections[0])
        deeds = self.step_links(request, row) + self.limit_links(request, row)
        return {
            "title": row.question,
            "market": row,
            "status_colour": STATUS_COLOURS[row.status],
            "prices": price_bars(labels, row.price_units, most=64),
            "deeds": deeds,
            "refused": [deed for deed in deeds if deed.refusal],
            "sections": sections,
            "section": section,
            "rules": self._rules(row),
            "milestones": _milestones(row),
            **section.read(row, labels, request.GET.get("page", "1")),
        }

    def facts(self, request: HttpRequest, row: Market) -> list[Fact]:
        return [
            Fact("Volume", amount(row.volume_units)),
            Fact("Contracts traded", number(row.volume_contracts)),
            Fact("Trades", number(row.trade_sequence)),
            Fact("Complete sets", number(row.open_sets)),
        ]

    def _rules(self, market: Market) -> list[Fact]:
        house = f"LMSR, b = {market.house_liquidity:,} contracts" if market.house_liquidity else "none"
        prior = ", ".join(percent(units) for units in market.house_prior_units or []) or "equal"
        return [
            Fact("Organization", market.organization),
            Fact("Kind", market.get_kind_display()),
            *_kind_facts(market),
            Fact("Category", market.category or "–"),
            Fact("Visible", "to everybody" if market.is_public else "to its organization"),
            Fact("House market maker", house),
            Fact("Its opening prices", prior if market.house_liquidity else "–"),
            Fact("Taker's fee", f"{market.taker_fee_bps} basis points"),
            Fact("Maker's fee", f"{market.maker_fee_bps} basis points"),
            *self.limit_facts(market),
            Fact("Dispute window", duration_text(market.dispute_window_s)),
            Fact("Bond of a dispute", f"{credits_text(market.dispute_bond_units)} credits"),
            Fact("Pays by itself", "once confirmed" if market.auto_finalize else "no"),
            Fact("Hash of the criteria", market.criteria_hash or "not frozen yet"),
            Fact("Id", market.pk),
            Fact("Version of its stream", number(market.version)),
        ]

    def step_links(self, request: HttpRequest, market: Market) -> list[PageLink]:
        """The steps that the state allows and the user's permissions in this organization."""
        actor, now = staff(request), clock.now()
        return [
            PageLink(
                step.title,
                reverse("admin:markets_market_step", args=[market.pk, step.name]),
                step.icon,
                step.tone,
                step.refusal(actor, market, now),
            )
            for step in STEPS
            if market.status in step.states and self.permits(request, step.permission, market) and step.applies(market)
        ]

    def step_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for the reason, then take the step."""
        market: Market | None = self.row_or_none(request, object_id)
        step = BY_NAME.get(name)
        if market is None or step is None:
            raise Http404
        if not self.permits(request, step.permission, market):
            raise PermissionDenied
        sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = self._form_of(step, market, sent)
        question = Question(
            title=f"{step.title}: {market.question}",
            button=step.title,
            consequences=step.consequences(market),
            facts=self.facts(request, market),
            done=f"Done: {step.title.lower()}.",
            back=reverse("admin:markets_market_change", args=[market.pk]),
            is_dangerous=step.tone == "danger",
        )

        def act(given: Mapping[str, Any]) -> None:
            self._take(request, market, step, given)

        return ask(request, page=self, question=question, form=form, act=act)

    def _form_of(self, step: Step, market: Market, sent: tuple[Any, Any]) -> DeedForm:
        """The step's own questions beside its reason."""
        return SplitOtherForm(*sent) if step.name == "split" else StepForm(*sent, step=step, market=market)

    def _take(self, request: HttpRequest, market: Market, step: Step, given: Mapping[str, Any]) -> None:
        actor = staff(request)
        step.act(actor, market, {**given, "evidence_ids": _added_evidence(actor, market, given)}).unwrap()
        record_deed(
            actor=actor,
            target=market,
            organization_id=market.organization_id,
            deed=step.title.lower(),
            reason=given["reason"],
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Describe a new market; it becomes a draft, which is submitted in a second step."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        organizations = visible_organizations(request, "markets.create").filter(is_active=True).order_by("name", "pk")
        form = DraftForm(
            request.POST if request.method == "POST" else None,
            organizations=organizations,
            initial={"organization": organizations.first()},
        )
        made: list[Market] = []
        question = Question(
            title="New market",
            button="Create the draft",
            consequences=["The draft is seen by staff only. It cannot be changed afterwards: a mistaken one is left."],
            done="The draft is made. Submit it for approval when it is right.",
            back=reverse("admin:markets_market_changelist"),
        )

        def act(given: Mapping[str, Any]) -> None:
            organization = given["organization"]
            made.append(
                services.create_market(
                    actor=staff(request), organization_id=organization.pk, draft=form.draft(), now=clock.now()
                )
            )

        response = ask(request, page=self, question=question, form=form, act=act)
        return HttpResponseRedirect(reverse("admin:markets_market_change", args=[made[0].pk])) if made else response


def _kind_facts(market: Market) -> list[Fact]:
    """What only scalar markets and members of a group have."""
    facts = []
    if (implied := value_at_price(market)) is not None:
        facts.append(Fact("Bounds", bounds_text(market)))
        facts.append(Fact("Value at this price", f"{decimal_text(implied)} {market.scalar_unit}"))
    if market.settlement_value is not None:
        facts.append(Fact("Resolved at", f"{decimal_text(market.settlement_value)} {market.scalar_unit}"))
    if market.group is not None:
        address = reverse("admin:markets_marketgroup_change", args=[market.group.pk])
        facts.append(Fact("Group", format_html('<a href="{}">{}</a>', address, market.group.question)))
        facts.append(Fact("Stands for", market.group_label or "–"))
    return facts


def _added_evidence(actor: User, market: Market, given: Mapping[str, Any]) -> list[UUID]:
    """Ids of the links and files that came with the form."""
    links = [
        evidence.add_link(actor=actor, market=market, url=url, title="", now=clock.now())
        for url in given.get("links", ())
    ]
    files = [
        evidence.add_file(actor=actor, market=market, name=file.name or "", file=file, now=clock.now())
        for file in given.get("files", ())
    ]
    return [piece.pk for piece in (*links, *files)]


def _milestones(market: Market) -> list[tuple[str, object, object]]:
    """What has happened: the step, when, and by whom where the row tells."""
    payout = ", ".join(
        f"{outcome.label} {credits_text(units)}"
        for outcome, units in zip(market.outcomes.all(), market.payout_units or [], strict=False)
    )
    steps = [
        ("Created", market.created_at, market.created_by),
        ("Approved", market.approved_at, market.approved_by),
        ("Opens by itself", None if market.opened_at else market.opens_at, None),
        ("Opened", market.opened_at, None),
        ("Closed", market.closed_at, None),
        (f"Resolution proposed: {payout}", market.resolved_at, market.resolved_by),
        ("Dispute window ends", market.dispute_ends_at if market.status == "resolved" else None, None),
        ("Paid by itself", market.finalizes_at, None),
        ("Voided" if market.status == "voided" else "Settled and paid", market.settled_at, None),
    ]
    return [step for step in steps if step[1] is not None]
