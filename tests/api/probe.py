"""Views that exist for the tests alone: one that fails in every way, one that writes, one that lists."""

import time
from typing import ClassVar

from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from django.urls import include, path
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, PUBLIC
from governance.organizations.models import Organization
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField
from opinion_market.kernel import clock
from opinion_market.kernel.errors import Conflict


class LegInput(InputSerializer):
    price = StrictIntegerField(min_value=1, max_value=9_999)


class EverythingInput(InputSerializer):
    quantity = StrictIntegerField(min_value=1)
    name = StrictTextField(max_length=10)
    flag = StrictBooleanField(default=False)
    legs = LegInput(many=True, required=False)


class Validating(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"post": PUBLIC}

    def post(self, request):
        serializer = EverythingInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.validated_data)


FAILURES = {
    "http404": Http404("secret detail"),
    "throttled": exceptions.Throttled(wait=2.5),
    "suspicious": SuspiciousOperation("secret detail"),
    "conflict": Conflict("Not now.", version=7),
    "fault": RuntimeError("secret detail"),
}


class Failing(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": PUBLIC}

    def get(self, request, how):
        raise FAILURES[how]


class Undeclared(APIView):
    def get(self, request):
        return Response({})


class OrganizationRow(ModelSerializer):
    class Meta:
        model = Organization
        fields = ["slug"]


class Writing(IdempotentMixin, GenericViewSet):
    """Creates an organization's row, slowly if asked, and may then fail."""

    permissions_required: ClassVar[dict[str, str]] = {"create": AUTHENTICATED, "list": PUBLIC}
    queryset = Organization.objects.all()
    serializer_class = OrganizationRow
    filter_backends = ()
    ordering = ("-created_at", "name", "id")

    def list(self, request):
        rows = self.queryset.filter(slug__startswith=request.query_params["of"])
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(rows), many=True).data)

    @idempotent
    def create(self, request):
        made = Organization.objects.create(name="Made", slug=request.data["slug"], created_at=clock.now())
        time.sleep(request.data.get("pause_s", 0))
        if request.data.get("refuse"):
            raise Conflict("Not now.")
        if request.data.get("break"):
            raise RuntimeError("secret detail")
        return Response({"slug": made.slug, "b": 1, "a": [2, 1]}, status=201)


urlpatterns = [
    path("api/v1/probe/validating", Validating.as_view()),
    path("api/v1/probe/failing/<str:how>", Failing.as_view()),
    path("api/v1/probe/undeclared", Undeclared.as_view()),
    path("api/v1/probe/writing", Writing.as_view({"post": "create", "get": "list"})),
    path("", include("opinion_market.urls")),
]
handler400 = "opinion_market.api.fallback.bad_request"
handler404 = "opinion_market.api.fallback.page_not_found"
handler500 = "opinion_market.api.fallback.server_error"
