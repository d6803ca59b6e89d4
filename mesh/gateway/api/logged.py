"""Shapes of the request log, of figures, and of requests sent through the gateway."""

from typing import Any

from rest_framework import serializers

from mesh.gateway.api.shapes import DescribedRequest, LimitSerializer, RouteSerializer, UnitUsageSerializer
from opinion_market.api.serializers import StrictTextField


class RequestLogSerializer(serializers.Serializer[Any]):
    """A logged request. Ids, not names; no address and no query."""

    id = serializers.IntegerField()
    trace_id = serializers.CharField(help_text="Also `X-Request-Id` of the answer.")
    route = serializers.CharField(help_text="Empty: no route took it.")
    method = serializers.CharField()
    path = serializers.CharField()
    status = serializers.IntegerField()
    flags = serializers.CharField(help_text="Envoy's response flags.")
    details = serializers.CharField(help_text="Why it was answered so, in Envoy's words.")
    duration_us = serializers.IntegerField()
    upstream_us = serializers.IntegerField(allow_null=True, help_text="Until the service's answer began.")
    attempts = serializers.IntegerField()
    service = serializers.CharField()
    instance = serializers.CharField()
    bytes_received = serializers.IntegerField()
    bytes_sent = serializers.IntegerField()
    user = serializers.CharField(help_text="The proved id, if any.")
    key = serializers.CharField()
    organization = serializers.CharField()
    limited_by = serializers.CharField(help_text="The unit of the limit that refused it.")
    node = serializers.CharField()
    at = serializers.DateTimeField()


class RequestFilters(serializers.Serializer[Any]):
    trace_id = serializers.CharField(required=False, max_length=64)
    route = serializers.CharField(required=False, max_length=63)
    status_from = serializers.IntegerField(required=False, min_value=100, max_value=599)
    status_to = serializers.IntegerField(required=False, min_value=100, max_value=599)
    method = serializers.CharField(required=False, max_length=16)
    user = serializers.CharField(required=False, max_length=64)
    slower_than_ms = serializers.IntegerField(required=False, min_value=0, max_value=3_600_000)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class SendInput(DescribedRequest):
    body = StrictTextField(max_length=65_536, allow_blank=True, default="")


class SentSerializer(serializers.Serializer[Any]):
    status = serializers.IntegerField()
    headers = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    body = serializers.CharField(help_text="At most 64 KiB of it.", allow_blank=True)
    is_cut = serializers.BooleanField()
    duration_us = serializers.IntegerField(help_text="As the sender saw it.")
    trace_id = serializers.CharField()
    log = RequestLogSerializer(allow_null=True, help_text="null: its line has not been read within three seconds.")


class RouteFiguresSerializer(serializers.Serializer[Any]):
    """What a route did, estimated from what was logged."""

    route = serializers.CharField()
    requests = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Answered 500 and above.")
    limited = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="Answered 401 or 403.")
    cached = serializers.IntegerField()
    p50_us = serializers.IntegerField()
    p95_us = serializers.IntegerField()
    p99_us = serializers.IntegerField()
    bytes_sent = serializers.IntegerField()


class GatewayStatusSerializer(serializers.Serializer[Any]):
    routes = serializers.IntegerField()
    routes_enabled = serializers.IntegerField()
    limits = serializers.IntegerField()
    providers = serializers.IntegerField()
    is_answering = serializers.BooleanField(help_text="Whether this host's Envoy answers at its administration socket.")
    requests_last_minute = serializers.IntegerField()
    failures_last_minute = serializers.IntegerField()
    last_logged_at = serializers.DateTimeField(allow_null=True)


class CourseSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    requests = serializers.IntegerField()
    failures = serializers.IntegerField()


class GatewayDashboardSerializer(serializers.Serializer[Any]):
    status = GatewayStatusSerializer()
    last_hour = RouteFiguresSerializer(many=True, help_text="By route, the busiest first.")
    course = CourseSerializer(many=True, help_text="The last hour by minutes.")
    limits = LimitSerializer(many=True)
    usage = UnitUsageSerializer(many=True, allow_null=True)
    pipeline = serializers.ListField(child=serializers.CharField())
    routes = RouteSerializer(many=True)
