"""`/api/v1/event-sourcing/commands`: giving commands, at once or for later, and asking what became of them."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.command_door import require_may_give
from governance.access.drf import AUTHENTICATED, access, signed_in_user
from governance.audit import command_serializers as shapes
from governance.audit.event_sourcing_api import AUDIT, valid
from opinion_market.api.idempotency import REPLAYED, IdempotentMixin, documents_key, idempotent
from opinion_market.eventstore import aggregates, command_queue, commands, selectors
from opinion_market.eventstore.commands import Command, CommandInput
from opinion_market.eventstore.errors import CommandFailed
from opinion_market.eventstore.models import Event, QueuedCommand
from opinion_market.eventstore.tasks import send_command
from opinion_market.kernel import clock

_LOOKUPS = {
    "command": "command",
    "state": "state",
    "created_from": "created_at__gte",
    "created_before": "created_at__lt",
}


def _uuid_or_none(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def shown_events(request: Request, positions: Sequence[int]) -> list[dict[str, Any]]:
    """These events as the caller may see them: of a confidential kind, without the data unless they may audit it."""
    shown: list[dict[str, Any]] = []
    for event in selectors.events_at(positions):
        document: Any = shapes.CommandEventSerializer(event)
        shown.append({**document.data, **({} if _may_read(request, event) else {"data": None})})
    return shown


def _may_read(request: Request, event: Event) -> bool:
    if not aggregates.type_of(event.stream).confidential:
        return True
    return access(request).has(AUDIT, _uuid_or_none(event.metadata.get("organization_id")))


@extend_schema(tags=["event-sourcing"])
class CommandViewSet(IdempotentMixin, GenericViewSet[QueuedCommand]):
    permissions_required: ClassVar[dict[str, str]] = {
        "list": AUTHENTICATED,
        "create": AUTHENTICATED,
        "retrieve": AUTHENTICATED,
        "destroy": AUTHENTICATED,
    }
    serializer_class = shapes.QueuedCommandSerializer
    queryset = QueuedCommand.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(
        operation_id="event_sourcing_commands_process",
        request=shapes.CommandInputSerializer,
        responses={200: shapes.ProcessedSerializer, 202: shapes.CommandStateSerializer},
    )
    @documents_key
    def create(self, request: Request) -> HttpResponse:
        """Process a command by name; `GET commands/catalogue` lists them, each with its own permission and input.

        At once (`sync`), the answer is the command's result. Later (`async`), it is 202 with the command's id: it is stored
        durably and carried out exactly once, whatever dies in between. A command of the exchange that could not be
        finished while you waited is answered with 202, too.
        """
        wanted = valid(shapes.CommandInputSerializer, request.data)
        command = commands.named(wanted["command"])
        require_may_give(access(request), command)
        given = commands.parse(command, wanted["input"])
        if wanted["mode"] == "async" or "respond-async" in request.headers.get("Prefer", ""):
            return self._accept(request, command, given, True)
        if command.sequenced:
            return self._finish(request, self._accept(request, command, given, False))
        return self._process(request, command, given)

    @idempotent
    def _process(self, request: Request, command: Command[Any], given: CommandInput) -> Response:
        """In one transaction with the answer kept under the caller's key."""
        now = clock.now()
        processed = commands.process(command=command, actor=signed_in_user(request), input=given, now=now)
        events = shown_events(request, [event.position for event in processed.events])
        body = {"status": processed.status, "result": processed.result, "events": events}
        return Response(body, status=202 if processed.status == "accepted" else 200)

    @idempotent
    def _accept(self, request: Request, command: Command[Any], given: CommandInput, sends: bool) -> Response:
        row = command_queue.accept(
            command=command,
            actor_id=signed_in_user(request).pk,
            input=given,
            now=clock.now(),
            send=send_command if sends else None,
        )
        return Response(self._body(request, row), status=202)

    def _finish(self, request: Request, accepted: HttpResponse) -> HttpResponse:
        """Carry out what has just been accepted, or was under the same key, and answer with its end."""
        if accepted.status_code != 202:
            return accepted
        body = accepted.data if isinstance(accepted, Response) else orjson.loads(accepted.content)
        command_id = UUID(str(body["id"]))
        command_queue.run(command_id, clock=clock.now)
        row = command_queue.command_of(signed_in_user(request).pk, command_id)
        if row.state == QueuedCommand.State.FAILED:
            raise CommandFailed(**(row.problem or {}))
        if row.state != QueuedCommand.State.SUCCEEDED:
            return Response(self._body(request, row), status=202)
        response = Response({"status": "done", "result": row.result, "events": self._events(request, row)})
        if REPLAYED in accepted:
            response[REPLAYED] = "true"
        return response

    @extend_schema(
        operation_id="event_sourcing_commands_list",
        parameters=[shapes.CommandFilters],
        responses=shapes.QueuedCommandSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Commands you gave for later, and those of the exchange you gave here; everybody's for superusers. Newest first."""
        filters = valid(shapes.CommandFilters, request.query_params)
        lookups = {_LOOKUPS[name]: value for name, value in filters.items()}
        found = command_queue.commands_of(self._whose(request), filters=lookups)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(operation_id="event_sourcing_commands_retrieve", responses=shapes.CommandStateSerializer)
    def retrieve(self, request: Request, command_id: UUID) -> Response:
        """What has become of a command: queued, running, succeeded with its result, failed with its problem, cancelled."""
        return Response(self._body(request, command_queue.command_of(self._whose(request), command_id)))

    @extend_schema(operation_id="event_sourcing_commands_cancel", responses=shapes.CommandStateSerializer)
    def destroy(self, request: Request, command_id: UUID) -> Response:
        """Take back a command that nobody has begun to carry out."""
        row = command_queue.cancel(actor_id=self._whose(request), command_id=command_id, now=clock.now())
        return Response(self._body(request, row))

    def _whose(self, request: Request) -> UUID | None:
        return None if access(request).everything else signed_in_user(request).pk

    def _events(self, request: Request, row: QueuedCommand) -> Sequence[dict[str, Any]]:
        ranges = command_queue.appended_ranges(row)
        return shown_events(request, [event.position for event in commands.events_of(ranges)])

    def _body(self, request: Request, row: QueuedCommand) -> dict[str, Any]:
        return {**shapes.QueuedCommandSerializer(row).data, "events": self._events(request, row)}


@extend_schema(tags=["event-sourcing"])
class CommandCatalogueView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(operation_id="event_sourcing_command_catalogue", responses=shapes.CommandTypeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All commands, by name, with what each takes and who may give it."""
        body = [
            {
                "name": command.name,
                "summary": command.summary,
                "permission": command.permission,
                "platform_wide": command.platform_wide,
                "input": command.input.model_json_schema(),
            }
            for command in commands.registered()
        ]
        return Response(body)
