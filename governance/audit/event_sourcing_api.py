"""`/api/v1/event-sourcing`: the event store as an auditor sees it.

It lives here and not in the event store because reading every stream is an act of audit: it takes `system.audit`, and shows
the events of the organizations in which the caller holds it. Superusers see all.
"""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access import policies
from governance.access.drf import access, signed_in_user
from governance.audit import event_sourcing_serializers as shapes
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.eventstore import aggregates, commands, event_types, notes, selectors, snapshot_policies
from opinion_market.eventstore.statistics import EVENT_STATISTICS
from opinion_market.kernel import clock

AUDIT = "system.audit"
ADMIN = "system.admin"

_DEGRADED_AFTER_S = 60.0
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_NEWEST = ("-transaction_id", "-position")
_OLDEST = ("transaction_id", "position")


def audited_organizations(request: Request) -> list[UUID] | None:
    """The organizations whose events the caller may read; None for all."""
    held = access(request)
    return None if held.everything else [each for each in held.roles if held.has(AUDIT, each)]


def valid(kind: type[Serializer[Any]], values: Any) -> dict[str, Any]:
    serializer = kind(data=values)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


@extend_schema(tags=["event-sourcing"])
class EventViewSet(IdempotentMixin, GenericViewSet[Any]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUDIT, "create": ADMIN}
    serializer_class = shapes.EventSerializer
    filter_backends = ()
    ordering: tuple[str, ...] = _NEWEST

    @extend_schema(
        operation_id="event_sourcing_events_list",
        parameters=[shapes.EventFilters],
        responses=shapes.EventSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Events of your organizations as they are recorded, newest first unless asked otherwise."""
        filters = valid(shapes.EventFilters, request.query_params)
        self.ordering = _OLDEST if filters.pop("order") == "oldest" else _NEWEST
        types, category = filters.pop("type", ()), filters.pop("category", None)
        if category is not None:
            of_category = event_types.types_in(category)
            types = [each for each in of_category if each in types] if types else of_category
        found = selectors.events(organizations=audited_organizations(request), types=types, **filters)
        if category is not None and not types:
            found = found.none()
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="event_sourcing_events_create",
        request=shapes.NewEventInput,
        responses={201: shapes.EventSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Append an event of your own (`custom.…`) to a note's stream. The platform's own events cannot be made here."""
        wanted = valid(shapes.NewEventInput, request.data)
        actor = signed_in_user(request)
        policies.require(actor, ADMIN, wanted["organization"])
        event = notes.record_note(actor=str(actor.pk), now=clock.now(), **wanted)
        (recorded,) = selectors.events_at([event.position])
        return Response(self.get_serializer(recorded).data, status=201)


@extend_schema(tags=["event-sourcing"])
class EventTypesView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUDIT}

    @extend_schema(operation_id="event_sourcing_event_types", responses=shapes.EventTypeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The catalogue of what may happen, by category; types that have happened without being in it come last."""
        counted = dict(selectors.events_per_type(organizations=audited_organizations(request), since=_BEGINNING))
        body = [{**asdict(each), "events": counted.pop(each.type, 0)} for each in event_types.registered()]
        for type, events in sorted(counted.items()):
            category = event_types.category_of(type)
            body.append({"type": type, "category": category, "description": "", "streams": "", "events": events})
        return Response([{"schema_version": 1, **each} for each in body])


@extend_schema(tags=["event-sourcing"])
class AggregateViewSet(GenericViewSet[Any]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUDIT, "retrieve": AUDIT}
    serializer_class = shapes.StreamSerializer
    filter_backends = ()
    ordering = ("stream",)

    @extend_schema(
        operation_id="event_sourcing_aggregates_list",
        parameters=[shapes.StreamFilters],
        responses=shapes.StreamSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Streams of your organizations, by name; a moment behind the events."""
        filters = valid(shapes.StreamFilters, request.query_params)
        found = selectors.streams(organizations=audited_organizations(request), **filters)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="event_sourcing_aggregates_retrieve",
        parameters=[shapes.MomentFilters],
        responses=shapes.StreamStateSerializer,
    )
    def retrieve(self, request: Request, stream: str) -> Response:
        """One stream at a version or at a moment, as it stands now without either: its state, the events around.

        At most 50,000 events are read for it, from the nearest snapshot on; beyond that it is refused (`too_far_back`).
        """
        wanted = valid(shapes.MomentFilters, request.query_params)
        kept = selectors.stream_state(organizations=audited_organizations(request), stream=stream)
        found = aggregates.as_of(
            stream=stream, head=kept.summary.version, version=wanted.get("version"), at=wanted.get("at")
        )
        body = {
            **shapes.StreamSerializer(kept.summary).data,
            "events_by_type": kept.events_by_type,
            "snapshots": kept.snapshots,
            "as_of": {
                "version": found.moment.version,
                "at": found.moment.at,
                "position": found.event.position,
                "recorded_at": found.event.recorded_at,
                "snapshot_version": found.loaded.snapshot_version,
                "replayed_events": found.loaded.replayed_events,
            },
            "state": found.loaded.state,
            "events": shapes.EventSerializer(
                selectors.events_at([event.position for event in found.around]), many=True
            ).data,
        }
        return Response(body)


