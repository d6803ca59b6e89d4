"""The demonstration: two organizations, everybody in them, and a market in every state. Made once; repeating adds what is missing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random

from governance.identity.models import User
from markets.comments.services import post_comment
from markets.lifecycle import services as lifecycle
from markets.lifecycle.groups import create_group
from markets.lifecycle.models import Market, MarketGroup
from markets.rewards.models import RewardCampaign
from markets.rewards.services import CampaignDraft, create_campaign
from markets.simulation import people
from markets.simulation.cast import Cast, cast_of
from markets.simulation.catalogue import EXHIBITS, LIVE, MAKERS, Campaign, Exhibit, Group
from markets.simulation.contest import dispute
from markets.simulation.history import trade
from markets.simulation.tenants import CREDIT, HARBOUR, TENANTS, Behaviour, Tenant
from markets.simulation.truth import verdict

ADMIN_UNITS = 1_000 * CREDIT

# What the first two traders of a new open market say about it: a remark, and an answer to it.
_REMARK, _ANSWER = "I would not bet the boat on it.", "That is what the other side of my order is for."
# How far an exhibit has come; it is only ever taken further.
_STAGES = (
    "draft",
    "pending_approval",
    "open",
    "halted",
    "closed",
    "resolved",
    "disputed",
    "finalized",
    "settled",
    "voided",
)


def seed(*, clock: Callable[[], datetime], admin: User | None, seed: int = 0) -> int:
    """Make whatever of the demonstration is missing; returns how many markets were made or taken further.

    admin: the installation's administrator, who joins the first organization with some money, so that a first order works.
    """
    casts = {tenant.slug: _cast(tenant, admin if tenant is HARBOUR else None, clock) for tenant in TENANTS}
    _reward(MAKERS, casts[MAKERS.tenant.slug], clock())
    changed = 0
    for exhibit in EXHIBITS:
        changed += _show(exhibit, casts[exhibit.tenant.slug], clock, seed)
    return changed


def _cast(tenant: Tenant, admin: User | None, clock: Callable[[], datetime]) -> Cast:
    organization = people.organization(slug=tenant.slug, name=tenant.name, now=clock())
    known, roles = tenant.people, tenant.roles
    if admin is not None:
        known[admin.username], roles[admin.username] = str(admin), "admin"
    users = people.members(organization_id=organization.pk, people=known, roles=roles, now=clock())
    cast = cast_of(tenant, organization, users)
    sums = {
        user.pk: tenant.maker_units if tenant.behaviours[name] is Behaviour.MAKER else tenant.trader_units
        for name, user in cast.traders.items()
    }
    if admin is not None:
        sums[admin.pk] = ADMIN_UNITS
    people.fund(
        actor=cast.staff.approver,
        organization_id=organization.pk,
        sums=sums,
        subsidy_units=tenant.subsidy_units,
        note="Play money of the demonstration",
        now=clock(),
    )
    return cast


def _show(exhibit: Exhibit, cast: Cast, clock: Callable[[], datetime], seed: int) -> bool:
    """Make an exhibit, or take one that an interruption left behind further; whether there was anything to do."""
    now = clock()
    found = Market.objects.filter(organization=cast.organization, question=exhibit.question.text).first()
    if found is not None and _STAGES.index(found.status) >= _STAGES.index(exhibit.status):
        return False
    draft = exhibit.question.draft(
        category=exhibit.category, closes_at=now + exhibit.open_for, dispute_window_s=exhibit.dispute_window_s
    )
    if exhibit.group is not None:
        draft = replace(draft, group_id=_group(exhibit.group, cast, now).pk, group_label=exhibit.label)
    market = found or lifecycle.create_market(
        actor=cast.staff.creator, organization_id=cast.organization.pk, draft=draft, now=now
    )
    if exhibit.status == Market.Status.DRAFT:
        return True
    if exhibit.status == Market.Status.PENDING_APPROVAL:
        lifecycle.submit_market(actor=cast.staff.creator, market=market).unwrap()
        return True
    cast.staff.bring_to_open(market, now=now)
    if market.status == Market.Status.OPEN and not market.trade_sequence:
        trade(market, cast.traders, orders=exhibit.orders, seed=seed, rng=Random(f"{seed}:{market.question}"), now=now)
        if exhibit.status == Market.Status.OPEN:
            _discuss(market, cast, now)
    _end(exhibit, cast, market, clock, seed)
    return True


def _group(group: Group, cast: Cast, now: datetime) -> MarketGroup:
    """The group, made if there is none of its question."""
    found = MarketGroup.objects.filter(organization=cast.organization, question=group.text).first()
    return found or create_group(
        actor=cast.staff.creator,
        organization_id=cast.organization.pk,
        question=group.text,
        description=group.description,
        now=now,
    )


def _reward(campaign: Campaign, cast: Cast, now: datetime) -> None:
    """Offer the campaign, unless that was done before: one that has ended or was stopped is not offered again."""
    if RewardCampaign.objects.filter(organization=cast.organization, name=campaign.name).exists():
        return
    draft = CampaignDraft(
        name=campaign.name,
        market_id=None,
        category=LIVE,
        budget_units=campaign.budget_units,
        max_distance_units=campaign.distance_units,
        min_size_contracts=campaign.size,
        hours=campaign.hours,
    )
    create_campaign(actor=cast.staff.approver, organization_id=cast.organization.pk, draft=draft, now=now)


def _discuss(market: Market, cast: Cast, now: datetime) -> None:
    """Two traders exchange a word; each market has others, for nobody may write much in a minute."""
    traders = list(cast.traders.values())
    place = Market.objects.filter(organization=cast.organization).count()
    speaker, other = traders[place % len(traders)], traders[(place + 1) % len(traders)]
    remark = post_comment(actor=speaker, market_id=market.pk, text=_REMARK, parent_id=None, now=now)
    post_comment(actor=other, market_id=market.pk, text=_ANSWER, parent_id=remark.pk, now=now)


def _end(exhibit: Exhibit, cast: Cast, market: Market, clock: Callable[[], datetime], seed: int) -> None:
    """Take an open market on to the state it is to show."""
    if exhibit.status == Market.Status.HALTED:
        lifecycle.halt_market(actor=cast.staff.creator, market=market, reason="The watch is asking witnesses.").unwrap()
    if exhibit.status == Market.Status.VOIDED:
        cast.staff.void(market, reason="The festival was called off.", now=clock())
    if _STAGES.index(exhibit.status) < _STAGES.index("closed") or exhibit.status == Market.Status.VOIDED:
        return
    cast.staff.close(market, reason="The event has taken place.")
    if exhibit.status == Market.Status.CLOSED:
        return
    found = verdict(market, seed=seed)
    cast.staff.propose(
        market,
        payout_units=found.payout_units,
        value=found.value,
        evidence="As recorded in the town's day book.",
    )
    if exhibit.status == Market.Status.DISPUTED:
        dispute(market, now=clock())
    if exhibit.status == Market.Status.SETTLED:
        cast.staff.confirm(market, now=clock())
