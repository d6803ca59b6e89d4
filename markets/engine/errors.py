"""Why the engine refuses a command. Nothing has changed when one of these is raised."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound


class InsufficientFunds(Conflict):
    """The account's available cash does not cover the worst case of the order, its fees included."""

    code = "insufficient_funds"
    title = "The available balance does not cover this."


class InsufficientContracts(Conflict):
    """Fewer complete sets are free than are to be merged."""

    code = "insufficient_contracts"
    title = "There are not enough free contracts for this."


class MarketNotOpen(Conflict):
    """The market is not trading: a draft, halted, closed or past that."""

    code = "market_not_open"
    title = "The market is not open for trading."


class PriceOutOfRange(InvalidInput):
    """Prices are integers from 1 to 9,999."""

    code = "price_out_of_range"
    title = "A price must be a whole number from 1 to 9999."


class InvalidOrder(InvalidInput):
    """The parts of the order contradict each other, such as post-only with immediate-or-cancel."""

    code = "invalid_order"
    title = "The order contradicts itself."


class WouldTake(Conflict):
    """A post-only order would have traded at once."""

    code = "would_take"
    title = "The order is post-only and would trade at once."


class Unfillable(Conflict):
    """A fill-or-kill order cannot be filled in whole."""

    code = "unfillable"
    title = "The order cannot be filled completely now."


class NothingToReduce(Conflict):
    """A reduce-only order only gives up contracts that are held and free, and there are none of these."""

    code = "nothing_to_reduce"
    title = "There is no free position that this order would reduce."


class OutcomeNotSplittable(Conflict):
    """Only an outcome that stands for all the rest is split, in an open or halted market of three outcomes or more."""

    code = "outcome_not_splittable"
    title = "No outcome can be split off now."


class OrderNotFound(NotFound):
    """There is no such order, or it is not the caller's."""

    code = "order_not_found"
    title = "There is no such order, or it is not yours."


class OrderNotOpen(Conflict):
    """The order was filled, cancelled or has expired already."""

    code = "order_not_open"
    title = "The order is not open any more."


class CommandExpired(Conflict):
    """The command's `valid_until` had passed when its turn came."""

    code = "command_expired"
    title = "The command came too late: its valid_until has passed."


class NothingHeld(Conflict):
    """Only those whose contracts a resolution would pay may dispute it."""

    code = "nothing_held"
    title = "You hold no contracts in this market."


class AlreadyDisputed(Conflict):
    """An account disputes a proposal once; more evidence belongs to the dispute there is."""

    code = "already_disputed"
    title = "You have disputed this proposal already."


class InsufficientCover(Conflict):
    """The organization's subsidy account does not cover what accounts cannot give back, and the house's part."""

    code = "insufficient_cover"
    title = "The subsidy account does not cover this correction."
