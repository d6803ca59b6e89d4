"""Events about people, in the stream `user-<id>`: ids only, no name, address or other personal data.

They belong to no organization, for a person may be a member of several: superusers read them. What concerns a membership stands
in the organization's own stream.
"""

from collections.abc import Mapping
from datetime import datetime

from governance.identity.models import ApiKey, User
from opinion_market.eventstore.aggregates import AggregateType, State, folding
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.event_types import Category, EventType
from opinion_market.eventstore.read import RecordedEvent


def record_user_created(*, actor: User | None, user: User, now: datetime) -> None:
    """Appends: UserCreated. In the transaction that creates the user."""
    _append(user, "UserCreated", actor, {"is_staff": user.is_staff, "is_superuser": user.is_superuser}, now)


def record_user_changed(*, actor: User | None, before: User, after: User, now: datetime) -> None:
    """Appends what changed of a user's rights: UserDeactivated, UserReactivated, UserRightsChanged; nothing otherwise."""
    if before.is_active != after.is_active:
        _append(after, "UserReactivated" if after.is_active else "UserDeactivated", actor, {}, now)
    if (before.is_staff, before.is_superuser) != (after.is_staff, after.is_superuser):
        rights = {"is_staff": after.is_staff, "is_superuser": after.is_superuser}
        _append(after, "UserRightsChanged", actor, rights, now)


def record_key_created(*, actor: User, key: ApiKey, now: datetime) -> None:
    """Appends: ApiKeyCreated."""
    _append(actor, "ApiKeyCreated", actor, {"key": str(key.pk), "scope": key.scope}, now)


def record_key_revoked(*, actor: User, key: ApiKey, now: datetime) -> None:
    """Appends: ApiKeyRevoked."""
    _append(key.user, "ApiKeyRevoked", actor, {"key": str(key.pk)}, now)


def _append(user: User, type: str, actor: User | None, data: Mapping[str, object], now: datetime) -> None:
    who = metadata(actor=str(actor.pk) if actor else None)
    append(stream=f"user-{user.pk}", expected_version=None, events=[NewEvent(type, data, now, metadata=who)])


def _apply(state: State, event: RecordedEvent) -> None:
    keys = state.setdefault("api_keys", {})
    match event.type:
        case "UserCreated" | "UserRightsChanged":
            state.update(event.data)
            state.setdefault("is_active", True)
        case "UserDeactivated":
            state["is_active"] = False
        case "UserReactivated":
            state["is_active"] = True
        case "ApiKeyCreated":
            keys[event.data["key"]] = {"scope": event.data["scope"], "is_revoked": False}
        case "ApiKeyRevoked":
            keys[event.data["key"]] = {**keys.get(event.data["key"], {}), "is_revoked": True}


USER = AggregateType("user", "A user: rights and API keys, as far as events tell.", folding(_apply))


def _user(type: str, description: str, streams: str = "user-<id>") -> EventType:
    return EventType(type, Category.USER, description, streams)


USER_TYPES = (
    _user("UserCreated", "A user was created in the console or by the platform."),
    _user("UserDeactivated", "A user may no longer sign in."),
    _user("UserReactivated", "A user may sign in again."),
    _user("UserRightsChanged", "A user became, or is no longer, staff or a superuser."),
    _user("ApiKeyCreated", "A user made an API key."),
    _user("ApiKeyRevoked", "An API key was ended for good."),
    _user("MemberAdded", "A user became a member of an organization.", "organization-<id>"),
    _user("MemberRoleChanged", "A member was given another role, or none.", "organization-<id>"),
    _user("MemberRemoved", "A user is no longer a member.", "organization-<id>"),
    EventType("OrganizationCreated", Category.SYSTEM, "A tenant was created.", "organization-<id>"),
)
