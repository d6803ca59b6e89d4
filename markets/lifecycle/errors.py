"""Why a market's state is not changed."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted


class WrongState(Conflict):
    """The market's present state does not allow this step; `status` and `allowed` say which would."""

    code = "wrong_state"
    title = "The market's state does not allow this."


class InvalidMarket(InvalidInput):
    """The market's description contradicts itself: its outcomes, prior, fees or times."""

    code = "invalid_market"
    title = "The market is not described properly."


class GroupNotFound(NotFound):
    """There is no such group, or none of its markets may be seen by the caller."""

    code = "group_not_found"
    title = "There is no such group of markets, or none that you may see."


class InvalidPayout(InvalidInput):
    """A payout vector holds one whole number per outcome, none negative, summing to 10,000."""

    code = "invalid_payout"
    title = "The payout must be one whole number per outcome, summing to 10000."


class ReasonRequired(InvalidInput):
    """Steps that traders feel need a reason, which everybody can read in the market's events."""

    code = "reason_required"
    title = "A reason is required."


class DutiesNotSeparate(NotPermitted):
    """Creating, approving, resolving and confirming are different people's work, and nobody who holds contracts resolves."""

    code = "duties_not_separate"
    title = "You may not take this step because of your other part in this market."


class DisputeWindowOpen(Conflict):
    """The resolution can be finalized only when its dispute window has passed."""

    code = "dispute_window_open"
    title = "The dispute window has not passed yet."


class InsufficientSubsidy(Conflict):
    """The organization's subsidy account does not cover the house market maker's worst loss."""

    code = "insufficient_subsidy"
    title = "The subsidy account does not cover the house market maker's worst loss."
