"""One row per endpoint and role: who is let through the door, for a reviewer to read.

Each view's own permission check is asked, for a caller of each kind. `tests/snapshots/permissions.csv` holds the answers;
after a deliberate change refresh it with `UPDATE_SNAPSHOTS=1 make test TESTS=tests/api/test_permissions_snapshot.py`. It says
who passes the view's door; which rows they then find is the selectors' matter.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from governance.access.catalogue import ALL_PERMISSIONS, ROLES
from governance.access.drf import AUTHENTICATED, MEMBER, PUBLIC
from opinion_market.kernel.errors import DomainError
from tests.governance.people import a_member, a_user, an_organization

SNAPSHOT = Path(__file__).resolve().parent.parent / "snapshots" / "permissions.csv"
METHODS = ("get", "post", "put", "patch", "delete")


def api_patterns(patterns, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from api_patterns(pattern.url_patterns, address)
        elif address.startswith("/api/"):
            yield address, pattern


def endpoints() -> Iterator[tuple[str, str, type[APIView], dict]]:
    """(address, method, view class, what `as_view` was given) of everything under /api/."""
    for address, pattern in api_patterns(get_resolver().url_patterns):
        view_class = getattr(pattern.callback, "cls", None)
        assert view_class is not None, f"{address} is no REST framework view: nothing checks who may call it"
        actions = getattr(pattern.callback, "actions", None)
        for method in METHODS:
            if method in actions if actions else hasattr(view_class, method):
                yield address, method, view_class, actions or {}


def passes(view_class: type[APIView], method: str, actions: dict, user) -> bool:
    view = view_class()
    if actions:
        view.action_map, view.action = actions, actions[method]
    request = Request(getattr(APIRequestFactory(), method)("/"))
    request.user = user
    request.authenticators = ()
    view.request, view.args, view.kwargs = request, (), {}
    try:
        view.check_permissions(request)
    except (DomainError, APIException):
        return False
    return True


def rows() -> Iterator[str]:
    organization = an_organization()
    callers = {"stranger": AnonymousUser(), "outsider": a_user(), "trader": a_member(organization)}
    callers |= {role: a_member(organization, role) for role in ROLES}
    callers["superuser"] = a_user(superuser=True)
    yield "method,path,role,allowed"
    for address, method, view_class, actions in sorted(endpoints(), key=lambda endpoint: endpoint[:2]):
        for role, user in callers.items():
            allowed = "yes" if passes(view_class, method, actions, user) else "no"
            yield f"{method.upper()},{address},{role},{allowed}"


def test_every_endpoint_declares_a_rule_of_the_catalogue():
    known = {PUBLIC, AUTHENTICATED, MEMBER, *ALL_PERMISSIONS}
    for address, method, view_class, actions in endpoints():
        declared = getattr(view_class, "permissions_required", {})
        assert declared.get(actions.get(method, method)) in known, f"{method.upper()} {address}"


@pytest.mark.django_db
def test_who_may_call_what_is_as_reviewed():
    current = "\n".join(rows()) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(current)
    assert SNAPSHOT.read_text() == current, "Refresh with UPDATE_SNAPSHOTS=1 if this change is meant."
