"""What waits for somebody beside markets: reported comments, and background work that has come to a halt."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse

from governance.access.pages import organizations_in
from governance.access.per_request import access_for
from governance.identity import selectors as identity
from markets.comments.selectors import MODERATE, reported_comments
from opinion_market.eventstore import troubles
from opinion_market.eventstore.selectors import SubscriptionState

KEYS_EXPIRE_WITHIN = timedelta(days=7)
# Background work runs every few seconds; behind by more than this, something is wrong.
LATE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that waits for somebody. `is_fault`: it should never happen; else it is ordinary work."""

    text: str
    count: str
    link: str
    is_fault: bool = False


def counted(count: int, one: str, several: str, link: str, *, is_fault: bool = False) -> list[Concern]:
    """A concern in the singular or the plural; none if there is nothing."""
    return [Concern(one if count == 1 else several, f"{count:,}", link, is_fault)] if count else []


def reported(request: HttpRequest) -> list[Concern]:
    """Comments that somebody has reported, for those who moderate."""
    if not access_for(request).has_anywhere(MODERATE):
        return []
    return counted(
        reported_comments(organizations_in(request, MODERATE)).count(),
        "comment is reported and awaits a decision",
        "comments are reported and await a decision",
        f"{reverse('admin:markets_comment_changelist')}?state=reported",
    )


def halted_work(request: HttpRequest) -> list[Concern]:
    """Processes and event handlers that will not go on by themselves, in the organizations that one audits."""
    scope = organizations_in(request, "system.audit")
    processes, handlers = (reverse(f"admin:eventstore_{name}_changelist") for name in ("process", "eventhandler"))
    return [
        *counted(
            troubles.stuck_processes(scope),
            "process is stuck: it can neither go on nor be undone",
            "processes are stuck: they can neither go on nor be undone",
            f"{processes}?state__exact=stuck",
            is_fault=True,
        ),
        *counted(
            troubles.handlers_given_up(scope),
            "event handler was disabled after failing again and again",
            "event handlers were disabled after failing again and again",
            f"{handlers}?is_active__exact=0",
            is_fault=True,
        ),
    ]


def late_work(states: list[SubscriptionState], now: datetime) -> list[Concern]:
    """Projections, commands and seals that are behind. They serve all tenants, so this is for superusers."""
    listed = reverse("admin:eventstore_checkpoint_changelist")
    failing = [state.name for state in states if state.checkpoint.failures]
    paused = [state.name for state in states if state.checkpoint.paused_at is not None]
    late = [state.name for state in states if state.lag.seconds > LATE_AFTER.total_seconds()]
    minutes = int(LATE_AFTER.total_seconds()) // 60
    found = [
        *_named(failing, "failing", listed, is_fault=True),
        *_named(paused, "paused", listed, is_fault=False),
        *_named(late, f"more than {minutes} minutes behind", listed, is_fault=True),
        *counted(
            troubles.overdue_commands(now=now, after=LATE_AFTER),
            f"command has waited for more than {minutes} minutes",
            f"commands have waited for more than {minutes} minutes",
            f"{reverse('admin:eventstore_queuedcommand_changelist')}?state__exact=queued",
            is_fault=True,
        ),
    ]
    since = troubles.unsealed_since(now=now)
    if since is not None:
        hours = int((now - since).total_seconds()) // 3_600
        seals = reverse("admin:eventstore_seal_changelist")
        found.append(
            Concern("hours since the oldest event without a seal; one is due every hour", f"{hours:,}", seals, True)
        )
    return found


def _named(names: list[str], how: str, link: str, *, is_fault: bool) -> list[Concern]:
    listed = ", ".join(names)
    one, several = f"projection is {how}: {listed}", f"projections are {how}: {listed}"
    return counted(len(names), one, several, link, is_fault=is_fault)


def expiring_keys(now: datetime) -> list[Concern]:
    """API keys in use that will soon be refused."""
    return counted(
        identity.api_keys_expiring(now=now, within=KEYS_EXPIRE_WITHIN).count(),
        "API key in use expires within 7 days",
        "API keys in use expire within 7 days",
        reverse("admin:governance_apikey_changelist"),
    )
