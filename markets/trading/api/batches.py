"""`/api/v1/orders/batch`: up to 500 orders in any markets, each with its own result."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from governance.access.drf import AUTHENTICATED, signed_in_user
from markets.trading import services
from markets.trading.api.order_input import INPUT_EXAMPLE, BatchedOrderInput, batched_order_request
from markets.trading.api.orders import COMMAND_REFUSALS
from markets.trading.api.requests import answer_once, command_key, valid
from markets.trading.api.shapes import ORDER_EXAMPLE, OrderWithFillsSerializer
from markets.trading.commands import IdempotencyKey
from markets.trading.services import OrderRequest
from opinion_market.api.idempotency import IdempotentMixin, documents_key
from opinion_market.api.openapi import failing
from opinion_market.api.problems import CODES_PAGE, Problem, problem_of
from opinion_market.api.serializers import InputSerializer
from opinion_market.kernel import clock
from opinion_market.kernel.errors import InvalidInput

MAX_ORDERS = 500


class BatchInput(InputSerializer):
    """`orders` are checked one by one: a faulty one is answered as such and the others go on."""

    orders = BatchedOrderInput(many=True)


class _BatchShape(InputSerializer):
    orders = serializers.ListField(child=serializers.JSONField(), min_length=1, max_length=MAX_ORDERS)


class BatchProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    data = serializers.DictField(required=False)  # type: ignore[assignment]  # a field, which the metaclass takes off
    errors = serializers.ListField(required=False, child=serializers.DictField(child=serializers.CharField()))  # type: ignore[assignment]  # likewise


class BatchResultSerializer(serializers.Serializer[Any]):
    """Exactly one of `order` and `problem` is not null."""

    index = serializers.IntegerField(help_text="Place in the request, from 0.")
    status = serializers.IntegerField(help_text="What placing this order alone would have been answered with.")
    order = OrderWithFillsSerializer(allow_null=True)
    problem = BatchProblemSerializer(allow_null=True)


class BatchSerializer(serializers.Serializer[Any]):
    results = BatchResultSerializer(many=True)


@extend_schema(tags=["orders"])
class OrderBatchView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"post": AUTHENTICATED}
    required_scope = "trade"

    @extend_schema(
        operation_id="orders_batch",
        request=BatchInput,
        responses=failing({200: BatchSerializer}, *COMMAND_REFUSALS),
        examples=[
            OpenApiExample(
                "Two orders",
                value={"orders": [{"market": ORDER_EXAMPLE["market"], **INPUT_EXAMPLE}]},
                request_only=True,
            )
        ],
    )
    @documents_key
    def post(self, request: Request) -> HttpResponse:
        """Place 1 to 500 orders, in any markets; each has its own result, in the order given.

        The orders of one market are carried out together and in order; one that is refused does not hold up the others.
        With an `Idempotency-Key` (here at most 160 characters) the whole answer is repeated.
        """
        given: Sequence[object] = valid(_BatchShape, request.data)["orders"]
        key = command_key(request)
        return answer_once(key, lambda: {"results": _results(request, given, key)}, now=clock.now())


def _results(request: Request, given: Sequence[object], key: IdempotencyKey | None) -> list[dict[str, object]]:
    """Each order's result. Those that are no orders at all never reach a market."""
    results: dict[int, dict[str, object]] = {}
    wanted: dict[int, tuple[UUID, OrderRequest]] = {}
    for index, item in enumerate(given):
        try:
            wanted[index] = batched_order_request(item)
        except serializers.ValidationError as refused:
            results[index] = _refused(index, problem_of(refused) or Problem(InvalidInput()))
    outcomes = services.place_orders(
        actor=signed_in_user(request), requests=list(wanted.values()), now=clock.now(), idempotency=key
    )
    for index, outcome in zip(wanted, outcomes, strict=True):
        if outcome.error is not None:
            results[index] = _refused(index, Problem(outcome.error))
        else:
            results[index] = {"index": index, "status": outcome.status, "order": outcome.reply, "problem": None}
    return [results[index] for index in range(len(given))]


def _refused(index: int, problem: Problem) -> dict[str, object]:
    error = problem.error
    body: dict[str, object] = {
        "type": f"{CODES_PAGE}#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
    }
    if error.data:
        body["data"] = error.data
    if problem.errors:
        body["errors"] = problem.errors
    return {"index": index, "status": error.status, "order": None, "problem": body}
