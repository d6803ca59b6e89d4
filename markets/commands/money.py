"""Commands that move play money: deposits and withdrawals by staff. Authorisation is the services'."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from governance.access.policies import require
from governance.identity.models import User
from governance.organizations.errors import MemberNotFound
from governance.organizations.models import Membership
from markets.ledger import services
from markets.ledger.models import Account
from markets.ledger.services import MAX_UNITS
from opinion_market.eventstore.commands import Answer, Command, CommandInput

Units = Annotated[int, Field(ge=1, le=MAX_UNITS, description="1 credit is 10,000 units.")]
Note = Annotated[str, Field(max_length=200)]


class MoneyInput(CommandInput):
    organization: UUID
    user: UUID
    units: Units
    note: Note = ""


def require_member(organization_id: UUID, user_id: UUID) -> None:
    """Raises MemberNotFound."""
    if not Membership.objects.filter(organization_id=organization_id, user_id=user_id).exists():
        raise MemberNotFound


def account_answer(account: Account) -> dict[str, object]:
    """What an account holds, in units."""
    return {
        "account": account.pk,
        "balance_units": account.balance_units,
        "available_units": account.available_units,
    }


def deposit(*, actor: User, input: MoneyInput, now: datetime) -> Answer:
    """Credit a member's account. Raises PermissionMissing, MemberNotFound, InvalidSum."""
    require(actor, "participants.update", input.organization)
    require_member(input.organization, input.user)
    account = services.deposit(
        actor=actor,
        owner_id=input.user,
        organization_id=input.organization,
        units=input.units,
        note=input.note,
        now=now,
    )
    return Answer(account_answer(account))


def withdraw(*, actor: User, input: MoneyInput, now: datetime) -> Answer:
    """Take play money out of a member's account. Raises PermissionMissing, MemberNotFound, InsufficientBalance."""
    require(actor, "participants.update", input.organization)
    require_member(input.organization, input.user)
    account = services.withdraw(
        actor=actor,
        owner_id=input.user,
        organization_id=input.organization,
        units=input.units,
        note=input.note,
        now=now,
    )
    return Answer(account_answer(account))


COMMANDS = (
    Command("Deposit", MoneyInput, deposit, "participants.update", "Credit a member's account with play money."),
    Command("Withdraw", MoneyInput, withdraw, "participants.update", "Take play money out of a member's account."),
)
