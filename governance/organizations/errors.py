"""What organizations refuse."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted


class OrganizationNotFound(NotFound):
    """Also answered for an organization that the caller does not belong to."""

    code = "organization_not_found"
    title = "You belong to no such organization."


class SlugTaken(Conflict):
    code = "slug_taken"
    title = "Another organization has this short name."


class MemberNotFound(NotFound):
    code = "member_not_found"
    title = "This user is not a member of the organization."


class AlreadyMember(Conflict):
    code = "already_member"
    title = "This user is a member already."


class NoSuchUser(InvalidInput):
    """Names and ids are checked against active users only."""

    code = "no_such_user"
    title = "There is no such active user."


class UnknownRole(InvalidInput):
    code = "unknown_role"
    title = "There is no such role."


class RoleNotYours(NotPermitted):
    """Only an admin of the organization (or a superuser) may grant a role, change it, or remove somebody who holds one."""

    code = "role_not_yours_to_give"
    title = "Only an admin may decide about roles."


class LastAdmin(Conflict):
    """An organization that has an admin keeps at least one: appoint another first."""

    code = "last_admin"
    title = "The last admin cannot be removed."
