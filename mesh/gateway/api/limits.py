"""`/api/v1/api-gateway/rate-limits`: what is limited, and how the limits stand."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.gateway import request_log, selectors, services, usage
from mesh.gateway.api.reading import limit_values, valid
from mesh.gateway.api.routes import TAG
from mesh.gateway.api.shapes import (
    LimitFieldsInput,
    LimitSerializer,
    NewLimitInput,
    RateLimitsSerializer,
    UnitUsageSerializer,
)
from mesh.gateway.models import RateLimit
from mesh.operators import OPERATE
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.kernel import clock


@extend_schema(tags=[TAG])
class RateLimitViewSet(IdempotentMixin, GenericViewSet[RateLimit]):
    permissions_required: ClassVar[dict[str, str]] = {
        "status": OPERATE,
        "create": OPERATE,
        "partial_update": OPERATE,
        "destroy": OPERATE,
    }
    serializer_class = LimitSerializer
    queryset = RateLimit.objects.none()
    filter_backends = ()
    pagination_class = None

    @extend_schema(operation_id="api_gateway_rate_limits", responses=RateLimitsSerializer)
    def status(self, request: Request) -> Response:
        """All limits, what Envoy has counted since it started, and who was refused in the last hour."""
        user = signed_in_user(request)
        counted = usage.per_unit(user)
        refused = request_log.limited(user, since=clock.now() - timedelta(hours=1))
        return Response(
            {
                "limits": LimitSerializer(selectors.limits(user), many=True).data,
                "since_start": None if counted is None else UnitUsageSerializer(counted, many=True).data,
                "last_hour": [
                    {"route": route, "unit": unit, "refused": count} for (route, unit), count in sorted(refused.items())
                ],
            }
        )

    @extend_schema(
        operation_id="api_gateway_rate_limits_create", request=NewLimitInput, responses={201: LimitSerializer}
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """A new limit. Counters of limits per the same unit of time begin anew; all others go on."""
        given = valid(NewLimitInput, request.data)
        reason = given.pop("reason")
        limit = services.create_limit(
            actor=signed_in_user(request), values=limit_values(given), reason=reason, now=clock.now()
        )
        return Response(_shown(limit), status=201)

    @extend_schema(operation_id="api_gateway_rate_limits_change", request=LimitFieldsInput, responses=LimitSerializer)
    def partial_update(self, request: Request, limit_id: UUID) -> Response:
        """Change what is sent; the rest stays."""
        given = valid(LimitFieldsInput, request.data)
        reason = given.pop("reason")
        limit = services.change_limit(
            actor=signed_in_user(request), limit_id=limit_id, values=limit_values(given), reason=reason, now=clock.now()
        )
        return Response(_shown(limit))

    @extend_schema(operation_id="api_gateway_rate_limits_remove", request=None, responses={204: None})
    def destroy(self, request: Request, limit_id: UUID) -> Response:
        """Remove the limit."""
        services.remove_limit(actor=signed_in_user(request), limit_id=limit_id, reason="", now=clock.now())
        return Response(status=204)


def _shown(limit: RateLimit) -> Any:
    return LimitSerializer(limit).data
