"""Self sign-up: a new person, their place in the organization that the installation names, and what they start with."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from governance.identity.models import User
from governance.identity.user_events import record_user_created
from governance.organizations import services as organizations
from governance.organizations.models import Organization
from markets.engine.units import SET_UNITS
from markets.ledger import services as ledger
from opinion_market.kernel.errors import Conflict, NotPermitted

WELCOME = "Play money to start with"


class SignUpClosed(NotPermitted):
    """The installation takes nobody in by itself (`SIGN_UP`): accounts are made by its administrators."""

    code = "sign_up_closed"
    title = "Sign-up is closed here."


class UsernameTaken(Conflict):
    """User names are compared without regard to case."""

    code = "username_taken"
    title = "This user name is taken."


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody says of themselves. The password has passed the validators."""

    username: str
    display_name: str
    password: str


@transaction.atomic
def join(*, newcomer: Newcomer, now: datetime) -> User:
    """Make a user without any role; a trader of the organization in `SIGN_UP_ORGANIZATION` if there is one.

    Locks: the organization, then accounts by id. Raises SignUpClosed, UsernameTaken. Appends: UserCreated, MemberAdded,
    FundsDeposited.
    """
    if not settings.SIGN_UP:
        raise SignUpClosed
    user = User(username=newcomer.username, display_name=newcomer.display_name)
    user.set_password(newcomer.password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise UsernameTaken from None
    record_user_created(actor=None, user=user, now=now)
    organization = Organization.objects.filter(slug=settings.SIGN_UP_ORGANIZATION, is_active=True).first()
    if organization is not None:
        organizations.add_member(actor=None, organization_id=organization.pk, user_id=user.pk, now=now)
        if settings.SIGN_UP_CREDITS:
            ledger.deposit(
                actor=None,
                owner_id=user.pk,
                organization_id=organization.pk,
                units=settings.SIGN_UP_CREDITS * SET_UNITS,
                note=WELCOME,
                now=now,
            )
    return user
