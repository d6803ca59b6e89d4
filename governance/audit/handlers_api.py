"""`/api/v1/event-sourcing/handlers`: what is done when something happens."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import access, signed_in_user
from governance.audit import handlers as services
from governance.audit.event_sourcing_api import valid
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictTextField
from opinion_market.eventstore import handler_actions
from opinion_market.eventstore.errors import HandlerNotFound
from opinion_market.eventstore.models import Delivery, EventHandler
from opinion_market.eventstore.webhooks import WEBHOOK, signing_secret
from opinion_market.kernel import clock


class HandlerSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    organization = serializers.UUIDField(source="organization_id", allow_null=True, help_text="null: all.")
    event_type = serializers.CharField()
    filter = serializers.DictField(help_text="Top-level fields of the event's data and the values they must have.")
    action = serializers.CharField()
    settings = serializers.DictField()
    is_active = serializers.BooleanField()
    failures = serializers.IntegerField(help_text="Deliveries given up in a row; at 5 it is disabled.")
    disabled_reason = serializers.CharField()
    acts_as = serializers.UUIDField(source="created_by", help_text="Who configured it last.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    signing_secret = serializers.SerializerMethodField(help_text="Of a webhook: the key of its HMAC-SHA256 signatures.")

    def get_signing_secret(self, handler: EventHandler) -> str | None:
        return signing_secret(handler.pk) if handler.action == WEBHOOK.name else None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Tell the newsroom when a market settles",
            value={
                "name": "Newsroom",
                "organization": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11",
                "event_type": "MarketSettled",
                "action": "webhook",
                "settings": {"url": "https://newsroom.example.org/markets"},
            },
            request_only=True,
        )
    ]
)
class NewHandlerInput(InputSerializer):
    name = StrictTextField(max_length=80)
    organization = serializers.UUIDField(allow_null=True, help_text="null, for superusers: all organizations.")
    event_type = StrictTextField(max_length=60)
    action = StrictTextField(max_length=40, help_text="See `handlers/actions`.")
    settings = serializers.DictField(default=dict)
    filter = serializers.DictField(default=dict)


class HandlerChanges(InputSerializer):
    name = StrictTextField(max_length=80, required=False)
    event_type = StrictTextField(max_length=60, required=False)
    settings = serializers.DictField(required=False)
    filter = serializers.DictField(required=False)
    is_active = StrictBooleanField(required=False, help_text="true forgets its failures.")


class DeliverySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    event_position = serializers.IntegerField()
    event_type = serializers.CharField()
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="Of a pending one: not tried before.")
    finished_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(help_text="What the last attempt came to.")


class DeliveryFilters(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Delivery.State.choices, required=False)


class ActionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    summary = serializers.CharField()
    settings = serializers.DictField(help_text="JSON Schema of its settings.")


@extend_schema(tags=["event-sourcing"])
class HandlerViewSet(GenericViewSet[EventHandler]):
    permissions_required: ClassVar[dict[str, str]] = {
        "list": services.CONFIG,
        "create": services.CONFIG,
        "retrieve": services.CONFIG,
        "partial_update": services.CONFIG,
    }
    serializer_class = HandlerSerializer
    queryset = EventHandler.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(operation_id="event_sourcing_handlers_list", responses=HandlerSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Handlers of your organizations, newest first. Takes `system.config` and `system.audit`."""
        found = services.handlers_visible_to(access(request))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="event_sourcing_handlers_create", request=NewHandlerInput, responses={201: HandlerSerializer}
    )
    def create(self, request: Request) -> Response:
        """When an event of this type happens from now on, and its data fits the filter, carry out the action.

        Actions are tried again with growing pauses; a webhook may arrive twice, under the same delivery id. Events that a
        handler's own command appends start no handler.
        """
        wanted = valid(NewHandlerInput, request.data)
        organization = wanted.pop("organization")
        handler = services.create_handler(
            actor=signed_in_user(request), organization_id=organization, now=clock.now(), **wanted
        )
        return Response(HandlerSerializer(handler).data, status=201)

    @extend_schema(operation_id="event_sourcing_handlers_retrieve", responses=HandlerSerializer)
    def retrieve(self, request: Request, handler_id: UUID) -> Response:
        """One handler."""
        return Response(HandlerSerializer(handler_for(request, handler_id)).data)

    @extend_schema(operation_id="event_sourcing_handlers_change", request=HandlerChanges, responses=HandlerSerializer)
    def partial_update(self, request: Request, handler_id: UUID) -> Response:
        """Change, enable or disable it. What it does, it does in your name from now on."""
        changes = valid(HandlerChanges, request.data)
        handler = services.change_handler(
            actor=signed_in_user(request), handler_id=handler_id, changes=changes, now=clock.now()
        )
        return Response(HandlerSerializer(handler).data)


def handler_for(request: Request, handler_id: UUID) -> EventHandler:
    """One that the caller may configure. Raises HandlerNotFound."""
    found = services.handlers_visible_to(access(request)).filter(pk=handler_id).first()
    if found is None:
        raise HandlerNotFound(handler=str(handler_id))
    return found


@extend_schema(tags=["event-sourcing"])
class DeliveryViewSet(GenericViewSet[Delivery]):
    permissions_required: ClassVar[dict[str, str]] = {"list": services.CONFIG}
    serializer_class = DeliverySerializer
    queryset = Delivery.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(
        operation_id="event_sourcing_deliveries_list",
        parameters=[DeliveryFilters],
        responses=DeliverySerializer(many=True),
    )
    def list(self, request: Request, handler_id: UUID) -> Response:
        """What the handler did, newest first."""
        filters = valid(DeliveryFilters, request.query_params)
        found = Delivery.objects.filter(handler=handler_for(request, handler_id), **filters)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)


@extend_schema(tags=["event-sourcing"])
class ActionsView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": services.CONFIG}

    @extend_schema(operation_id="event_sourcing_handler_actions", responses=ActionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What handlers can do, and the settings each action takes."""
        body = [
            {"name": each.name, "summary": each.summary, "settings": each.settings.model_json_schema()}
            for each in handler_actions.registered()
        ]
        return Response(body)
