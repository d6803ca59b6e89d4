"""What all services of a market's life share: sending a step to the sequencer, on whose behalf, and why."""

from uuid import UUID

from governance.identity.models import User
from markets.lifecycle.commands import Step
from markets.lifecycle.errors import ReasonRequired
from markets.trading.commands import Outcome
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.kernel.correlation import correlation_id


def take(market_id: UUID, step: Step) -> Outcome:
    """The step's outcome, once its turn among the orders has come. Must not be called inside a transaction."""
    return submit(str(market_id), [step])[0]


def given_reason(reason: str) -> str:
    """Raises ReasonRequired for an empty one."""
    if not reason.strip():
        raise ReasonRequired
    return reason.strip()


def cause_of(actor: User) -> Cause:
    """A person's command."""
    return Cause(str(actor.pk), correlation_id())
