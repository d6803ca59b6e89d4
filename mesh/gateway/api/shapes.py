"""What the gateway's endpoints take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from mesh.gateway.checking import KINDS
from mesh.gateway.models import RateLimit, Route
from mesh.gateway.spec import MIDDLEWARE
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField

SERVICE_HELP = "`mesh/service`, as in `platform/web`."


class HeaderShape(InputSerializer):
    name = StrictTextField(max_length=60)
    kind = serializers.ChoiceField(choices=KINDS, default="exact")
    value = StrictTextField(max_length=300, allow_blank=True, default="")
    is_inverted = StrictBooleanField(default=False, help_text="The route takes requests that do not have it.")


class CorsShape(InputSerializer):
    origins = serializers.ListField(child=StrictTextField(max_length=200), min_length=1, max_length=50)
    methods = serializers.ListField(child=StrictTextField(max_length=20), max_length=20, default=["GET", "POST"])
    headers = serializers.ListField(child=StrictTextField(max_length=60), max_length=50, default=list)
    exposed = serializers.ListField(child=StrictTextField(max_length=60), max_length=50, default=list)
    max_age_s = StrictIntegerField(min_value=0, max_value=86_400, default=600)
    allows_credentials = StrictBooleanField(default=False)


class BackendShape(InputSerializer):
    service = StrictTextField(max_length=104, help_text=SERVICE_HELP)
    version = StrictTextField(max_length=40, allow_blank=True, default="")
    weight = StrictIntegerField(min_value=0, max_value=1_000)


class RouteFieldsInput(InputSerializer):
    """Everything of a route that may be changed. What is not sent stays as it is."""

    name = StrictTextField(max_length=63, required=False)
    is_enabled = StrictBooleanField(required=False)
    description = StrictTextField(max_length=200, allow_blank=True, required=False)
    hosts = serializers.ListField(child=StrictTextField(max_length=253), max_length=50, required=False)
    match = serializers.ChoiceField(choices=Route.Match.choices, required=False)
    path = StrictTextField(max_length=300, required=False)
    methods = serializers.ListField(child=StrictTextField(max_length=20), max_length=20, required=False)
    headers = HeaderShape(many=True, required=False)
    upstream = StrictTextField(max_length=104, required=False, help_text=SERVICE_HELP)
    upstream_version = StrictTextField(max_length=40, allow_blank=True, required=False)
    backends = BackendShape(many=True, required=False, help_text="Divide requests among these; none: all go upstream.")
    rewrite = StrictTextField(max_length=300, allow_blank=True, required=False)
    timeout_ms = StrictIntegerField(min_value=1, max_value=3_600_000, required=False)
    is_open_ended = StrictBooleanField(required=False)
    is_websocket = StrictBooleanField(required=False)
    retries = StrictIntegerField(min_value=0, max_value=10, required=False)
    retry_on = StrictTextField(max_length=120, required=False)
    authentication = StrictTextField(
        max_length=63, allow_null=True, required=False, help_text="The name of an identity provider; null: none."
    )
    cors = CorsShape(allow_null=True, required=False)
    is_compressed = StrictBooleanField(required=False)
    has_security_headers = StrictBooleanField(required=False)
    body_limit_bytes = StrictIntegerField(min_value=0, max_value=2**31 - 1, required=False)
    cache_s = StrictIntegerField(min_value=0, max_value=86_400, required=False)
    api_version = StrictTextField(max_length=40, allow_blank=True, required=False)
    deprecated_at = serializers.DateTimeField(allow_null=True, required=False)
    sunset_at = serializers.DateTimeField(allow_null=True, required=False)
    successor = StrictTextField(max_length=300, allow_blank=True, required=False)
    reason = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Kept with the configuration.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Quotes for programs with an API key",
            value={
                "name": "quotes-v2",
                "path": "/quotes/v2/",
                "methods": ["GET"],
                "upstream": "shop/quotes",
                "rewrite": "/",
                "authentication": "api-keys",
                "api_version": "v2",
                "reason": "Second version of the quotes",
            },
            request_only=True,
        )
    ]
)
class NewRouteInput(RouteFieldsInput):
    name = StrictTextField(max_length=63)
    path = StrictTextField(max_length=300)
    upstream = StrictTextField(max_length=104, help_text=SERVICE_HELP)


class MoveInput(InputSerializer):
    before = serializers.UUIDField(allow_null=True, help_text="The route that comes next; null: last.")
    reason = StrictTextField(max_length=200, allow_blank=True, default="")


class BackendSerializer(serializers.Serializer[Any]):
    service = serializers.SerializerMethodField()
    version = serializers.CharField()
    weight = serializers.IntegerField()

    def get_service(self, row: Any) -> str:
        return f"{row.service.mesh.name}/{row.service.name}"


class RouteSerializer(serializers.Serializer[Any]):
    """A route, as it is tried: the first enabled one that fits takes the request."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    position = serializers.IntegerField(help_text="Only the order counts.")
    is_enabled = serializers.BooleanField()
    is_platform = serializers.BooleanField(
        help_text="One of the platform's own; it cannot be removed or led elsewhere."
    )
    description = serializers.CharField()
    hosts = serializers.ListField(child=serializers.CharField())
    match = serializers.ChoiceField(choices=Route.Match.choices)
    path = serializers.CharField()
    methods = serializers.ListField(child=serializers.CharField())
    headers = serializers.ListField(child=serializers.DictField())
    upstream = serializers.SerializerMethodField()
    upstream_version = serializers.CharField()
    backends = BackendSerializer(many=True)
    rewrite = serializers.CharField()
    timeout_ms = serializers.IntegerField()
    is_open_ended = serializers.BooleanField()
    is_websocket = serializers.BooleanField()
    retries = serializers.IntegerField()
    retry_on = serializers.CharField()
    authentication = serializers.CharField(source="authentication.name", default=None, allow_null=True)
    cors = serializers.DictField(allow_null=True)
    is_compressed = serializers.BooleanField()
    has_security_headers = serializers.BooleanField()
    body_limit_bytes = serializers.IntegerField()
    cache_s = serializers.IntegerField()
    api_version = serializers.CharField()
    deprecated_at = serializers.DateTimeField(allow_null=True)
    sunset_at = serializers.DateTimeField(allow_null=True)
    successor = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_upstream(self, route: Route) -> str:
        return f"{route.upstream.mesh.name}/{route.upstream.name}"


