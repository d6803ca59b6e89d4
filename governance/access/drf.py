"""The catalogue at the API's door: permission classes for views.

A view declares a rule for each of its actions (or lower-case methods, if it has no actions):

    permissions_required = {"list": PUBLIC, "create": "markets.create", "orders": MEMBER}

An action without a rule is refused to everybody. Without an object at hand a permission must be held in some
organization (the service asks for the one in question); with an object, in the object's organization.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from governance.access.errors import PermissionMissing
from governance.access.per_request import access_for
from governance.access.policies import Access
from governance.identity.models import User
from opinion_market.api.errors import NotAuthenticated
from opinion_market.kernel.errors import NotPermitted

if TYPE_CHECKING:
    # REST framework's views load this module while they are being loaded themselves.
    from rest_framework.views import APIView

PUBLIC = "public"
AUTHENTICATED = "authenticated"
MEMBER = "member"


def signed_in_user(request: Request) -> User:
    """The user a view acts for. Raises NotAuthenticated for strangers."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def access(request: Request) -> Access:
    """The caller's roles, read once per request."""
    _ = request.user  # authenticates, and puts the user on the request beneath
    return access_for(request._request)


def rule_for(view: "APIView", request: Request) -> str | None:
    """What the view declares for this request; None if nothing. Raises MethodNotAllowed where no action is routed."""
    action = getattr(view, "action", str(request.method).lower())
    if action is None:
        raise MethodNotAllowed(str(request.method))
    rules: dict[str, str] = getattr(view, "permissions_required", {})
    return rules.get("get" if action == "head" else action)


class HasPermission(BasePermission):
    """The default of every view; fails closed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        rule = rule_for(view, request)
        if rule is None:
            # A 405 must stay one: a plain APIView has no handler for a method it does not declare.
            if not hasattr(view, "action") and not hasattr(view, str(request.method).lower()):
                raise MethodNotAllowed(str(request.method))
            raise NotPermitted("This action declares no permission, so nobody may use it.")
        if rule == PUBLIC:
            return True
        signed_in_user(request)
        if rule not in {AUTHENTICATED, MEMBER} and not access(request).has_anywhere(rule):
            raise PermissionMissing(permission=rule)
        return True

    def has_object_permission(self, request: Request, view: "APIView", obj: Any) -> bool:
        rule = rule_for(view, request)
        if rule in {PUBLIC, AUTHENTICATED}:
            return True
        if rule is None:
            raise NotPermitted
        organization_id = organization_of(obj)
        if rule == MEMBER:
            if not access(request).is_member(organization_id):
                raise NotPermitted("Only members of the organization may do this.")
        elif not access(request).has(rule, organization_id):
            raise PermissionMissing(permission=rule)
        return True


def organization_of(obj: Any) -> UUID | None:
    """The tenant an object belongs to: its `organization_id`; None, which satisfies no rule, if it has none."""
    found: UUID | None = getattr(obj, "organization_id", None)
    return found
