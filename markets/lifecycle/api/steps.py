"""`/api/v1/markets/{id}/approve` and so on: the steps of a market's life. They take their turn among the orders."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import access, signed_in_user
from governance.access.errors import PermissionMissing
from governance.identity.errors import ScopeTooNarrow
from markets.engine.errors import MarketNotOpen, OutcomeNotSplittable
from markets.engine.units import SET_UNITS
from markets.lifecycle import errors, services, splitting
from markets.lifecycle.api.step_shapes import (
    NewOutcomeInput,
    NothingInput,
    ReasonInput,
    ResolutionInput,
    StepSerializer,
)
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.errors import DecisionPending, EvidenceNotFound
from markets.lifecycle.scalar import payout_at
from markets.lifecycle.selectors import market_visible_to
from markets.trading.api.requests import answer, command_key, valid
from markets.trading.errors import MarketNotFound, NoSuchOutcome, OutcomeUnknown
from opinion_market.api.idempotency import IdempotentMixin, documents_key
from opinion_market.api.openapi import Responses, failing
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey


def step_answers(*refusals: type[DomainError]) -> Responses:
    return failing(
        {200: StepSerializer},
        MarketNotFound,
        PermissionMissing,
        ScopeTooNarrow,
        errors.WrongState,
        *refusals,
        IdempotencyKeyReused,
        InvalidIdempotencyKey,
        OutcomeUnknown,
    )


@extend_schema(tags=["market steps"])
class MarketStepsViewSet(IdempotentMixin, GenericViewSet[Market]):
    """draft → pending_approval → open ⇄ halted → closed → resolved → settled."""

    permissions_required: ClassVar[dict[str, str]] = {
        "submit": "markets.create",
        "send_back": "markets.approve",
        "approve": "markets.approve",
        "open": "markets.update",
        "split_other": "markets.update",
        "halt": "markets.update",
        "close": "markets.update",
        "resolve": "markets.resolve",
        "withdraw_resolution": "markets.resolve",
        "finalize": "markets.resolve",
    }
    serializer_class = StepSerializer
    queryset = Market.objects.none()
    filter_backends = ()
    pagination_class = None

    @extend_schema(operation_id="markets_submit", request=NothingInput, responses=step_answers())
    @documents_key
    def submit(self, request: Request, market_id: UUID) -> HttpResponse:
        """Ask for a draft's approval."""
        valid(NothingInput, request.data)
        outcome = services.submit_market(
            actor=signed_in_user(request), market=self._market(market_id), idempotency=command_key(request)
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_return",
        request=ReasonInput,
        responses=step_answers(errors.DutiesNotSeparate, errors.ReasonRequired),
    )
    @documents_key
    def send_back(self, request: Request, market_id: UUID) -> HttpResponse:
        """Send a market that awaits approval back to its creator, with a reason."""
        reason = valid(ReasonInput, request.data)["reason"]
        outcome = services.return_market(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=reason,
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_approve", request=NothingInput, responses=step_answers(errors.DutiesNotSeparate)
    )
    @documents_key
    def approve(self, request: Request, market_id: UUID) -> HttpResponse:
        """Approve a market for opening; never one's own."""
        valid(NothingInput, request.data)
        outcome = services.approve_market(
            actor=signed_in_user(request), market=self._market(market_id), idempotency=command_key(request)
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_open",
        request=ReasonInput,
        responses=step_answers(errors.InsufficientSubsidy, DecisionPending),
    )
    @documents_key
    def open(self, request: Request, market_id: UUID) -> HttpResponse:
        """Open an approved market, or a halted one again.

        The first time its criteria are frozen, and its house market maker's worst loss is taken from the subsidy account.
        """
        reason = valid(ReasonInput, request.data)["reason"]
        outcome = services.open_market(
            actor=signed_in_user(request),
            market=self._market(market_id),
            now=clock.now(),
            reason=reason,
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_split_other",
        request=NewOutcomeInput,
        responses=step_answers(errors.InvalidMarket, OutcomeNotSplittable, errors.InsufficientSubsidy),
    )
    @documents_key
    def split_other(self, request: Request, market_id: UUID) -> HttpResponse:
        """Add an outcome to an open categorical market by splitting it off from "Other".

        Orders resting on Other are cancelled first. Whoever holds Other gets as many contracts of the new outcome: together
        they are worth what Other was. The house market maker's curve is refined likewise, and no other price moves.
        """
        wanted = valid(NewOutcomeInput, request.data)
        outcome = splitting.split_other(
            actor=signed_in_user(request),
            market=self._market(market_id),
            label=wanted["label"],
            share_bps=wanted["share_bps"],
            now=clock.now(),
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(operation_id="markets_halt", request=ReasonInput, responses=step_answers(errors.ReasonRequired))
    @documents_key
    def halt(self, request: Request, market_id: UUID) -> HttpResponse:
        """Stop trading for a while. Resting orders stay, and may be cancelled."""
        reason = valid(ReasonInput, request.data)["reason"]
        outcome = services.halt_market(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=reason,
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(operation_id="markets_close", request=ReasonInput, responses=step_answers(errors.ReasonRequired))
    @documents_key
    def close(self, request: Request, market_id: UUID) -> HttpResponse:
        """End trading for good. All resting orders are cancelled."""
        reason = valid(ReasonInput, request.data)["reason"]
        outcome = services.close_market(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=reason,
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_resolve",
        request=ResolutionInput,
        responses=step_answers(
            errors.DutiesNotSeparate,
            errors.ReasonRequired,
            errors.InvalidPayout,
            NoSuchOutcome,
            MarketNotOpen,
            EvidenceNotFound,
        ),
    )
    @documents_key
    def resolve(self, request: Request, market_id: UUID) -> HttpResponse:
        """Propose what a contract of each outcome pays, with the evidence; the dispute window begins.

        Neither the market's creator nor anybody who holds contracts in it.
        """
        wanted = valid(ResolutionInput, request.data)
        market = self._market(market_id)
        outcome = services.resolve_market(
            actor=signed_in_user(request),
            market=market,
            payout_units=wanted_payout(market, wanted),
            value=wanted.get("value"),
            evidence=wanted["evidence"],
            evidence_ids=wanted["items"],
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_withdraw_resolution",
        request=ReasonInput,
        responses=step_answers(errors.ReasonRequired, errors.DutiesNotSeparate),
    )
    @documents_key
    def withdraw_resolution(self, request: Request, market_id: UUID) -> HttpResponse:
        """Take a proposed resolution back before it is final. A disputed one only by who proposed it; bonds are returned."""
        reason = valid(ReasonInput, request.data)["reason"]
        outcome = services.withdraw_resolution(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=reason,
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_finalize",
        request=NothingInput,
        responses=step_answers(errors.DutiesNotSeparate, errors.DisputeWindowOpen, DecisionPending),
    )
    @documents_key
    def finalize(self, request: Request, market_id: UUID) -> HttpResponse:
        """Make a resolution final once its dispute window has passed, and pay everybody. Never the one who proposed it."""
        valid(NothingInput, request.data)
        outcome = services.finalize_market(
            actor=signed_in_user(request),
            market=self._market(market_id),
            now=clock.now(),
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    def _market(self, market_id: UUID) -> Market:
        return market_visible_to(access(self.request), market_id)


def wanted_payout(market: Market, wanted: dict[str, Any]) -> list[int]:
    """The payout vector of a `PayoutInput`. Raises NoSuchOutcome, InvalidPayout."""
    if "value" in wanted:
        return payout_at(market, wanted["value"])
    if "payout" in wanted:
        payout: list[int] = wanted["payout"]
        return payout
    winner, outcomes = wanted["outcome"], len(market.price_units)
    if winner >= outcomes:
        raise NoSuchOutcome(outcomes=outcomes)
    return [SET_UNITS if index == winner else 0 for index in range(outcomes)]
