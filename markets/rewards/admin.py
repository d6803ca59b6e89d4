"""Reward campaigns in the console: what is offered, how the running hour stands, what was paid; offering and stopping."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from import_export import resources
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

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
from markets.ledger.models import Account
from markets.oversight.columns import amount, holder, holder_link, market_link, number
from markets.rewards import services
from markets.rewards.forms import CampaignForm
from markets.rewards.models import RewardCampaign, RewardPayout
from markets.rewards.selectors import running_hours
from markets.rewards.timing import hours_of
from opinion_market.kernel import clock

STATE_COLOURS = {"scheduled": "info", "running": "success", "finished": "", "stopped": "warning"}
STANDINGS_SHOWN = 20


class CampaignExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = RewardCampaign
        fields = (
            "id", "organization__slug", "name", "market", "category", "state", "budget_units", "max_distance_units",
            "min_size_contracts", "starts_at", "ends_at", "hours_paid", "paid_units", "returned_units", "ended_at", "end_reason",
        )  # fmt: skip


class PayoutExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = RewardPayout
        fields = (
            "id", "hour__campaign", "hour__campaign__name", "hour__hour", "hour__starts_at", "account",
            "account__owner__username", "weight", "units", "hour__event_position",
        )  # fmt: skip


@admin.register(RewardCampaign)
class RewardCampaignAdmin(ExportedPage):
    """Budgets for those whose orders rest near the mid price. Offered and stopped by whoever may approve markets."""

    empty_text = "A campaign pays those whose orders rest near the mid price, every hour, out of the subsidy account."
    view_permission = "markets.read"
    resource_classes = (CampaignExport,)
    page_template = "console/campaign.html"
    list_display = ("name", "shown_state", "where", "organization", "budget", "paid", "starts_at", "ends_at")
    list_filter = (("state", ChoicesDropdownFilter), OrganizationFilter, ("starts_at", RangeDateTimeFilter))
    list_select_related = ("organization", "market")
    search_fields = ("name", "category", "market__question", "=id")
    search_help_text = "Name, category, question or id"
    ordering = ("-starts_at", "-id")
    paginator = BoundedPaginator

    def get_urls(self) -> list[URLPattern]:
        stop = self.admin_site.admin_view(self.stop_view)
        return [path("<path:object_id>/stop/", stop, name="markets_rewardcampaign_stop"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.permits(request, services.NEEDED)

    @column("State", ordering="state", label=STATE_COLOURS)
    def shown_state(self, campaign: RewardCampaign) -> tuple[str, str]:
        return campaign.state, campaign.get_state_display()

    @column("Where")
    def where(self, campaign: RewardCampaign) -> SafeString | str:
        return market_link(campaign.market) if campaign.market else f"Category “{campaign.category}”"

    @column("Budget", ordering="budget_units")
    def budget(self, campaign: RewardCampaign) -> SafeString:
        return amount(campaign.budget_units)

    @column("Paid", ordering="paid_units")
    def paid(self, campaign: RewardCampaign) -> SafeString:
        return amount(campaign.paid_units)

    def facts(self, request: HttpRequest, row: RewardCampaign) -> list[Fact]:
        facts = [
            Fact("State", row.get_state_display()),
            Fact("Where", self.where(row)),
            Fact("Organization", row.organization),
            Fact("Distance from the mid price, less than", amount(row.max_distance_units)),
            Fact("Smallest order, in contracts", number(row.min_size_contracts)),
            Fact("Starts", row.starts_at),
            Fact("Ends", row.ends_at),
            Fact("Hours decided", f"{row.hours_paid} of {hours_of(row)}"),
            Fact("Offered by", row.created_by),
            Fact("Stream", f"campaign-{row.pk}"),
        ]
        if row.account is not None:
            facts.append(Fact("Account", holder_link(row.account)))
        if row.ended_at is not None:
            facts += [Fact("Ended", row.ended_at), Fact("Why", row.end_reason or "its time was over")]
        return facts

    def page_context(self, request: HttpRequest, row: RewardCampaign) -> dict[str, Any]:
        running = [hour for _, hour in running_hours([row], now=clock.now())]
        standings = running[0].standings[:STANDINGS_SHOWN] if running else ()
        holders = Account.objects.select_related("owner").in_bulk([each.account for each in standings])
        return {
            "campaign": row,
            "state_colour": STATE_COLOURS[row.state],
            "deeds": self._deeds(request, row),
            "figures": [
                Fact("Budget", amount(row.budget_units)),
                Fact("Paid", amount(row.paid_units)),
                Fact("Returned to the subsidy", amount(row.returned_units)),
            ],
            "running": running[0] if running else None,
            "standings": [(holder(holders[each.account]), each) for each in standings],
            "page": BoundedPaginator(row.hours.order_by("-hour"), 50).get_page(request.GET.get("page")),
        }

    def _deeds(self, request: HttpRequest, row: RewardCampaign) -> list[PageLink]:
        if row.state not in services.LIVE or not self.permits(request, services.NEEDED, row):
            return []
        return [PageLink("Stop", reverse("admin:markets_rewardcampaign_stop", args=[row.pk]), "stop", "danger")]

    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then end the campaign."""
        campaign: RewardCampaign | None = self.row_or_none(request, object_id)
        if campaign is None:
            raise Http404
        if not self._deeds(request, campaign):
            raise PermissionDenied
        question = Question(
            title=f"Stop: {campaign.name}",
            button="Stop",
            consequences=[
                "Hours that are over are paid, the running one in proportion to the time that has passed of it.",
                "What is left returns to the subsidy account. This cannot be undone; everybody can read the reason.",
            ],
            facts=self.page_context(request, campaign)["figures"],
            done="The campaign is stopped.",
            back=reverse("admin:markets_rewardcampaign_change", args=[campaign.pk]),
            is_dangerous=True,
        )

        def act(given: Mapping[str, Any]) -> None:
            services.stop_campaign(
                actor=staff(request), campaign_id=campaign.pk, reason=given["reason"], now=clock.now()
            )

        form = DeedForm(request.POST if request.method == "POST" else None)
        return ask(request, page=self, question=question, form=form, act=act)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer rewards."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        organizations = visible_organizations(request, services.NEEDED).filter(is_active=True).order_by("name", "pk")
        form = CampaignForm(
            request.POST if request.method == "POST" else None,
            organizations=organizations,
            initial={"organization": organizations.first()},
        )
        question = Question(
            title="New reward campaign",
            button="Offer",
            consequences=[
                "The budget leaves the subsidy account when the campaign starts, and is paid hour by hour to those whose orders "
                "rest near the mid price: looked at once a minute, by size, squared closeness, and both sides rather than one.",
                "What no hour paid returns to the subsidy at the end.",
            ],
            done="The campaign is on.",
            back=reverse("admin:markets_rewardcampaign_changelist"),
        )

        def act(given: Mapping[str, Any]) -> None:
            services.create_campaign(
                actor=staff(request), organization_id=given["organization"].pk, draft=form.draft(), now=clock.now()
            )

        return ask(request, page=self, question=question, form=form, act=act)


