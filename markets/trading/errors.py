"""Why the sequencer refuses a command before the engine sees it, or cannot answer for it."""

from opinion_market.kernel.errors import Conflict, DomainError, InvalidInput, NotFound, NotPermitted


class MarketNotFound(NotFound):
    """There is no such market, or it belongs to an organization the caller is not a member of."""

    code = "market_not_found"
    title = "There is no such market, or none that you may see."


class NotAMember(NotPermitted):
    """A public market may be read by all, but only members of its organization trade."""

    code = "not_a_member"
    title = "Only members of the market's organization may trade in it."


class DuplicateClientOrderId(Conflict):
    """The account has used this client_order_id before; the order it names stands as it was."""

    code = "duplicate_client_order_id"
    title = "This client_order_id has been used before."


class NoSuchOutcome(InvalidInput):
    """Outcomes are numbered from 0 in the order the market lists them."""

    code = "no_such_outcome"
    title = "The market has no such outcome."


class OutcomeUnknown(DomainError):
    """The database was lost while the command was being committed. Repeat it with the same Idempotency-Key to find out."""

    code = "outcome_unknown"
    status = 503
    title = "The platform could not tell whether this was carried out."


class StreamInconsistent(DomainError):
    """The market's row and its stream disagree, which no running code can cause: `verify_events` and a person are needed."""

    code = "stream_inconsistent"
    status = 500
    title = "The market's records contradict each other; trading in it has stopped."


class TradingBlocked(Conflict):
    """The account's kill switch is on: its orders are cancelled, and new ones are refused until it is released."""

    code = "trading_blocked"
    title = "Trading from this account is blocked."


class BlockedByStaff(NotPermitted):
    """Staff blocked the account, so only staff may release it."""

    code = "blocked_by_staff"
    title = "Staff blocked this account; only staff can release it."
