"""Why a command of the exchange is refused before its service sees it."""

from opinion_market.kernel.errors import InvalidInput


class SameAccount(InvalidInput):
    """A transfer leads from one member's account to another's."""

    code = "same_account"
    title = "Source and target are the same account."