@admin.register(RewardPayout)
class RewardPayoutAdmin(ExportedPage):
    """Who was paid for which hour of which campaign."""

    empty_text = "Campaigns pay when an hour of theirs is over; what each account got is listed here."
    view_permission = "participants.read"
    resource_classes = (PayoutExport,)
    organization_lookup = "hour__campaign__organization"
    list_display = ("begun_at", "campaign", "shown_account", "shown_units")
    list_filter = (OrganizationFilter, ("hour__starts_at", RangeDateTimeFilter))
    list_select_related = ("hour__campaign", "account__owner")
    search_fields = ("hour__campaign__name", "account__owner__username")
    search_help_text = "Name of the campaign or user name"
    ordering = ("-id",)
    paginator = BoundedPaginator

    @column("Hour from")
    def begun_at(self, payout: RewardPayout) -> object:
        return payout.hour.starts_at

    @column("Campaign")
    def campaign(self, payout: RewardPayout) -> str:
        return payout.hour.campaign.name

    @column("Account")
    def shown_account(self, payout: RewardPayout) -> SafeString:
        return holder_link(payout.account)

    @column("Credits", ordering="units")
    def shown_units(self, payout: RewardPayout) -> SafeString:
        return amount(payout.units)

    def facts(self, request: HttpRequest, row: RewardPayout) -> list[Fact]:
        campaign = row.hour.campaign
        return [
            Fact("Campaign", campaign.name, reverse("admin:markets_rewardcampaign_change", args=[campaign.pk])),
            Fact("Hour", row.hour.hour),
            Fact("From", row.hour.starts_at),
            Fact("Account", holder_link(row.account)),
            Fact("Paid", amount(row.units)),
            Fact("Of the hour's", amount(row.hour.paid_units)),
            Fact("Shares of the hour's samples, in parts of 10^12", number(row.weight)),
            Fact("Caused by event", row.hour.event_position),
        ]
