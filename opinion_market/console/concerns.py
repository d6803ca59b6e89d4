"""What waits for somebody: steps of markets, reported comments, books that do not balance, background work at a halt.

The home page and the hub's channel `alerts` say the same. Each viewer is told of the organizations in which they hold the
permission that each concern takes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from governance.access.policies import Access
from governance.identity import selectors as identity
from markets.comments.selectors import MODERATE, reported_comments
from markets.oversight import attention, figures
from opinion_market.eventstore import troubles
from opinion_market.eventstore.selectors import SubscriptionState

KEYS_EXPIRE_WITHIN = timedelta(days=7)
# Background work runs every few seconds; behind by more than this, something is wrong.
LATE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that waits for somebody. `is_fault`: it should never happen; else it is ordinary work.

    `name` stays the same when the words change; clients of the hub may rely on it.
    """

    text: str
    count: int
    link: str
    is_fault: bool = False
    name: str = ""


def concerns_of(access: Access, now: datetime, states: list[SubscriptionState]) -> list[Concern]:
    """All that the viewer should know of. `states`: the subscriptions as they stand, which only superusers are told of."""
    found = [*waiting_markets(access, now), *reported(access), *astray(access), *halted_work(access)]
    if access.everything:
        found += [*late_work(states, now), *expiring_keys(now)]
    return found


def counted(count: int, one: str, several: str, link: str, *, is_fault: bool = False, name: str = "") -> list[Concern]:
    """A concern in the singular or the plural; none if there is nothing."""
    return [Concern(one if count == 1 else several, count, link, is_fault, name)] if count else []


def waiting_markets(access: Access, now: datetime) -> list[Concern]:
    """Markets whose next step somebody has to take."""
    if not access.has_anywhere("markets.read"):
        return []
    listed = reverse("admin:markets_market_changelist")
    counts = attention.waiting_counts(access.organizations_with("markets.read"), now)
    found: list[Concern] = []
    for need, count in counts.items():
        several = f"markets {attention.NEEDS[need]}"
        one = f"market {_for_one(attention.NEEDS[need])}"
        found += counted(count, one, several, f"{listed}?needs={need}", name=f"markets_{need}")
    return found


def _for_one(text: str) -> str:
    """The verb for one market: `await approval` becomes `awaits approval`."""
    verb, _, rest = text.partition(" ")
    return f"{ {'await': 'awaits', 'are': 'is'}.get(verb, verb) } {rest}".replace("and await", "and awaits")


def reported(access: Access) -> list[Concern]:
    """Comments that somebody has reported, for those who moderate."""
    if not access.has_anywhere(MODERATE):
        return []
    return counted(
        reported_comments(access.organizations_with(MODERATE)).count(),
        "comment is reported and awaits a decision",
        "comments are reported and await a decision",
        f"{reverse('admin:markets_comment_changelist')}?state=reported",
        name="comments_reported",
    )


def astray(access: Access) -> list[Concern]:
    """Books that do not balance. There should be none."""
    if not access.has_anywhere("participants.read"):
        return []
    scope = access.organizations_with("participants.read")
    unbalanced = "organization(s) whose accounts do not sum to zero"
    escrow = "escrow account(s) that do not hold 1 credit per set"
    accounts = f"{reverse('admin:markets_account_changelist')}?kind__exact=escrow"
    balance = reverse("admin:markets_account_trial_balance")
    off = len(figures.unbalanced_organizations(scope))
    return [
        *counted(off, unbalanced, unbalanced, balance, is_fault=True, name="accounts_unbalanced"),
        *counted(figures.escrows_astray(scope), escrow, escrow, accounts, is_fault=True, name="escrow_astray"),
    ]


def halted_work(access: Access) -> list[Concern]:
    """Processes and event handlers that will not go on by themselves, in the organizations that one audits."""
    if not access.has_anywhere("system.audit"):
        return []
    scope = access.organizations_with("system.audit")
    processes, handlers = (reverse(f"admin:eventstore_{name}_changelist") for name in ("process", "eventhandler"))
    return [
        *counted(
            troubles.stuck_processes(scope),
            "process is stuck: it can neither go on nor be undone",
            "processes are stuck: they can neither go on nor be undone",
            f"{processes}?state__exact=stuck",
            is_fault=True,
            name="processes_stuck",
        ),
        *counted(
            troubles.handlers_given_up(scope),
            "event handler was disabled after failing again and again",
            "event handlers were disabled after failing again and again",
            f"{handlers}?is_active__exact=0",
            is_fault=True,
            name="event_handlers_disabled",
        ),
    ]


def late_work(states: list[SubscriptionState], now: datetime) -> list[Concern]:
    """Projections, commands and seals that are behind. They serve all tenants, so this is for superusers."""
    failing = [state.name for state in states if state.checkpoint.failures]
    paused = [state.name for state in states if state.checkpoint.paused_at is not None]
    late = [state.name for state in states if state.lag.seconds > LATE_AFTER.total_seconds()]
    minutes = int(LATE_AFTER.total_seconds()) // 60
    found = [
        *_projections(failing, "failing", is_fault=True, name="projections_failing"),
        *_projections(paused, "paused", is_fault=False, name="projections_paused"),
        *_projections(late, f"more than {minutes} minutes behind", is_fault=True, name="projections_late"),
        *counted(
            troubles.overdue_commands(now=now, after=LATE_AFTER),
            f"command has waited for more than {minutes} minutes",
            f"commands have waited for more than {minutes} minutes",
            f"{reverse('admin:eventstore_queuedcommand_changelist')}?state__exact=queued",
            is_fault=True,
            name="commands_overdue",
        ),
    ]
    since = troubles.unsealed_since(now=now)
    if since is not None:
        hours = int((now - since).total_seconds()) // 3_600
        seals = reverse("admin:eventstore_seal_changelist")
        text = "hours since the oldest event without a seal; one is due every hour"
        found.append(Concern(text, hours, seals, True, "events_unsealed"))
    return found


def _projections(names: list[str], how: str, *, is_fault: bool, name: str) -> list[Concern]:
    listed = ", ".join(names)
    one, several = f"projection is {how}: {listed}", f"projections are {how}: {listed}"
    link = reverse("admin:eventstore_checkpoint_changelist")
    return counted(len(names), one, several, link, is_fault=is_fault, name=name)


def expiring_keys(now: datetime) -> list[Concern]:
    """API keys in use that will soon be refused."""
    return counted(
        identity.api_keys_expiring(now=now, within=KEYS_EXPIRE_WITHIN).count(),
        "API key in use expires within 7 days",
        "API keys in use expire within 7 days",
        reverse("admin:governance_apikey_changelist"),
        name="api_keys_expiring",
    )
