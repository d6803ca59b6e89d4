"""Projections kept up to date and rebuilt from nothing show the same numbers, which are those of the events."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Max
from django.db.models.functions import TruncHour

from opinion_market.eventstore import projections, selectors
from opinion_market.eventstore.append import append
from opinion_market.eventstore.errors import StreamNotFound, UnknownProjection
from opinion_market.eventstore.models import Checkpoint, Event, EventStatistic, StreamSummary
from opinion_market.eventstore.projections import Projection
from opinion_market.eventstore.read import RecordedEvent
from opinion_market.eventstore.snapshots import save_snapshot
from opinion_market.eventstore.statistics import EVENT_STATISTICS, STREAM_SUMMARIES
from opinion_market.eventstore.subscriptions import Outcome, run_once
from opinion_market.kernel.ids import uuid7
from tests.eventstore.conftest import NOON, happened, run_until

pytestmark = pytest.mark.usefixtures("committed_db")


def bring_up_to_date() -> None:
    newest = Event.objects.order_by("-transaction_id", "-position").first()
    assert newest is not None
    for projection in (EVENT_STATISTICS, STREAM_SUMMARIES):
        run_until(
            projection.subscription,
            lambda name=projection.name: Checkpoint.objects.filter(
                subscriber=name, transaction_id=newest.transaction_id, position=newest.position
            ).exists(),
        )


def statistics() -> set[tuple[datetime, str, UUID | None, int]]:
    return set(EventStatistic.objects.values_list("hour", "type", "organization_id", "events"))


def two_streams(stream: str) -> UUID:
    """One stream of an organization over two hours, one of the platform; the organization."""
    organization = uuid7()
    later = NOON + timedelta(hours=1)
    events = [happened(n, organization=str(organization), at=at) for n, at in enumerate([NOON, NOON, later])]
    append(stream=stream, expected_version=0, events=events)
    append(stream=f"other{stream}", expected_version=0, events=[happened(1)])
    return organization


def test_incremental_and_rebuilt_statistics_are_those_of_the_events(stream: str) -> None:
    two_streams(stream)
    bring_up_to_date()
    organization = two_streams(f"{stream}-more")
    bring_up_to_date()
    incremental, summaries = statistics(), set(StreamSummary.objects.values_list())
    counted = Event.objects.annotate(hour=TruncHour("recorded_at", tzinfo=UTC)).values_list("hour", "type")
    assert sorted((hour, type, events) for hour, type, owner, events in incremental if owner == organization) == [
        (NOON, "Counted", 2),
        (NOON + timedelta(hours=1), "Counted", 1),
    ]
    totals: dict[tuple[datetime, str], int] = {}
    for hour, type, _owner, events in incremental:
        totals[hour, type] = totals.get((hour, type), 0) + events
    assert totals == {(hour, type): count for hour, type, count in counted.annotate(n=Count("position"))}
    versions = Event.objects.values_list("stream").annotate(version=Max("version"))
    assert dict(versions) == dict(StreamSummary.objects.values_list("stream", "version"))

    progress: list[int] = []
    for projection in (EVENT_STATISTICS, STREAM_SUMMARIES):
        rebuilt = projections.rebuild(projection, clock=lambda: NOON, progress=progress.append)
        assert rebuilt is Outcome.UP_TO_DATE
    bring_up_to_date()
    assert statistics() == incremental
    assert set(StreamSummary.objects.values_list()) == summaries
    assert max(progress) <= Event.objects.count()


def test_an_organization_sees_its_own_streams_and_events_only(stream: str) -> None:
    organization = two_streams(stream)
    save_snapshot(stream=stream, version=3, state={}, at=NOON)
    bring_up_to_date()
    theirs = {"organizations": [organization]}
    assert list(selectors.streams(**theirs).values_list("stream", flat=True)) == [stream]
    assert {event.stream for event in selectors.events(**theirs)} == {stream}
    assert not selectors.events(**theirs, stream=f"other{stream}").exists()
    assert selectors.events(organizations=None, stream=f"other{stream}").count() == 1
    assert selectors.events(**theirs, types=["Counted"], since=NOON, until=NOON + timedelta(hours=1)).count() == 2
    state = selectors.stream_state(**theirs, stream=stream)
    assert (state.events_by_type, state.snapshots, state.summary.version) == ({"Counted": 3}, [3], 3)
    with pytest.raises(StreamNotFound):
        selectors.stream_state(**theirs, stream=f"other{stream}")
    totals = selectors.totals(**theirs, now=NOON + timedelta(hours=1, minutes=5))
    assert (totals.total_events, totals.events_this_hour, totals.events_last_24_hours, totals.streams) == (3, 1, 3, 1)
    assert selectors.events_per_type(**theirs, since=NOON) == [("Counted", 3)]
    assert selectors.events_per_day(**theirs, since=NOON) == [(NOON.replace(hour=0), 3)]
    assert selectors.events_per_hour(**theirs, since=NOON) == [(NOON, 2), (NOON + timedelta(hours=1), 1)]
    assert selectors.streams_per_kind(**theirs) == [("test", 1, 3)]
    assert [each.stream for each in selectors.longest_streams(**theirs, count=5)] == [stream]


def test_streams_are_found_by_kind_and_the_beginning_of_their_id(stream: str) -> None:
    organization = two_streams(stream)
    bring_up_to_date()
    identifier = stream.removeprefix("test-")
    found = selectors.streams(organizations=[organization], kind="test", search=identifier[:30])
    assert [each.stream for each in found] == [stream]
    assert not selectors.streams(organizations=[organization], kind="market").exists()
    assert not selectors.streams(organizations=[organization], search="other").exists()


def test_an_interrupted_rebuild_is_continued_by_whoever_runs_subscriptions(stream: str) -> None:
    seen: list[str] = []

    def collect(events: Sequence[RecordedEvent]) -> None:
        seen.extend(event.stream for event in events if event.stream == stream)

    append(stream=stream, expected_version=0, events=[happened()])
    projection = Projection(f"interrupted-{stream}", collect, reset=seen.clear, batch=10_000)
    run_until(projection.subscription, lambda: seen == [stream])
    projections.restart(projection, now=NOON)
    assert seen == []
    run_until(projection.subscription, lambda: seen == [stream])


def test_a_rebuild_stops_when_the_handler_fails(stream: str) -> None:
    def fail(events: Sequence[RecordedEvent]) -> None:
        raise LookupError("broken")

    append(stream=stream, expected_version=0, events=[happened()])
    projection = Projection(f"broken-{stream}", fail, reset=lambda: None)
    outcome = Outcome.UP_TO_DATE
    while outcome is Outcome.UP_TO_DATE:
        outcome = projections.rebuild(projection, clock=lambda: NOON)
    assert outcome is Outcome.FAILED
    assert run_once(projection.subscription, now=NOON) is Outcome.WAITING


def test_commands_rebuild_and_run_by_hand() -> None:
    out = StringIO()
    call_command("rebuild_projection", "event_statistics", stdout=out)
    call_command("run_subscriptions", "--once", stdout=out)
    assert "event_statistics is rebuilt." in out.getvalue()
    assert "stream_summaries: up to date" in out.getvalue()
    with pytest.raises(CommandError, match=r"There are: event_statistics, .*stream_summaries"):
        call_command("rebuild_projection", "nothing")
    with pytest.raises(UnknownProjection):
        projections.named("nothing")
