"""Making and ending reward campaigns. Their money comes from the organization's subsidy, and what is left returns there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance.access.policies import require
from governance.audit.deeds import record_deed
from governance.identity.models import User
from markets.ledger.errors import InsufficientBalance
from markets.ledger.models import Account, Posting
from markets.ledger.selectors import organization_account
from markets.ledger.services import MAX_UNITS
from markets.ledger.transfers import lock_balances, post
from markets.lifecycle.errors import InsufficientSubsidy, ReasonRequired
from markets.lifecycle.models import Market
from markets.rewards.errors import CampaignEnded, CampaignNotFound, InvalidCampaign
from markets.rewards.models import RewardCampaign
from markets.rewards.payouts import pay_hour, payable_accounts
from markets.rewards.timing import HOUR, hours_over, stream_of
from opinion_market.eventstore.append import NewEvent, append, metadata

NEEDED = "markets.approve"
MOST_HOURS = 24 * 366
LIVE = (RewardCampaign.State.SCHEDULED, RewardCampaign.State.RUNNING)
UNFUNDED = "The subsidy account did not cover the budget when the campaign was to start."


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """What is decided of a campaign. Either a market or a category; starts_at None: at once, else at a whole minute."""

    name: str
    market_id: UUID | None
    category: str
    budget_units: int
    max_distance_units: int
    min_size_contracts: int
    hours: int
    starts_at: datetime | None = None


@transaction.atomic
def create_campaign(*, actor: User, organization_id: UUID, draft: CampaignDraft, now: datetime) -> RewardCampaign:
    """Plan a campaign, and start it if its time has come. Needs markets.approve.

    Locks: on starting, the subsidy account. Raises: PermissionMissing, InvalidCampaign, InsufficientSubsidy.
    Appends: CampaignCreated, CampaignStarted to `campaign-<id>`.
    """
    require(actor, NEEDED, organization_id)
    starts_at = draft.starts_at or now.replace(second=0, microsecond=0)
    _check(draft, organization_id, now)
    campaign = RewardCampaign.objects.create(
        organization_id=organization_id,
        name=draft.name.strip(),
        market_id=draft.market_id,
        category=draft.category.strip(),
        budget_units=draft.budget_units,
        max_distance_units=draft.max_distance_units,
        min_size_contracts=draft.min_size_contracts,
        starts_at=starts_at,
        ends_at=starts_at + draft.hours * HOUR,
        created_by=actor,
        created_at=now,
    )
    data = {
        "name": campaign.name,
        "market": str(draft.market_id) if draft.market_id else None,
        "category": campaign.category,
        "budget_units": campaign.budget_units,
        "max_distance_units": campaign.max_distance_units,
        "min_size_contracts": campaign.min_size_contracts,
        "starts_at": campaign.starts_at.isoformat(),
        "ends_at": campaign.ends_at.isoformat(),
    }
    event = NewEvent("CampaignCreated", data, now, metadata=_who(campaign, str(actor.pk)))
    append(stream=stream_of(campaign.pk), expected_version=0, events=[event])
    if campaign.starts_at <= now:
        _start(campaign, str(actor.pk), now)
    return campaign


def _check(draft: CampaignDraft, organization_id: UUID, now: datetime) -> None:
    """Raises InvalidCampaign."""
    if not draft.name.strip():
        raise InvalidCampaign("A campaign needs a name.")
    if (draft.market_id is None) == (not draft.category.strip()):
        raise InvalidCampaign("A campaign is for a market or for a category, not for both and not for neither.")
    if draft.market_id is not None:
        market = Market.objects.filter(pk=draft.market_id, organization_id=organization_id).first()
        if market is None or market.status not in (Market.Status.OPEN, Market.Status.HALTED):
            raise InvalidCampaign("The organization has no market of that id that trades.")
    if not 1 <= draft.hours <= MOST_HOURS:
        raise InvalidCampaign(f"A campaign lasts 1 to {MOST_HOURS} hours.", maximum=MOST_HOURS)
    if not draft.hours <= draft.budget_units <= MAX_UNITS:
        raise InvalidCampaign("The budget is at least a unit for each hour.", maximum=MAX_UNITS)
    if not 1 <= draft.max_distance_units <= 9_999 or draft.min_size_contracts < 1:
        raise InvalidCampaign("The distance is 1 to 9999 units, and the minimum size at least 1 contract.")
    if draft.starts_at is not None and (
        draft.starts_at <= now or draft.starts_at.second or draft.starts_at.microsecond
    ):
        raise InvalidCampaign("starts_at is a whole minute that lies ahead.")


def _start(campaign: RewardCampaign, actor: str | None, now: datetime) -> None:
    """Take the budget from the subsidy into an account of the campaign's own. Raises InsufficientSubsidy."""
    subsidy = organization_account(kind=Account.Kind.SUBSIDY, organization_id=campaign.organization_id, now=now)
    own = Account.objects.create(organization_id=campaign.organization_id, kind=Account.Kind.CAMPAIGN, created_at=now)
    try:
        post(
            stream=stream_of(campaign.pk),
            type="CampaignStarted",
            data={"budget_units": campaign.budget_units, "account": own.pk},
            metadata=_who(campaign, actor),
            moves={subsidy.pk: -campaign.budget_units, own.pk: campaign.budget_units},
            reason=Posting.Reason.SUBSIDY,
            now=now,
        )
    except InsufficientBalance as short:
        raise InsufficientSubsidy(
            "The subsidy account does not cover the budget.", needed_units=campaign.budget_units, **short.data
        ) from None
    campaign.account, campaign.state = own, RewardCampaign.State.RUNNING
    campaign.save(update_fields=["account", "state"])


