"""A market's own limits, changed by a step that takes its turn among the orders."""

from dataclasses import dataclass

from governance.access.policies import require
from governance.audit.deeds import record_deed
from governance.identity.models import User
from markets.lifecycle.commands import Step
from markets.lifecycle.errors import ReasonRequired
from markets.lifecycle.models import Market
from markets.trading.commands import IdempotencyKey, Outcome
from markets.trading.sequencer import submit
from markets.trading.session import Cause, MarketSession
from opinion_market.kernel.correlation import correlation_id


@dataclass(frozen=True, kw_only=True)
class SetLimits(Step):
    """Change what each account may hold and order here; None: the organization's default. What there is already stays."""

    position_limit_contracts: int | None
    order_limit: int | None
    order_quantity_limit: int | None
    reason: str
    allowed_from = ("draft", "pending_approval", "open", "halted")

    def take(self, session: MarketSession, market: Market) -> None:
        limits = {
            "position_limit_contracts": self.position_limit_contracts,
            "order_limit": self.order_limit,
            "order_quantity_limit": self.order_quantity_limit,
        }
        session.record("MarketLimitsChanged", {**limits, "reason": self.reason}, self.cause)
        session.fields.update(limits)


def set_market_limits(
    *,
    actor: User,
    market: Market,
    position_limit_contracts: int | None,
    order_limit: int | None,
    order_quantity_limit: int | None,
    reason: str,
    idempotency: IdempotencyKey | None = None,
) -> Outcome:
    """Set a market's limits. Needs markets.update and a reason, which everybody can read; orders after it are bound by them.

    Locks: the market. Raises: PermissionMissing, ReasonRequired; WrongState once it is closed. Appends: MarketLimitsChanged.
    """
    require(actor, "markets.update", market.organization_id)
    if not reason.strip():
        raise ReasonRequired
    step = SetLimits(
        actor_id=actor.pk,
        cause=Cause(str(actor.pk), correlation_id()),
        position_limit_contracts=position_limit_contracts,
        order_limit=order_limit,
        order_quantity_limit=order_quantity_limit,
        reason=reason.strip(),
        idempotency=idempotency,
    )
    outcome = submit(str(market.pk), [step])[0]
    if outcome.error is None and not outcome.replayed:
        record_deed(
            actor=actor,
            target=market,
            organization_id=market.organization_id,
            deed="change of limits",
            reason=reason.strip(),
        )
    return outcome
