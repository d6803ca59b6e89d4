"""Comments in the console: what has been reported first, with the text and the decisions about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import BoundedPaginator, Fact, OrganizationFilter, PageLink, ReadOnlyPage, column, staff
from markets.comments import services
from markets.comments.models import Comment
from markets.comments.selectors import MODERATE
from markets.oversight.columns import market_link, number
from opinion_market.kernel import clock

REPORTS_SHOWN = 50
STATE_COLOURS = {"shown": "success", "hidden": "warning", "deleted": ""}
_SHOWN, _HIDDEN = Q(hidden_at=None, deleted_at=None), Q(hidden_at__isnull=False)

Decision = Callable[..., Comment]
# Name in the address: title, icon, tone, service, what will happen.
DECISIONS: dict[str, tuple[str, str, str, Decision, str]] = {
    "hide": (
        "Hide", "visibility_off", "danger", services.hide_comment,
        "Its text is shown to nobody but its author, who reads the reason, and those who moderate. Its reports are decided.",
    ),
    "keep": (
        "Keep", "task_alt", "primary", services.keep_comment,
        "The comment stays as it is and leaves the queue: its reports are decided.",
    ),
    "unhide": (
        "Show again", "visibility", "primary", services.unhide_comment,
        "Everybody who sees the market reads the comment again.",
    ),
}  # fmt: skip


class StateFilter(DropdownFilter):  # type: ignore[misc]
    """What became of a comment."""

    title = "state"
    parameter_name = "state"
    conditions = {
        "reported": Q(reports_count__gt=0),
        "shown": _SHOWN,
        "hidden": _HIDDEN,
        "deleted": ~Q(deleted_at=None),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in self.conditions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        condition = self.conditions.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


@admin.register(Comment)
class CommentAdmin(ReadOnlyPage):
    """The queue of those who hold markets.update: undecided reports first. Nobody edits another's words."""

    empty_text = "Nobody has said anything about a market yet."
    view_permission = MODERATE
    page_template = "console/comment.html"
    organization_lookup = "market__organization"
    list_display = ("shown_text", "shown_state", "reports", "shown_author", "shown_market", "created_at")
    list_filter = (StateFilter, OrganizationFilter, ("created_at", RangeDateTimeFilter))
    list_select_related = ("market", "author", "hidden_by")
    search_fields = ("text", "author__username", "author__display_name")
    search_help_text = "Words of the text, or the author's name"
    ordering = ("-reports_count", "-id")
    paginator = BoundedPaginator

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide_view)
        return [path("<path:object_id>/<str:name>/decide/", decide, name="markets_comment_decide"), *super().get_urls()]

    @column("Comment")
    def shown_text(self, comment: Comment) -> str:
        return Truncator(_text(comment)).chars(120)

    @column("State", label=STATE_COLOURS)
    def shown_state(self, comment: Comment) -> str:
        return _state(comment)

    @column("Open reports", ordering="reports_count")
    def reports(self, comment: Comment) -> SafeString:
        return number(comment.reports_count)

    @column("Author", ordering="author__username")
    def shown_author(self, comment: Comment) -> str:
        return str(comment.author)

    @column("Market")
    def shown_market(self, comment: Comment) -> SafeString | str:
        return market_link(comment.market)

    def facts(self, request: HttpRequest, row: Comment) -> list[Fact]:
        found = [
            Fact("Author", row.author),
            Fact("Written", row.created_at),
            Fact("Edited", row.edited_at or "never"),
            Fact("Answers", number(row.answers_count)),
        ]
        if row.hidden_at is not None:
            found.append(Fact("Hidden", f"{row.hidden_at:%Y-%m-%d %H:%M} UTC by {row.hidden_by}: {row.hidden_reason}"))
        return found

    def page_context(self, request: HttpRequest, row: Comment) -> dict[str, Any]:
        state = _state(row)
        return {
            "title": f"Comment by {row.author}",
            "deeds": self._links(row),
            "state": state,
            "state_colour": STATE_COLOURS[state],
            "market_link": market_link(row.market),
            "text": _text(row),
            "reports": row.reports.select_related("reporter")[:REPORTS_SHOWN],
        }

    def _links(self, comment: Comment) -> list[PageLink]:
        return [
            PageLink(title, reverse("admin:markets_comment_decide", args=[comment.pk, name]), icon, tone)
            for name, (title, icon, tone, _, _) in DECISIONS.items()
            if name in _possible(comment)
        ]

    def decide_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for the reason, then decide. The service writes the audit trail."""
        comment: Comment | None = self.row_or_none(request, object_id)
        if comment is None or name not in DECISIONS:
            raise Http404
        if not self.permits(request, MODERATE, comment):
            raise PermissionDenied
        title, _, tone, decision, consequence = DECISIONS[name]
        question = Question(
            title=f"{title}: comment by {comment.author}",
            button=title,
            consequences=[consequence],
            facts=[Fact("Market", market_link(comment.market)), Fact("Text", _text(comment))],
            done=f"Done: {title.lower()}.",
            back=reverse("admin:markets_comment_change", args=[comment.pk]),
            is_dangerous=tone == "danger",
        )
        return ask(
            request,
            page=self,
            question=question,
            form=DeedForm(request.POST if request.method == "POST" else None),
            act=lambda given: decision(
                actor=staff(request),
                market_id=comment.market_id,
                comment_id=comment.pk,
                reason=given["reason"],
                now=clock.now(),
            ),
        )


def _text(comment: Comment) -> str:
    """What staff may read of it."""
    return comment.text if comment.deleted_at is None else "(deleted by its author)"


def _state(comment: Comment) -> str:
    if comment.deleted_at is not None:
        return "deleted"
    return "hidden" if comment.hidden_at is not None else "shown"


def _possible(comment: Comment) -> set[str]:
    """The decisions its state allows."""
    decisions = {"unhide"} if comment.hidden_at is not None else {"hide"}
    return decisions | ({"keep"} if comment.reports_count else set())
