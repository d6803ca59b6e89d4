"""Old shapes are read in the newest one; what was hashed stays as it was recorded."""

import pytest

from opinion_market.eventstore.append import NewEvent, append
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.upcasting import EventData, upcast, upcasts
from opinion_market.eventstore.verify import verify_events
from opinion_market.kernel.ids import uuid7_text
from tests.eventstore.conftest import NOON


@pytest.mark.django_db
def test_events_are_read_in_the_newest_shape_through_a_chain_of_steps(stream: str) -> None:
    event_type = f"Paid-{uuid7_text()}"

    @upcasts(event_type, from_version=1)
    def name_the_unit(data: EventData) -> EventData:
        return {"units": data["amount"]}

    @upcasts(event_type, from_version=2)
    def add_the_currency(data: EventData) -> EventData:
        return {**data, "currency": "credit"}

    shapes = [{"amount": 7}, {"units": 7}, {"units": 7, "currency": "credit"}]
    events = [
        NewEvent(type=event_type, data=data, at=NOON, schema_version=version) for version, data in enumerate(shapes, 1)
    ]
    append(stream=stream, expected_version=0, events=events)
    recorded = list(read_stream(stream))
    assert [event.data for event in recorded] == [shapes[2]] * 3
    assert {event.schema_version for event in recorded} == {3}
    assert [event.recorded_data for event in recorded] == shapes
    assert [event.recorded_schema_version for event in recorded] == [1, 2, 3]
    assert verify_events(stream=stream).intact


def test_a_step_has_one_upcaster_and_other_types_are_left_alone() -> None:
    event_type = f"Renamed-{uuid7_text()}"
    upcasts(event_type, from_version=1)(lambda data: {"new": data["old"]})
    with pytest.raises(ValueError, match="already has an upcaster from version 1"):
        upcasts(event_type, from_version=1)(lambda data: data)
    untouched = {"old": 1}
    assert upcast("SomethingElse", 1, untouched) == (1, untouched)
    assert upcast(event_type, 1, untouched) == (2, {"new": 1})
