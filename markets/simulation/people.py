"""The users of demonstrations and replays: made once, found again, funded to a stated sum however often one asks."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from governance.identity.models import User
from governance.organizations import services as organizations
from governance.organizations.models import Membership, Organization
from markets.ledger import services as ledger
from markets.ledger.models import Account, Posting


def organization(*, slug: str, name: str, now: datetime) -> Organization:
    """The organization with this slug, made if there is none."""
    found = Organization.objects.filter(slug=slug).first()
    return found or organizations.create_organization(actor=None, name=name, slug=slug, now=now)


def members(
    *, organization_id: UUID, people: Mapping[str, str], roles: Mapping[str, str], now: datetime
) -> dict[str, User]:
    """Users by username, members of the organization. `people`: username to display name; `roles`: username to role.

    Those who do not exist are made without a usable password; a role held already is left as it is.
    """
    users = {user.username: user for user in User.objects.filter(username__in=people)}
    missing = [User(username=username, display_name=people[username]) for username in people if username not in users]
    for user in missing:
        user.set_unusable_password()
        user.save()
        users[user.username] = user
    belonging = set(Membership.objects.filter(organization_id=organization_id).values_list("user_id", flat=True))
    for username, user in users.items():
        if user.pk not in belonging:
            organizations.add_member(
                actor=None, organization_id=organization_id, user_id=user.pk, role=roles.get(username, ""), now=now
            )
    return users


def fund(
    *, actor: User, organization_id: UUID, sums: Mapping[UUID, int], subsidy_units: int, note: str, now: datetime
) -> None:
    """Deposit what is missing until each user has been given their sum in all, and the subsidy account its own."""
    given = _deposited(organization_id)
    for owner_id, units in sums.items():
        if (missing := units - given.get(owner_id, 0)) > 0:
            ledger.deposit(
                actor=actor, owner_id=owner_id, organization_id=organization_id, units=missing, note=note, now=now
            )
    if (missing := subsidy_units - given.get(None, 0)) > 0:
        ledger.fund_subsidy(actor=actor, organization_id=organization_id, units=missing, note=note, now=now)


def _deposited(organization_id: UUID) -> dict[UUID | None, int]:
    """What was deposited so far, by owner; under None, into the subsidy account."""
    deposits = Posting.objects.filter(
        account__organization_id=organization_id,
        account__kind__in=[Account.Kind.TRADER, Account.Kind.SUBSIDY],
        reason=Posting.Reason.DEPOSIT,
    )
    return dict(deposits.order_by().values_list("account__owner_id").annotate(Sum("delta_units")))
