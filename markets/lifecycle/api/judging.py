"""`/api/v1/markets/{id}/dispute`, `/review`, `/void`, `/correct` and so on: decisions about what a market pays."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import MEMBER, access, signed_in_user
from markets.engine import errors as engine
from markets.lifecycle import errors
from markets.lifecycle.api.judging_shapes import CorrectionInput, DisputeInput, ReviewInput
from markets.lifecycle.api.step_shapes import NothingInput, ReasonInput, StepSerializer
from markets.lifecycle.api.steps import step_answers, wanted_payout
from markets.lifecycle.models import Market
from markets.lifecycle.resolution import errors as resolution
from markets.lifecycle.resolution import services
from markets.lifecycle.selectors import market_visible_to
from markets.trading.api.requests import answer, command_key, valid
from markets.trading.errors import NoSuchOutcome, NotAMember
from opinion_market.api.idempotency import IdempotentMixin, documents_key
from opinion_market.kernel import clock

_PAYOUT = (errors.InvalidPayout, NoSuchOutcome, resolution.SameResolution, resolution.EvidenceNotFound)


@extend_schema(tags=["market steps"])
class JudgingViewSet(IdempotentMixin, GenericViewSet[Market]):
    """resolved ⇄ disputed; voided from any state before finalized; settled again by corrections."""

    permissions_required: ClassVar[dict[str, str]] = {
        "confirm": "markets.resolve",
        "dispute": MEMBER,
        "review": "markets.resolve",
        "void": "markets.resolve",
        "approve_void": "markets.resolve",
        "reject_void": "markets.resolve",
        "correct": "markets.resolve",
        "approve_correction": "markets.resolve",
        "reject_correction": "markets.resolve",
    }
    required_scope: ClassVar[dict[str, str]] = {"dispute": "trade"}
    serializer_class = StepSerializer
    queryset = Market.objects.none()
    filter_backends = ()
    pagination_class = None

    @extend_schema(
        operation_id="markets_confirm",
        request=NothingInput,
        responses=step_answers(errors.DutiesNotSeparate, resolution.AlreadyConfirmed),
    )
    @documents_key
    def confirm(self, request: Request, market_id: UUID) -> HttpResponse:
        """Confirm a proposed resolution in advance; with `auto_finalize` it is then paid when its dispute window ends.

        Never the one who proposed it.
        """
        valid(NothingInput, request.data)
        outcome = services.confirm_resolution(
            actor=signed_in_user(request), market=self._market(market_id), idempotency=command_key(request)
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_dispute",
        request=DisputeInput,
        responses=step_answers(
            errors.ReasonRequired,
            NotAMember,
            engine.NothingHeld,
            engine.AlreadyDisputed,
            engine.InsufficientFunds,
            resolution.DisputeWindowClosed,
            resolution.EvidenceNotFound,
        ),
    )
    @documents_key
    def dispute(self, request: Request, market_id: UUID) -> HttpResponse:
        """Dispute the proposed resolution, once, while its window is open; for those who hold contracts.

        The market's bond is taken from your account. It comes back if the resolution is overturned, withdrawn or voided,
        and is lost if it is upheld.
        """
        wanted = valid(DisputeInput, request.data)
        outcome = services.dispute_resolution(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=wanted["reason"],
            evidence_ids=wanted["items"],
            now=clock.now(),
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_review",
        request=ReviewInput,
        responses=step_answers(errors.DutiesNotSeparate, errors.ReasonRequired, *_PAYOUT),
    )
    @documents_key
    def review(self, request: Request, market_id: UUID) -> HttpResponse:
        """Decide a disputed resolution: `uphold` it for good, or `overturn` it with another payout.

        Neither the creator, nor who proposed, confirmed or disputed it, nor anybody who holds contracts.
        """
        wanted = valid(ReviewInput, request.data)
        actor, market, key = signed_in_user(request), self._market(market_id), command_key(request)
        if wanted["decision"] == "uphold":
            outcome = services.uphold_resolution(
                actor=actor, market=market, reason=wanted["reason"], now=clock.now(), idempotency=key
            )
        else:
            outcome = services.overturn_resolution(
                actor=actor,
                market=market,
                payout_units=wanted_payout(market, wanted),
                value=wanted.get("value"),
                reason=wanted["reason"],
                evidence_ids=wanted["items"],
                idempotency=key,
            )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_void",
        request=ReasonInput,
        responses=step_answers(errors.ReasonRequired, resolution.DecisionPending),
    )
    @documents_key
    def void(self, request: Request, market_id: UUID) -> HttpResponse:
        """Ask for the market to be voided. If it trades it is halted, and its prices are frozen."""
        outcome = services.request_void(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=valid(ReasonInput, request.data)["reason"],
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_approve_void",
        request=ReasonInput,
        responses=step_answers(errors.DutiesNotSeparate, resolution.NothingRequested),
    )
    @documents_key
    def approve_void(self, request: Request, market_id: UUID) -> HttpResponse:
        """Void the market: orders are cancelled, bonds returned, and every contract pays its frozen price.

        Neither who asked for it, nor the creator, nor anybody who holds contracts.
        """
        outcome = services.approve_void(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=valid(ReasonInput, request.data)["reason"],
            now=clock.now(),
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_reject_void",
        request=ReasonInput,
        responses=step_answers(errors.ReasonRequired, resolution.NothingRequested),
    )
    @documents_key
    def reject_void(self, request: Request, market_id: UUID) -> HttpResponse:
        """Decide that the market is not voided; it stays where it stands."""
        outcome = services.reject_void(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=valid(ReasonInput, request.data)["reason"],
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_correct",
        request=CorrectionInput,
        responses=step_answers(errors.DutiesNotSeparate, errors.ReasonRequired, resolution.DecisionPending, *_PAYOUT),
    )
    @documents_key
    def correct(self, request: Request, market_id: UUID) -> HttpResponse:
        """Ask for a settled market to be paid at another vector. Nobody who held contracts when it settled."""
        wanted = valid(CorrectionInput, request.data)
        market = self._market(market_id)
        outcome = services.request_correction(
            actor=signed_in_user(request),
            market=market,
            payout_units=wanted_payout(market, wanted),
            reason=wanted["reason"],
            evidence_ids=wanted["items"],
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_approve_correction",
        request=ReasonInput,
        responses=step_answers(errors.DutiesNotSeparate, resolution.NothingRequested, engine.InsufficientCover),
    )
    @documents_key
    def approve_correction(self, request: Request, market_id: UUID) -> HttpResponse:
        """Pay the differences to the new payout. What accounts cannot give back the subsidy account pays.

        Neither who asked for it, nor the creator, nor anybody who held contracts when the market settled.
        """
        outcome = services.approve_correction(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=valid(ReasonInput, request.data)["reason"],
            now=clock.now(),
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    @extend_schema(
        operation_id="markets_reject_correction",
        request=ReasonInput,
        responses=step_answers(errors.ReasonRequired, resolution.NothingRequested),
    )
    @documents_key
    def reject_correction(self, request: Request, market_id: UUID) -> HttpResponse:
        """Decide that the payout stands."""
        outcome = services.reject_correction(
            actor=signed_in_user(request),
            market=self._market(market_id),
            reason=valid(ReasonInput, request.data)["reason"],
            idempotency=command_key(request),
        )
        return answer(outcome, request)

    def _market(self, market_id: UUID) -> Market:
        return market_visible_to(access(self.request), market_id)
