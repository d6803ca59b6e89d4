"""The caller's roles, read once per request however often they are asked for."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from governance.access.policies import Access, access_of
from governance.identity.models import User

_KEPT = "_governance_access"


def access_for(request: HttpRequest) -> Access:
    """The roles of `request.user`, as they were when this request first asked."""
    user = request.user
    kept: tuple[object, Access] | None = getattr(request, _KEPT, None)
    # Kept with the user they are of: authentication may replace the session's user by an API key's.
    if kept is None or kept[0] != user.pk:
        kept = (user.pk, access_of(user if isinstance(user, User) else AnonymousUser()))
        setattr(request, _KEPT, kept)
    return kept[1]
