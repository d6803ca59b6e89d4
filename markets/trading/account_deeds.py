"""What staff may do to the trading of an account, for its page in the console: block, release, limit."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from unfold.contrib.filters.admin import DropdownFilter

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import Fact, PageLink, ReadOnlyPage, staff
from markets.ledger.models import Account
from markets.oversight.columns import amount, number
from markets.trading import kill_switch
from markets.trading.limit_forms import AccountLimitForm, shown_credits
from markets.trading.limit_services import MemberLimits, set_account_limits
from markets.trading.models import Order
from opinion_market.kernel import clock
from opinion_market.kernel.money import credits_text

_TITLES = {"block": "Block trading", "release": "Release trading", "limits": "Limits"}
_DONE = {
    "block": "Trading is blocked and every open order is cancelled.",
    "release": "The member may trade again.",
    "limits": "The limits are set.",
}


class BlockedFilter(DropdownFilter):  # type: ignore[misc]
    """Accounts whose kill switch is on."""

    title = "trading"
    parameter_name = "blocked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Blocked"), ("no", "Not blocked")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(blocked_at__isnull=self.value() == "no")


class TradingDeeds(ReadOnlyPage):
    """Adds the three deeds to the page of a trader's account, and what they have led to."""

    def trading_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.trading_view)
        return [path("<path:object_id>/<str:deed>/trading/", view, name="markets_account_trading")]

    def trading_links(self, request: HttpRequest, account: Account) -> list[PageLink]:
        """The buttons, for staff who may update participants."""
        if account.kind != Account.Kind.TRADER or not self.permits(request, kill_switch.NEEDED, account):
            return []

        def link(deed: str, icon: str, tone: str = "") -> PageLink:
            address = reverse("admin:markets_account_trading", args=[account.pk, deed])
            return PageLink(_TITLES[deed], address, icon, tone)

        limits = link("limits", "speed")
        if account.blocked_at is None:
            return [limits, link("block", "block", "danger")]
        return [limits, link("release", "lock_open", "primary")]

    def trading_facts(self, account: Account) -> list[Fact]:
        """Whether it may trade, and its own limits."""
        if account.kind != Account.Kind.TRADER:
            return []
        limits = [
            Fact("Most open orders in a market", number(account.max_open_orders)),
            Fact("Largest position on an outcome", number(account.max_position_contracts)),
            Fact("Most one order may cost", amount(account.max_order_value_units)),
        ]
        if account.blocked_at is None:
            return [Fact("Trading", "open"), *limits]
        who = "by staff" if account.blocked_by_staff else "by its owner"
        return [
            Fact("Trading", f"blocked {who}"),
            Fact("Blocked since", account.blocked_at),
            Fact("Reason of the block", account.block_reason or "–"),
            *limits,
        ]

    def trading_view(self, request: HttpRequest, object_id: str, deed: str) -> HttpResponse:
        """Ask for the reason, and for the figures where limits are set; then do it."""
        account: Account | None = self.row_or_none(request, object_id)
        if account is None or deed not in _TITLES:
            raise Http404
        if request.path not in {link.link for link in self.trading_links(request, account)}:
            raise PermissionDenied
        form = _form(request, account, deed)
        question = Question(
            title=f"{_TITLES[deed]}: {account.owner}",
            button=_TITLES[deed],
            consequences=_CONSEQUENCES[deed](account),
            facts=self.trading_facts(account),
            done=_DONE[deed],
            back=reverse("admin:markets_account_change", args=[account.pk]),
            is_dangerous=deed == "block",
        )

        def act(given: Mapping[str, Any]) -> None:
            _act(request, account, deed, form, given)

        return ask(request, page=self, question=question, form=form, act=act)


def _form(request: HttpRequest, account: Account, deed: str) -> forms.Form:
    data = request.POST if request.method == "POST" else None
    if deed != "limits":
        return DeedForm(data)
    initial = {
        "position": account.max_position_contracts,
        "orders": account.max_open_orders,
        "value": shown_credits(account.max_order_value_units),
    }
    return AccountLimitForm(data, initial=initial)


def _act(request: HttpRequest, account: Account, deed: str, form: forms.Form, given: Mapping[str, Any]) -> None:
    if account.owner_id is None:
        raise PermissionDenied
    actor, now, reason = staff(request), clock.now(), given["reason"]
    owner, organization = account.owner_id, account.organization_id
    if deed == "block":
        kill_switch.block_member(actor=actor, owner_id=owner, organization_id=organization, reason=reason, now=now)
    elif deed == "release":
        kill_switch.release_member(actor=actor, owner_id=owner, organization_id=organization, reason=reason, now=now)
    elif isinstance(form, AccountLimitForm):
        limits = MemberLimits(
            max_open_orders=given["orders"],
            max_position_contracts=given["position"],
            max_order_value_units=form.value_units(),
        )
        set_account_limits(
            actor=actor, owner_id=owner, organization_id=organization, limits=limits, reason=reason, now=now
        )


def _blocking(account: Account) -> list[str]:
    resting = Order.objects.filter(account=account, status=Order.Status.OPEN).order_by()
    reserved = resting.aggregate(units=Sum("reserved_units", default=0))["units"]
    return [
        f"{resting.count():,} open orders in {resting.values('market').distinct().count():,} markets are cancelled, and "
        f"{credits_text(reserved)} credits are released.",
        "New orders of this member are refused until staff releases the account; the owner cannot.",
        "Contracts stay as they are; the member reads the reason.",
    ]


def _releasing(account: Account) -> list[str]:
    return ["The member may place orders again. Cancelled ones do not come back."]


def _limiting(account: Account) -> list[str]:
    return [
        "Every order from now on is bound by these figures, in each market by itself; the owner can read them.",
        "What is held and open already stays, and what lowers risk is always admitted.",
    ]


_CONSEQUENCES: dict[str, Callable[[Account], list[str]]] = {
    "block": _blocking,
    "release": _releasing,
    "limits": _limiting,
}
