"""Why a resolution is not disputed, reviewed, voided or corrected, and evidence not taken."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound


class DisputeWindowClosed(Conflict):
    """Disputes are taken until the window ends; a proposal that a review upheld has none any more."""

    code = "dispute_window_closed"
    title = "The dispute window has passed."


class SameResolution(InvalidInput):
    """Overturning or correcting means another payout vector than the present one."""

    code = "same_resolution"
    title = "This is what the resolution pays already."


class DecisionPending(Conflict):
    """Somebody has asked to void or correct the market; that is decided first."""

    code = "decision_pending"
    title = "A request to void or correct this market waits for a decision."


class NothingRequested(Conflict):
    """Approving or rejecting needs a request that waits."""

    code = "nothing_requested"
    title = "There is no such request that waits for a decision."


class AlreadyConfirmed(Conflict):
    """A proposal is confirmed once."""

    code = "already_confirmed"
    title = "The resolution has been confirmed already."


class EvidenceNotFound(NotFound):
    """There is no such evidence in this market, or it is somebody else's and not given yet."""

    code = "evidence_not_found"
    title = "There is no such evidence, or none that you may see."


class EvidenceRefused(InvalidInput):
    """Files are PDF, PNG, JPEG, WebP or plain text of bounded size; links are http or https addresses."""

    code = "evidence_refused"
    title = "This cannot be taken as evidence."


class TooMuchEvidence(Conflict):
    """The number of pieces per step, and of those waiting per person, is bounded."""

    code = "too_much_evidence"
    title = "There are too many pieces of evidence."
