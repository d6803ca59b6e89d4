"""`/api/v1/event-sourcing/processes`: work of several steps, and what was undone of it."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, access, signed_in_user
from governance.audit.command_serializers import CommandProblemSerializer
from governance.audit.event_sourcing_api import audited_organizations, valid
from governance.audit.event_sourcing_serializers import EventSerializer
from opinion_market.eventstore import aggregates, process_types, selectors
from opinion_market.eventstore.errors import ProcessNotFound
from opinion_market.eventstore.models import Process

STEP_STATES = ["waiting", "completed", "failed", "compensated"]


class ProcessSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.ChoiceField(
        choices=Process.State.choices, help_text="`compensating`: a step was refused, and those before it are undone."
    )
    step = serializers.CharField(help_text="Next to be done, or undone; empty when it is over.")
    actor = serializers.UUIDField(source="actor_id")
    organization = serializers.UUIDField(source="organization_id", allow_null=True)
    started_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    problem = CommandProblemSerializer(allow_null=True, help_text="Why a step was refused, or cannot be undone.")


class ProcessStepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=STEP_STATES)


class ProcessStateSerializer(ProcessSerializer):
    steps = ProcessStepSerializer(many=True)
    events = EventSerializer(many=True, help_text="Its whole history.")


class ProcessFilters(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=60)
    state = serializers.ChoiceField(choices=Process.State.choices, required=False)


@extend_schema(tags=["event-sourcing"])
class ProcessViewSet(GenericViewSet[Process]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUTHENTICATED, "retrieve": AUTHENTICATED}
    serializer_class = ProcessSerializer
    queryset = Process.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    def visible(self, request: Request) -> QuerySet[Process]:
        """Those the caller started, and those of organizations they may audit."""
        if access(request).everything:
            return Process.objects.all()
        theirs = Q(organization_id__in=audited_organizations(request) or [])
        return Process.objects.filter(theirs | Q(actor_id=signed_in_user(request).pk))

    @extend_schema(
        operation_id="event_sourcing_processes_list",
        parameters=[ProcessFilters],
        responses=ProcessSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Processes you started, and those of organizations you may audit; newest first."""
        found = self.visible(request).filter(**valid(ProcessFilters, request.query_params))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(operation_id="event_sourcing_processes_retrieve", responses=ProcessStateSerializer)
    def retrieve(self, request: Request, process_id: UUID) -> Response:
        """One process: its steps, and all its events."""
        process = self.visible(request).filter(pk=process_id).first()
        if process is None:
            raise ProcessNotFound(process=str(process_id))
        found = aggregates.as_of(stream=process.stream, head=process.version, around=process.version)
        done = found.loaded.state["steps"]
        steps = [
            {"name": step.name, "state": done.get(step.name, {"state": "waiting"})["state"]}
            for step in process_types.named(process.name).steps
        ]
        events = selectors.events_at([event.position for event in found.around])
        body = {
            **ProcessSerializer(process).data,
            "steps": steps,
            "events": EventSerializer(events, many=True).data,
        }
        return Response(body)
