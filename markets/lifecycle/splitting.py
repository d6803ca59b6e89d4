"""Adding an outcome to a market by splitting it off from "Other"."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.access.policies import require
from governance.identity.models import User
from markets.engine.errors import OutcomeNotSplittable
from markets.engine.splitting import SPLITTABLE, split_outcome
from markets.engine.state import MarketState
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle.commands import Step
from markets.lifecycle.errors import InsufficientSubsidy, InvalidMarket
from markets.lifecycle.models import MAX_OUTCOMES, OTHER, Market, Outcome
from markets.lifecycle.taking import cause_of, take
from markets.trading.commands import IdempotencyKey
from markets.trading.commands import Outcome as CommandOutcome
from markets.trading.session import MarketSession


@dataclass(frozen=True, kw_only=True)
class SplitOther(Step):
    """Split a new outcome off from "Other"; what rests there is cancelled first."""

    organization_id: UUID
    label: str
    share_bps: int
    allowed_from = SPLITTABLE

    def accounts(self, state: MarketState) -> set[int]:
        subsidy = Account.objects.filter(organization_id=self.organization_id, kind="subsidy")
        return set(state.orders_by_account) | set(subsidy.values_list("pk", flat=True))

    def take(self, session: MarketSession, market: Market) -> None:
        labels = list(market.outcomes.order_by("index").values_list("label", flat=True))
        if OTHER not in labels or market.kind != Market.Kind.CATEGORICAL:
            raise OutcomeNotSplittable(f'The market has no outcome "{OTHER}" to split.')
        if not self.label or self.label.casefold() in {label.casefold() for label in labels}:
            raise InvalidMarket("The new outcome needs a label that no other has.")
        if len(labels) >= MAX_OUTCOMES:
            raise InvalidMarket(f"A market has at most {MAX_OUTCOMES} outcomes.")
        data = split_outcome(session.state, outcome=labels.index(OTHER), share_bps=self.share_bps)
        source = organization_account(
            kind=Account.Kind.SUBSIDY, organization_id=market.organization_id, now=session.now
        )
        available = session.accounts[source.pk].available if source.pk in session.accounts else 0
        if data["subsidy_units"] > available:
            raise InsufficientSubsidy(needed_units=data["subsidy_units"], available_units=available)
        session.record("OutcomeSplit", {**data, "label": self.label, "subsidy_account": source.pk}, self.cause)
        Outcome.objects.create(market=market, index=len(labels), label=self.label)
        if data["prior_units"] is not None:
            session.fields.update(house_prior_units=data["prior_units"])


def split_other(
    *,
    actor: User,
    market: Market,
    label: str,
    share_bps: int,
    now: datetime,
    idempotency: IdempotencyKey | None = None,
) -> CommandOutcome:
    """Add an outcome to a categorical market by splitting it off from "Other". Needs markets.update.

    share_bps: the part of Other's price that the new outcome starts with. Holders of Other get as many contracts of it.
    Locks: market, owners of cancelled orders, the subsidy account. Raises: InvalidMarket, OutcomeNotSplittable,
    InsufficientSubsidy. Appends: OutcomeSplit.
    """
    require(actor, "markets.update", market.organization_id)
    organization_account(kind=Account.Kind.SUBSIDY, organization_id=market.organization_id, now=now)
    step = SplitOther(
        actor_id=actor.pk,
        cause=cause_of(actor),
        organization_id=market.organization_id,
        label=label.strip(),
        share_bps=share_bps,
        idempotency=idempotency,
    )
    return take(market.pk, step)