class _AuditView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUDIT}

    def subscriptions(self, request: Request, now: datetime) -> Any:
        serializer = shapes.SubscriptionSerializer(
            selectors.subscription_states(now=now),
            many=True,
            context={"shows_errors": access(request).everything},
        )
        return serializer.data


@extend_schema(tags=["event-sourcing"])
class ProjectionsView(_AuditView):
    @extend_schema(operation_id="event_sourcing_projections_list", responses=shapes.SubscriptionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All subscriptions, projections among them: how far each has read and how it is doing."""
        return Response(self.subscriptions(request, clock.now()))


@extend_schema(tags=["event-sourcing"])
class SnapshotPoliciesView(_AuditView):
    @extend_schema(
        operation_id="event_sourcing_snapshot_policies", responses=shapes.SnapshotPolicySerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """How often each kind of streams is snapshotted. The command `set_snapshot_policy` changes it."""
        decided = snapshot_policies.policies()
        kinds = [each.kind for each in aggregates.registered() if each.snapshot is not None]
        body = [
            {"kind": kind, "is_default": kind not in decided, **asdict(decided.get(kind, snapshot_policies.DEFAULT))}
            for kind in kinds
        ]
        return Response(body)


@extend_schema(tags=["event-sourcing"])
class StatusView(_AuditView):
    @extend_schema(operation_id="event_sourcing_status", responses=shapes.StatusSerializer)
    def get(self, request: Request) -> Response:
        """How many events there are, and whether all who read them keep up: `degraded` if not.

        That is: a subscription fails, is paused or more than 60 seconds behind, a command waits longer than that, a process is
        stuck, or the platform disabled a handler.
        """
        now, theirs = clock.now(), audited_organizations(request)
        newest = selectors.newest_event(organizations=theirs)
        states = selectors.subscription_states(now=now)
        failing = [state.name for state in states if state.checkpoint.failures]
        seconds_behind = max((state.lag.seconds for state in states), default=0.0)
        paused = [state.name for state in states if state.checkpoint.paused_at is not None]
        counted = next(state for state in states if state.name == EVENT_STATISTICS.name)
        work = selectors.work(organizations=theirs, now=now)
        is_late = max(seconds_behind, work.oldest_waiting_command_s) > _DEGRADED_AFTER_S
        stuck = work.processes_by_state.get("stuck", 0)
        body = {
            "status": "degraded" if failing or paused or is_late or stuck or work.disabled_handlers else "ok",
            "paused_subscriptions": paused,
            "rebuilding": [state.name for state in states if state.rebuild is not None],
            "events_last_minute": counted.events_last_minute,
            "work": asdict(work),
            **asdict(selectors.totals(organizations=theirs, now=now)),
            "last_position": newest.position if newest else None,
            "last_recorded_at": newest.recorded_at if newest else None,
            "subscriptions": len(states),
            "failing_subscriptions": failing,
            "seconds_behind": seconds_behind,
            "commands": [command.name for command in commands.registered()],
        }
        return Response(shapes.StatusSerializer(body).data)


@extend_schema(tags=["event-sourcing"])
class DashboardView(_AuditView):
    @extend_schema(operation_id="event_sourcing_dashboard", responses=shapes.DashboardSerializer)
    def get(self, request: Request) -> Response:
        """Everything the event sourcing dashboard shows, in one answer."""
        now, theirs = clock.now(), audited_organizations(request)
        month, two_days = now - timedelta(days=30), now - timedelta(hours=48)
        per_type = selectors.events_per_type(organizations=theirs, since=month)
        per_day = selectors.events_per_day(organizations=theirs, since=month)
        per_hour = selectors.events_per_hour(organizations=theirs, since=two_days)
        per_kind = selectors.streams_per_kind(organizations=theirs)
        longest = selectors.longest_streams(organizations=theirs, count=10)
        newest = selectors.events(organizations=theirs).order_by(*_NEWEST)[:20]
        per_category = Counter[str]()
        for type, events in per_type:
            per_category[event_types.category_of(type)] += events
        body = {
            "generated_at": now,
            "totals": asdict(selectors.totals(organizations=theirs, now=now)),
            "events_per_type": [{"type": type, "events": events} for type, events in per_type],
            "events_per_day": [{"day": day.date(), "events": events} for day, events in per_day],
            "events_per_hour": [{"hour": hour, "events": events} for hour, events in per_hour],
            "streams_per_kind": [
                {"kind": kind, "streams": streams, "events": events} for kind, streams, events in per_kind
            ],
            "events_per_category": [
                {"category": category, "events": events} for category, events in per_category.most_common()
            ],
            "work": asdict(selectors.work(organizations=theirs, now=now)),
            "longest_streams": shapes.StreamSerializer(longest, many=True).data,
            "newest_events": shapes.EventSerializer(newest, many=True).data,
            "subscriptions": self.subscriptions(request, now),
        }
        return Response(body)
