"""Why money is not moved."""

from opinion_market.kernel.errors import Conflict, InvalidInput


class InvalidSum(InvalidInput):
    """Deposits, withdrawals and subsidies are positive whole numbers of units."""

    code = "invalid_sum"
    title = "The sum must be a positive whole number of units."


class InsufficientBalance(Conflict):
    """More is to be taken than is available; what open orders have reserved is not."""

    code = "insufficient_balance"
    title = "The available balance is smaller than that."
