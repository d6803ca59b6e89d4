"""Limits of accounts and of organizations. Each change has a reason, is an event, and stands in the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance.access.policies import require
from governance.audit.deeds import record_deed
from governance.identity.models import User
from governance.organizations.models import Organization
from markets.ledger.models import Account
from markets.ledger.selectors import trader_account
from markets.lifecycle.errors import ReasonRequired
from markets.trading.limit_models import LimitDefaults
from opinion_market.eventstore.append import NewEvent, append, metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLimits:
    """An account's own limits in each market; None: none. The value, in units, replaces the organization's."""

    max_open_orders: int | None
    max_position_contracts: int | None
    max_order_value_units: int | None

    def as_data(self) -> dict[str, int | None]:
        """By the columns' names."""
        return {
            "max_open_orders": self.max_open_orders,
            "max_position_contracts": self.max_position_contracts,
            "max_order_value_units": self.max_order_value_units,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultLimits:
    """Limits in all markets of an organization that have none of their own; None: none."""

    position_limit_contracts: int | None
    order_limit: int | None
    order_quantity_limit: int | None
    order_value_limit_units: int | None

    def as_data(self) -> dict[str, int | None]:
        """By the columns' names."""
        return {
            "position_limit_contracts": self.position_limit_contracts,
            "order_limit": self.order_limit,
            "order_quantity_limit": self.order_quantity_limit,
            "order_value_limit_units": self.order_value_limit_units,
        }


@transaction.atomic
def set_account_limits(
    *, actor: User, owner_id: UUID, organization_id: UUID, limits: MemberLimits, reason: str, now: datetime
) -> Account:
    """Limit a member's orders and positions; what they hold and have open already stays. Needs participants.update.

    Locks: the account. Raises: PermissionMissing, ReasonRequired. Appends: AccountLimitsChanged to the account's stream.
    """
    require(actor, "participants.update", organization_id)
    given = _given(reason)
    opened = trader_account(owner_id=owner_id, organization_id=organization_id, now=now)
    rows = Account.objects.select_related("organization__limit_defaults")
    account = rows.select_for_update(of=("self",), no_key=True).get(pk=opened.pk)
    data = limits.as_data()
    for name, value in data.items():
        setattr(account, name, value)
    account.save(update_fields=list(data))
    _record(
        f"account-{account.pk}", "AccountLimitsChanged", {"account": account.pk, **data}, account, actor, given, now
    )
    return account


@transaction.atomic
def set_default_limits(
    *, actor: User, organization_id: UUID, limits: DefaultLimits, reason: str, now: datetime
) -> LimitDefaults:
    """Limit everybody in an organization's markets. Needs markets.update.

    Binds orders from the next batch of each market on. Locks: the organization. Raises: PermissionMissing, ReasonRequired.
    Appends: LimitDefaultsChanged to the organization's stream.
    """
    require(actor, "markets.update", organization_id)
    given = _given(reason)
    organization = Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)
    data = limits.as_data()
    defaults, _ = LimitDefaults.objects.update_or_create(organization=organization, defaults=data)
    _record(f"organization-{organization_id}", "LimitDefaultsChanged", dict(data), defaults, actor, given, now)
    return defaults


def _given(reason: str) -> str:
    """Raises ReasonRequired for an empty one."""
    if not reason.strip():
        raise ReasonRequired
    return reason.strip()


def _record(
    stream: str,
    type: str,
    data: dict[str, object],
    target: Account | LimitDefaults,
    actor: User,
    reason: str,
    now: datetime,
) -> None:
    organization = target.organization_id
    who = metadata(actor=str(actor.pk), organization=str(organization))
    append(stream=stream, expected_version=None, events=[NewEvent(type, {**data, "reason": reason}, now, metadata=who)])
    record_deed(actor=actor, target=target, organization_id=organization, deed="change of limits", reason=reason)
