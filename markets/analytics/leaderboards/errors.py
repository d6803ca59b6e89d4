"""What leaderboards refuse."""

from opinion_market.kernel.errors import Conflict, InvalidInput


class OrganizationNeeded(InvalidInput):
    """A leaderboard is one organization's. Who belongs to several, or as a superuser to none, names it."""

    code = "organization_needed"
    title = "Name the organization whose leaderboard you want."


class InvalidPseudonym(InvalidInput):
    """3 to 40 letters, digits, spaces, dots, hyphens or underscores, beginning and ending with a letter or digit."""

    code = "invalid_pseudonym"
    title = "This cannot be a pseudonym."


class PseudonymTaken(Conflict):
    """Also answered for other people's user names and display names, so that nobody passes for somebody else."""

    code = "pseudonym_taken"
    title = "This pseudonym, or somebody's name, is the same."
