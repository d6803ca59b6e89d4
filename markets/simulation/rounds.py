"""The staff of the simulation: live markets that have ended are settled, and their questions are asked again."""

import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from django.db.models import QuerySet

from markets.engine import lmsr
from markets.ledger.models import Account
from markets.ledger.selectors import organization_account
from markets.lifecycle import services as lifecycle
from markets.lifecycle.commands import even_prior
from markets.lifecycle.models import Market
from markets.simulation.cast import Cast
from markets.simulation.catalogue import LIVE, LIVE_DISPUTE_WINDOW_S, ROUNDS, Question
from markets.simulation.truth import verdict
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)

SHORTEST_ROUND = timedelta(minutes=20)
LONGEST_ROUND = timedelta(minutes=90)
_ROUND = re.compile(r" in round (\d+)\?$")
_ASKED = (Market.Status.DRAFT, Market.Status.PENDING_APPROVAL, Market.Status.OPEN, Market.Status.HALTED)


@dataclass(slots=True)
class Rounds:
    """Tends the live markets of one tenant; everything else in its organization is left alone."""

    cast: Cast
    rng: Random
    seed: int

    def tend(self, *, now: datetime) -> None:
        """Take each live market one step further if its time has come, and ask anew what is not being asked.

        A step that is refused, perhaps because somebody else has taken it, is logged and left for the next time.
        """
        for market in self._live().exclude(status__in=[Market.Status.SETTLED, Market.Status.VOIDED]):
            try:
                self._advance(market, now)
            except DomainError as refusal:
                log.warning("Market %s stays %s: %s", market.pk, market.status, refusal.message)
        for question in self._due():
            self._ask(question, now)

    def _live(self) -> QuerySet[Market]:
        return Market.objects.filter(
            organization=self.cast.organization, created_by=self.cast.staff.creator, category=LIVE
        ).order_by("created_at")

    def _advance(self, market: Market, now: datetime) -> None:
        staff = self.cast.staff
        match market.status:
            case Market.Status.DRAFT | Market.Status.PENDING_APPROVAL:
                staff.bring_to_open(market, now=now)
            case Market.Status.OPEN | Market.Status.HALTED if market.closes_at is not None and market.closes_at <= now:
                staff.close(market, reason="The round is over.")
            case Market.Status.CLOSED:
                found = verdict(market, seed=self.seed)
                staff.propose(
                    market,
                    payout_units=found.payout_units,
                    value=found.value,
                    evidence="As recorded in the town's day book.",
                )
            case Market.Status.RESOLVED if market.dispute_ends_at is not None:
                if now >= market.dispute_ends_at:
                    staff.confirm(market, now=now)

    def _due(self) -> list[Question]:
        """The tenant's questions that are not being asked, each in its next round."""
        last: dict[str, int] = {}
        asked = set()
        for text, status in self._live().values_list("question", "status"):
            round_ = _ROUND.search(text)
            plain = _ROUND.sub("?", text)
            last[plain] = max(last.get(plain, 0), int(round_[1]) if round_ else 1)
            if status in _ASKED:
                asked.add(plain)
        missing = [each for each in ROUNDS[self.cast.tenant.slug] if each.text not in asked]
        return [each.in_round(last[each.text] + 1) if each.text in last else each for each in missing]

    def _ask(self, question: Question, now: datetime) -> None:
        """Create, approve and open a market."""
        length = SHORTEST_ROUND + (LONGEST_ROUND - SHORTEST_ROUND) * self.rng.random()
        affordable = self._affordable(question, now)
        draft = affordable.draft(category=LIVE, closes_at=now + length, dispute_window_s=LIVE_DISPUTE_WINDOW_S)
        market = lifecycle.create_market(
            actor=self.cast.staff.creator, organization_id=self.cast.organization.pk, draft=draft, now=now
        )
        self.cast.staff.bring_to_open(market, now=now)

    def _affordable(self, question: Question, now: datetime) -> Question:
        """The question as it is, or as a pure order book once the house market makers have lost the subsidy."""
        if not question.b:
            return question
        source = organization_account(kind=Account.Kind.SUBSIDY, organization_id=self.cast.organization.pk, now=now)
        # An "Other" outcome may be added, so one more than the question names is reckoned with.
        prior = question.prior or even_prior(max(2, len(question.outcomes) + 1))
        if lmsr.subsidy_units(question.b, prior) <= source.available_units:
            return question
        return replace(question, b=0, prior=None)
