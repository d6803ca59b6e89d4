"""Money in and out. Staff adjusts play-money balances; each change is a journal caused by an event."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance.access.policies import require
from governance.identity.models import User
from markets.ledger.errors import InsufficientBalance, InvalidSum
from markets.ledger.models import Account, Posting
from markets.ledger.selectors import organization_account, trader_account
from opinion_market.eventstore.append import NewEvent, append, metadata, reserve_positions

MAX_UNITS = 10**15  # 100 billion credits: sums over accounts stay far below 64 bits


def deposit(
    *, actor: User | None, owner_id: UUID, organization_id: UUID, units: int, note: str, now: datetime
) -> Account:
    """Credit a member's account with play money. Needs participants.update; the platform itself (actor None) needs nothing.

    Locks: accounts by id. Raises: NotPermitted, InvalidSum. Appends: FundsDeposited to the account's stream.
    """
    if actor is not None:
        require(actor, "participants.update", organization_id)
    account = trader_account(owner_id=owner_id, organization_id=organization_id, now=now)
    return _exchange_with_outside(account, units, Posting.Reason.DEPOSIT, "FundsDeposited", actor, note, now)


def withdraw(*, actor: User, owner_id: UUID, organization_id: UUID, units: int, note: str, now: datetime) -> Account:
    """Take play money out of a member's account. Needs participants.update.

    Locks: accounts by id. Raises: NotPermitted, InvalidSum, InsufficientBalance. Appends: FundsWithdrawn.
    """
    require(actor, "participants.update", organization_id)
    account = trader_account(owner_id=owner_id, organization_id=organization_id, now=now)
    return _exchange_with_outside(account, -units, Posting.Reason.WITHDRAWAL, "FundsWithdrawn", actor, note, now)


def fund_subsidy(*, actor: User, organization_id: UUID, units: int, note: str, now: datetime) -> Account:
    """Set money aside for an organization's house market makers. Needs markets.approve.

    Locks: accounts by id. Raises: NotPermitted, InvalidSum. Appends: FundsDeposited to the subsidy account's stream.
    """
    require(actor, "markets.approve", organization_id)
    account = organization_account(kind=Account.Kind.SUBSIDY, organization_id=organization_id, now=now)
    return _exchange_with_outside(account, units, Posting.Reason.DEPOSIT, "FundsDeposited", actor, note, now)


def return_subsidy(*, actor: User, organization_id: UUID, units: int, note: str, now: datetime) -> Account:
    """Take back what was set aside and not used. Needs markets.approve.

    Locks: accounts by id. Raises: NotPermitted, InvalidSum, InsufficientBalance. Appends: FundsWithdrawn to the subsidy
    account's stream.
    """
    require(actor, "markets.approve", organization_id)
    account = organization_account(kind=Account.Kind.SUBSIDY, organization_id=organization_id, now=now)
    return _exchange_with_outside(account, -units, Posting.Reason.WITHDRAWAL, "FundsWithdrawn", actor, note, now)


@transaction.atomic
def _exchange_with_outside(
    account: Account, units: int, reason: Posting.Reason, type: str, actor: User | None, note: str, now: datetime
) -> Account:
    """Move `units` (negative: out) between an account and the outside world's, with its event and journal."""
    if not 0 < abs(units) <= MAX_UNITS:
        raise InvalidSum(maximum=MAX_UNITS)
    outside = organization_account(kind=Account.Kind.EXTERNAL, organization_id=account.organization_id, now=now)
    locked = {
        row.pk: row
        for row in Account.objects.filter(pk__in=[account.pk, outside.pk])
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    }
    account, outside = locked[account.pk], locked[outside.pk]
    if account.available_units + units < 0:
        raise InsufficientBalance(available_units=account.available_units)
    stream = f"account-{account.pk}"
    positions = reserve_positions(1)
    event = NewEvent(
        type,
        {
            "account": account.pk,
            "units": abs(units),
            "note": note,
            "cash": [[account.pk, units, 0], [outside.pk, -units, 0]],
        },
        now,
        metadata=metadata(actor=str(actor.pk) if actor else None, organization=str(account.organization_id)),
    )
    append(stream=stream, expected_version=None, events=[event], positions=positions)
    account.balance_units += units
    outside.balance_units -= units
    Posting.objects.bulk_create(
        Posting(
            event_position=positions[0],
            account=row,
            reason=reason,
            delta_units=delta,
            balance_after_units=row.balance_units,
            recorded_at=now,
        )
        for row, delta in ((account, units), (outside, -units))
    )
    Account.objects.bulk_update([account, outside], ["balance_units"])
    return account
