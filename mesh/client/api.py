"""`/api/v1/microservices/services/call`: a request to a service, through the mesh."""

import base64
import re
from functools import cache
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access.drf import signed_in_user
from governance.audit.event_sourcing_api import valid
from mesh.client.errors import CallUnfinished, MeshUnreachable, ServiceUnknown
from mesh.client.mesh_client import Answer, MeshClient
from mesh.operators import OPERATE, require_operator
from mesh.registry.models import Service
from mesh.registry.selectors import DEFAULT_MESH
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.kernel.correlation import TRACE_HEADER

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What one answer shows of a body; the whole went over the wire.
SHOWN_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")
# Set by the client or by Envoy.
_RESERVED = {"host", "connection", "content-length", "transfer-encoding", "upgrade", "x-request-id", "x-mesh-caller"}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Is the web server ready?", value={"service": "web", "method": "GET", "path": "/ready"}, request_only=True
        )
    ]
)
class CallInput(InputSerializer):
    """A request, as it is to be sent."""

    service = StrictTextField(max_length=63)
    mesh = StrictTextField(max_length=40, default=DEFAULT_MESH)
    method = serializers.ChoiceField(choices=METHODS, default="GET")
    path = StrictTextField(max_length=2000, default="/", help_text="With the query, if there is one.")
    headers = serializers.DictField(child=StrictTextField(max_length=2000, allow_blank=True), default=dict)
    body = StrictTextField(max_length=SHOWN_BYTES, allow_blank=True, default="", trim_whitespace=False)

    def validate_path(self, path: str) -> str:
        if not path.startswith("/") or not path.isascii() or any(ord(each) < 33 for each in path):
            raise serializers.ValidationError("A path begins with / and holds neither spaces nor other than ASCII.")
        return path

    def validate_headers(self, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
                raise serializers.ValidationError(f"The header {name!r} cannot be set.")
            if not value.isascii() or not value.isprintable():
                raise serializers.ValidationError(f"The header {name!r} holds what no header may hold.")
        return headers


class CallAnswerSerializer(serializers.Serializer[Any]):
    status = serializers.IntegerField(help_text="The service's, or Envoy's in its place.")
    headers = serializers.DictField(child=serializers.CharField())
    body = serializers.CharField(help_text="The first 64 KiB; base64 if it is no text.")
    is_base64 = serializers.BooleanField()
    is_truncated = serializers.BooleanField()
    instance = serializers.CharField(help_text="Which instance answered; empty if none did.")
    attempts = serializers.IntegerField()
    duration_ms = serializers.FloatField()
    trace_id = serializers.CharField(help_text="Under it the call stands in the list of calls within a second.")


@extend_schema(tags=["microservices"])
class CallServiceView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"post": OPERATE}

    @extend_schema(
        operation_id="microservices_call",
        request=CallInput,
        responses=failing({200: CallAnswerSerializer}, ServiceUnknown, MeshUnreachable, CallUnfinished),
    )
    def post(self, request: Request) -> Response:
        """Send a request to a registered service, by the service's own policy. Only for those who run the platform.

        200 tells that the call was made; what the service answered is in `status`.
        """
        require_operator(signed_in_user(request))
        wanted = valid(CallInput, request.data)
        if not Service.objects.filter(name=wanted["service"], mesh__name=wanted["mesh"]).exists():
            raise ServiceUnknown(service=wanted["service"], mesh=wanted["mesh"])
        answer = _client().call(
            wanted["service"],
            mesh=wanted["mesh"],
            method=wanted["method"],
            path=wanted["path"],
            headers=wanted["headers"],
            body=wanted["body"].encode(),
            trace_id=request.headers.get(TRACE_HEADER),
        )
        return Response(_body(answer))


@cache
def _client() -> MeshClient:
    """One for the process: it keeps connections."""
    return MeshClient(caller="web")


def _body(answer: Answer) -> dict[str, object]:
    shown = answer.body[:SHOWN_BYTES]
    try:
        text, is_base64 = shown.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(shown).decode(), True
    return {
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": text,
        "is_base64": is_base64,
        "is_truncated": len(answer.body) > SHOWN_BYTES,
        "instance": answer.instance,
        "attempts": answer.attempts,
        "duration_ms": round(answer.duration_ms, 3),
        "trace_id": answer.trace_id,
    }