@transaction.atomic
def stop_campaign(*, actor: User, campaign_id: UUID, reason: str, now: datetime) -> RewardCampaign:
    """End a campaign early: hours that are over are paid, the running one in part, the rest returns. Needs markets.approve.

    The running hour's budget is cut to the seconds that have passed of it, rounded down. Locks: the campaign, then accounts
    by id. Raises: CampaignNotFound, PermissionMissing, ReasonRequired, CampaignEnded.
    Appends: RewardsPaid, CampaignStopped; audited.
    """
    campaign = locked_campaign(campaign_id)
    require(actor, NEEDED, campaign.organization_id)
    if not reason.strip():
        raise ReasonRequired
    if campaign.state not in LIVE:
        raise CampaignEnded(state=campaign.state)
    if campaign.account_id is not None:
        lock_balances([*payable_accounts(campaign), *_own_accounts(campaign, now)])
        while campaign.hours_paid < hours_over(campaign, now):
            pay_hour(campaign, now=now)
        begun_at = campaign.starts_at + campaign.hours_paid * HOUR
        if begun_at < min(now, campaign.ends_at):
            pay_hour(campaign, now=now, elapsed=now - begun_at)
    _end(campaign, RewardCampaign.State.STOPPED, "CampaignStopped", str(actor.pk), reason.strip(), now)
    record_deed(
        actor=actor, target=campaign, organization_id=campaign.organization_id, deed="stop of the campaign",
        reason=reason.strip(),
    )  # fmt: skip
    return campaign


def advance_campaign(*, campaign_id: UUID, now: datetime) -> bool:
    """Take a campaign one step further if one is due: start it, pay its next hour that is over, or finish it.

    True if something was done, and so may be again. One transaction; whoever comes second finds it done. Locks: the
    campaign, then accounts by id. Appends: CampaignStarted, CampaignStopped, RewardsPaid or CampaignFinished.
    """
    with transaction.atomic():
        campaign = locked_campaign(campaign_id)
        if campaign.state == RewardCampaign.State.SCHEDULED and campaign.starts_at <= now:
            try:
                with transaction.atomic():
                    _start(campaign, None, now)
            except InsufficientSubsidy:
                _end(campaign, RewardCampaign.State.STOPPED, "CampaignStopped", None, UNFUNDED, now)
            return True
        if campaign.state != RewardCampaign.State.RUNNING:
            return False
        if campaign.hours_paid < hours_over(campaign, now):
            pay_hour(campaign, now=now)
            return True
        if campaign.ends_at <= now:
            _end(campaign, RewardCampaign.State.FINISHED, "CampaignFinished", None, "", now)
            return True
    return False


def locked_campaign(campaign_id: UUID) -> RewardCampaign:
    """The campaign's row under lock. Raises CampaignNotFound."""
    rows = RewardCampaign.objects.select_for_update(of=("self",))
    found = rows.filter(pk=campaign_id).first()
    if found is None:
        raise CampaignNotFound(campaign=str(campaign_id))
    return found


def _own_accounts(campaign: RewardCampaign, now: datetime) -> list[int]:
    subsidy = organization_account(kind=Account.Kind.SUBSIDY, organization_id=campaign.organization_id, now=now)
    return [subsidy.pk] if campaign.account_id is None else [subsidy.pk, campaign.account_id]


def _end(
    campaign: RewardCampaign, state: RewardCampaign.State, type: str, actor: str | None, reason: str, now: datetime
) -> None:
    """Give what was not paid back to the subsidy."""
    rest = campaign.budget_units - campaign.paid_units if campaign.account_id is not None else 0
    moves: dict[int, int] = {}
    if campaign.account_id is not None and rest:
        subsidy, own = _own_accounts(campaign, now)
        moves = {own: -rest, subsidy: rest}
    post(
        stream=stream_of(campaign.pk),
        type=type,
        data={"paid_units": campaign.paid_units, "returned_units": rest, "reason": reason},
        metadata=_who(campaign, actor),
        moves=moves,
        reason=Posting.Reason.SWEEP,
        now=now,
    )
    campaign.state, campaign.returned_units = state, rest
    campaign.ended_at, campaign.end_reason = now, reason
    campaign.save(update_fields=["state", "returned_units", "ended_at", "end_reason"])


def _who(campaign: RewardCampaign, actor: str | None) -> dict[str, object]:
    return metadata(actor=actor, organization=str(campaign.organization_id))
