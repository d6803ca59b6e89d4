"""`/api/v1/api-gateway/requests`: what went through the front door, and sending something through it."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.gateway import request_log
from mesh.gateway.api.logged import RequestFilters, RequestLogSerializer, SendInput, SentSerializer
from mesh.gateway.api.reading import valid
from mesh.gateway.api.routes import TAG
from mesh.gateway.checking import TOKEN
from mesh.gateway.errors import FrontDoorUnreachable, InvalidRequest
from mesh.gateway.models import RequestLog
from mesh.gateway.sending import send
from mesh.operators import OPERATE
from opinion_market.api.problems import MEDIA_TYPE

_UNREACHABLE = OpenApiResponse(
    response={"$ref": "#/components/schemas/Problem"},
    description=f"- `{FrontDoorUnreachable.code}`: {FrontDoorUnreachable.title}",
)
_FIELDS = {
    "trace_id": "trace_id",
    "route": "route",
    "status_from": "status__gte",
    "status_to": "status__lte",
    "method": "method",
    "user": "user",
    "since": "at__gte",
    "until": "at__lt",
}


def narrowed(rows: QuerySet[RequestLog], filters: dict[str, Any]) -> QuerySet[RequestLog]:
    """The rows that the filters name."""
    given = {lookup: filters[name] for name, lookup in _FIELDS.items() if name in filters}
    if "slower_than_ms" in filters:
        given["duration_us__gte"] = filters["slower_than_ms"] * 1_000
    return rows.filter(**given)


@extend_schema(tags=[TAG])
class RequestViewSet(GenericViewSet[RequestLog]):
    permissions_required: ClassVar[dict[str, str]] = {"list": OPERATE, "create": OPERATE}
    serializer_class = RequestLogSerializer
    queryset = RequestLog.objects.none()
    filter_backends = ()
    ordering = ("-at", "-id")

    @extend_schema(
        operation_id="api_gateway_requests_list",
        parameters=[RequestFilters],
        responses=RequestLogSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Logged requests, newest first: failures and slow ones always, of the others a share."""
        found = narrowed(
            request_log.requests(signed_in_user(request)), valid(RequestFilters, request.query_params.dict())
        )
        return self.get_paginated_response(RequestLogSerializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="api_gateway_requests_send",
        request=SendInput,
        responses={200: SentSerializer, (503, MEDIA_TYPE): _UNREACHABLE},
    )
    def create(self, request: Request) -> Response:
        """Send a request through the real front door, without your credentials, and return its answer with its line of the log."""
        given = valid(SendInput, request.data)
        headers = _headers(given)
        sent = send(
            caller=signed_in_user(request),
            method=given["method"],
            path=given["path"],
            headers={**headers, "Host": given["host"]},
            body=given["body"],
        )
        return Response(SentSerializer(sent).data)


def _headers(given: dict[str, Any]) -> dict[str, str]:
    """Raises InvalidRequest for what no HTTP request can be."""
    texts = [given["path"], given["host"], *given["headers"].values()]
    if not all(text.isascii() and text.isprintable() for text in texts) or not given["path"].startswith("/"):
        raise InvalidRequest("Path and headers are printable ASCII, and the path begins with a slash.")
    if not TOKEN.fullmatch(given["method"]) or not all(TOKEN.fullmatch(name) for name in given["headers"]):
        raise InvalidRequest("That is no method, or no name of a header.")
    framing = {"host", "content-length", "transfer-encoding", "connection", "upgrade"}
    if framing & {name.lower() for name in given["headers"]}:
        raise InvalidRequest("Length and connection are the sender's business; the host has a field of its own.")
    return dict(given["headers"])
