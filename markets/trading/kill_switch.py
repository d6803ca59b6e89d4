"""The kill switch: an account's orders are all cancelled, and new ones refused until it is released.

The block is committed before the first order is cancelled. Orders are decided under the account's row lock, where the flag
is read, so each one is either committed before the block, and then found and cancelled, or refused. Whoever dies between
the two leaves a blocked account with open orders: repeating the request, or `finish_interrupted`, cancels the rest.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance.access.policies import require
from governance.audit.deeds import record_deed
from governance.identity.models import User
from markets.ledger.models import Account
from markets.ledger.selectors import trader_account
from markets.lifecycle.errors import ReasonRequired
from markets.trading.errors import BlockedByStaff
from markets.trading.mass_cancels import cancel_in, open_places
from markets.trading.session import Cause
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.kernel.correlation import correlation_id

CANCELLED_BECAUSE = "trading_blocked"
NEEDED = "participants.update"


@dataclass(frozen=True, slots=True)
class Switched:
    """An account after its switch was turned: the ids of the orders cancelled per market, and the markets that failed.

    Orders in `pending` markets are cancelled by the scheduler.
    """

    account: Account
    cancelled: dict[str, list[str]]
    pending: list[str]


def block_own(*, actor: User, organization_ids: Collection[UUID], now: datetime, reason: str = "") -> list[Switched]:
    """Block the actor's own accounts in these organizations, of which they must be a member, and cancel their orders.

    Not to be called inside a transaction. Locks: each account; then each market and its accounts. Appends: AccountBlocked
    to the account's stream unless it is blocked already, OrdersCancelled.
    """
    blocked = [
        _block(trader_account(owner_id=actor.pk, organization_id=each, now=now).pk, actor, reason, now, by_staff=False)
        for each in organization_ids
    ]
    return [_cancel(account, Cause(str(actor.pk), correlation_id())) for account in blocked]


def release_own(*, actor: User, organization_ids: Collection[UUID], now: datetime) -> list[Account]:
    """Let the actor trade again. Raises BlockedByStaff, having released none. Appends: AccountUnblocked.

    Locks: the accounts, by id.
    """
    own = Account.objects.filter(
        kind=Account.Kind.TRADER, owner=actor, organization_id__in=organization_ids
    ).select_related("organization__limit_defaults")
    with transaction.atomic():
        locked = list(own.order_by("pk").select_for_update(of=("self",), no_key=True))
        if any(account.blocked_by_staff for account in locked):
            raise BlockedByStaff
        for account in locked:
            _release(account, actor, "", now)
    return locked


def block_member(*, actor: User, owner_id: UUID, organization_id: UUID, reason: str, now: datetime) -> Switched:
    """Block a member's account as staff. Needs participants.update and a reason; only staff can release it.

    As `block_own`; an owner's own block becomes staff's. Also written to the audit trail.
    Raises: PermissionMissing, ReasonRequired.
    """
    require(actor, NEEDED, organization_id)
    account = trader_account(owner_id=owner_id, organization_id=organization_id, now=now)
    blocked = _block(account.pk, actor, _given(reason), now, by_staff=True)
    return _cancel(blocked, Cause(str(actor.pk), correlation_id()))


@transaction.atomic
def release_member(*, actor: User, owner_id: UUID, organization_id: UUID, reason: str, now: datetime) -> Account:
    """Let a member trade again, whoever blocked them. Needs participants.update and a reason.

    Locks: the account. Raises: PermissionMissing, ReasonRequired. Appends: AccountUnblocked; audited.
    """
    require(actor, NEEDED, organization_id)
    given = _given(reason)
    opened = trader_account(owner_id=owner_id, organization_id=organization_id, now=now)
    account = _locked(opened.pk)
    if _release(account, actor, given, now):
        record_deed(
            actor=actor, target=account, organization_id=organization_id, deed="release of trading", reason=given
        )
    return account


def finish_interrupted(*, now: datetime) -> int:
    """Cancel what blocked accounts still have open; returns in how many places there was something. Harmless to repeat."""
    blocked = list(Account.objects.filter(blocked_at__lte=now).order_by().values_list("pk", flat=True))
    places = open_places(blocked)
    for market, account in places:
        cancel_in(market, account, cause=Cause(None, correlation_id()), reason=CANCELLED_BECAUSE)
    return len(places)


def _given(reason: str) -> str:
    """Raises ReasonRequired for an empty one."""
    if not reason.strip():
        raise ReasonRequired
    return reason.strip()


def _locked(account_id: int) -> Account:
    rows = Account.objects.select_related("organization__limit_defaults")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=account_id)


def _block(account_id: int, actor: User, reason: str, now: datetime, *, by_staff: bool) -> Account:
    """Set the flag, durably. A block that is there stays, but staff's takes the place of the owner's."""
    with transaction.atomic(durable=True):
        account = _locked(account_id)
        if account.blocked_at is not None and (account.blocked_by_staff or not by_staff):
            return account
        account.blocked_at = account.blocked_at or now
        account.blocked_by_staff, account.block_reason = by_staff, reason
        account.save(update_fields=["blocked_at", "blocked_by_staff", "block_reason"])
        _append(account, "AccountBlocked", actor, now, {"by": "staff" if by_staff else "owner", "reason": reason})
        if by_staff:
            record_deed(
                actor=actor, target=account, organization_id=account.organization_id, deed="block of trading",
                reason=reason,
            )  # fmt: skip
    return account


def _release(account: Account, actor: User, reason: str, now: datetime) -> bool:
    """Take the flag off a locked account; False if there was none."""
    if account.blocked_at is None:
        return False
    account.blocked_at, account.blocked_by_staff, account.block_reason = None, False, ""
    account.save(update_fields=["blocked_at", "blocked_by_staff", "block_reason"])
    _append(account, "AccountUnblocked", actor, now, {"reason": reason})
    return True


def _append(account: Account, type: str, actor: User, now: datetime, data: dict[str, object]) -> None:
    who = metadata(actor=str(actor.pk), organization=str(account.organization_id))
    event = NewEvent(type, {"account": account.pk, **data}, now, metadata=who)
    append(stream=f"account-{account.pk}", expected_version=None, events=[event])


def _cancel(account: Account, cause: Cause) -> Switched:
    cancelled: dict[str, list[str]] = {}
    pending: list[str] = []
    for market, _ in open_places([account.pk]):
        done = cancel_in(market, account.pk, cause=cause, reason=CANCELLED_BECAUSE)
        if done is None:
            pending.append(str(market))
        else:
            cancelled[str(market)] = done
    return Switched(account, cancelled, pending)