class DescribedRequest(InputSerializer):
    method = StrictTextField(max_length=20, default="GET")
    host = StrictTextField(max_length=253, default="localhost")
    path = StrictTextField(max_length=2_000, default="/")
    headers = serializers.DictField(child=StrictTextField(max_length=2_000, allow_blank=True), default=dict)


class PreviewSerializer(serializers.Serializer[Any]):
    route = RouteSerializer(allow_null=True, help_text="null: no route fits, which is answered 404.")
    pipeline = serializers.ListField(child=serializers.CharField(), help_text="What the request passes, in this order.")


class LimitFieldsInput(InputSerializer):
    name = StrictTextField(max_length=63, required=False)
    scope = serializers.ChoiceField(choices=RateLimit.Scope.choices, required=False)
    unit = serializers.ChoiceField(choices=RateLimit.Unit.choices, required=False)
    requests = StrictIntegerField(min_value=1, max_value=1_000_000_000, required=False)
    route = StrictTextField(max_length=63, allow_null=True, required=False, help_text="A route's name; null: all.")
    is_enabled = StrictBooleanField(required=False)
    reason = StrictTextField(max_length=200, allow_blank=True, default="")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A thousand a minute for each API key",
            value={"name": "per-key", "scope": "key", "unit": "minute", "requests": 1000},
            request_only=True,
        )
    ]
)
class NewLimitInput(LimitFieldsInput):
    name = StrictTextField(max_length=63)
    scope = serializers.ChoiceField(choices=RateLimit.Scope.choices)
    unit = serializers.ChoiceField(choices=RateLimit.Unit.choices)
    requests = StrictIntegerField(min_value=1, max_value=1_000_000_000)


class LimitSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    scope = serializers.ChoiceField(choices=RateLimit.Scope.choices)
    unit = serializers.ChoiceField(choices=RateLimit.Unit.choices)
    requests = serializers.IntegerField()
    route = serializers.CharField(source="route.name", default=None, allow_null=True)
    is_enabled = serializers.BooleanField()


class UnitUsageSerializer(serializers.Serializer[Any]):
    unit = serializers.ChoiceField(choices=RateLimit.Unit.choices)
    admitted = serializers.IntegerField()
    refused = serializers.IntegerField()


class LimitedSerializer(serializers.Serializer[Any]):
    route = serializers.CharField()
    unit = serializers.ChoiceField(choices=RateLimit.Unit.choices)
    refused = serializers.IntegerField()


class RateLimitsSerializer(serializers.Serializer[Any]):
    limits = LimitSerializer(many=True)
    since_start = UnitUsageSerializer(
        many=True, allow_null=True, help_text="As this host's Envoy counts since it started; null: it does not answer."
    )
    last_hour = LimitedSerializer(many=True, help_text="Refusals of the last hour by route, from the request log.")


class SettingsInput(InputSerializer):
    middleware = serializers.ListField(child=serializers.ChoiceField(choices=MIDDLEWARE), max_length=20, required=False)
    security_headers = serializers.ListField(
        child=serializers.ListField(
            child=StrictTextField(max_length=2_000, allow_blank=True), min_length=2, max_length=2
        ),
        max_length=50,
        required=False,
    )
    log_share_ppm = StrictIntegerField(min_value=0, max_value=1_000_000, required=False)
    log_slow_ms = StrictIntegerField(min_value=1, max_value=600_000, required=False)
    log_retention_days = StrictIntegerField(min_value=1, max_value=365, required=False)
    cache_max_bytes = StrictIntegerField(min_value=1_048_576, max_value=2**40, required=False)
    cache_max_entries = StrictIntegerField(min_value=1, max_value=1_000_000, required=False)
    reason = StrictTextField(max_length=200, allow_blank=True, default="")


class SettingsSerializer(serializers.Serializer[Any]):
    middleware = serializers.ListField(
        child=serializers.CharField(), help_text="What a request passes, outermost first."
    )
    security_headers = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    log_share_ppm = serializers.IntegerField(help_text="Parts per million of ordinary requests that are logged.")
    log_slow_ms = serializers.IntegerField(help_text="Slower requests are always logged, as are failures.")
    log_retention_days = serializers.IntegerField()
    cache_max_bytes = serializers.IntegerField()
    cache_max_entries = serializers.IntegerField()
