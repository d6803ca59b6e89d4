"""An organization as its events tell it: its members and their roles at any version or moment."""

from opinion_market.eventstore.aggregates import AggregateType, State, folding
from opinion_market.eventstore.read import RecordedEvent


def _apply(state: State, event: RecordedEvent) -> None:
    members = state.setdefault("members", {})
    match event.type:
        case "OrganizationCreated":
            state["slug"] = event.data["slug"]
        case "MemberAdded" | "MemberRoleChanged":
            members[event.data["user"]] = event.data["role"]
        case "MemberRemoved":
            members.pop(event.data["user"], None)


ORGANIZATION = AggregateType("organization", "An organization: its members and their roles.", folding(_apply))
