"""Who may give the platform's commands: the catalogue, asked by the API and again when a command's turn comes."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from governance.access.errors import PermissionMissing
from governance.access.policies import Access, access_of
from governance.identity.models import User
from opinion_market.eventstore.commands import Command
from opinion_market.kernel.errors import NotPermitted


def require_may_give(held: Access, command: Command[Any]) -> None:
    """Raises PermissionMissing, or NotPermitted for what concerns every organization. The handler asks for the one."""
    if command.permission is not None and not held.has_anywhere(command.permission):
        raise PermissionMissing(permission=command.permission)
    if command.platform_wide and not held.everything:
        raise NotPermitted("This command concerns every organization; it takes a superuser.")


def door(actor: AbstractBaseUser, command: Command[Any]) -> None:
    """The event store's door: one query for the actor's roles. Raises as `require_may_give`."""
    if not isinstance(actor, User) or not actor.is_active:
        raise NotPermitted("Who gave the command may no longer act.")
    require_may_give(access_of(actor), command)
