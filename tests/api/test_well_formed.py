"""The quick way through an input serializer says what the serializer says, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from markets.trading.api.order_input import INPUT_EXAMPLE, BatchedOrderInput, OrderInput
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.api.well_formed import WellFormed
from opinion_market.kernel.ids import uuid7_text

_UUID = "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11"
_NO_TEXTS = [None, True, False, 0, 1, -1, 2**63, 1.0, 5300, 10_000, [], {}]
_TEXTS = ["", " ", "buy", " buy", "gtc", "5", "\u00e9", "a\tb", "x" * 65, "2030-01-01T00:00:00Z", _UUID, _UUID.upper()]
odd = st.sampled_from([*_NO_TEXTS, *_TEXTS])
names = st.sampled_from([*OrderInput().fields, "market", "colour"])
changes = st.lists(st.tuples(names, odd | st.just(...)), max_size=4)


def changed(body: dict, edits: list) -> dict:
    for name, value in edits:
        if value is ...:
            body.pop(name, None)
        else:
            body[name] = value
    return body


@pytest.mark.parametrize("kind", [OrderInput, BatchedOrderInput])
@given(edits=changes)
def test_what_the_quick_way_reads_is_what_the_serializer_reads(kind, edits):
    body = changed({**INPUT_EXAMPLE, **({"market": uuid7_text()} if kind is BatchedOrderInput else {})}, edits)
    found = WellFormed(kind).read(body)
    serializer = kind(data=body)
    if found is not None:
        assert serializer.is_valid(), (body, serializer.errors)
        assert found == dict(serializer.validated_data)
        assert {name: type(value) for name, value in found.items()} == {
            name: type(value) for name, value in serializer.validated_data.items()
        }


@pytest.mark.parametrize("left_out", [(), ("client_order_id",), ("time_in_force", "post_only", "type")])
def test_ordinary_orders_take_the_quick_way(left_out):
    body = {name: value for name, value in INPUT_EXAMPLE.items() if name not in left_out}
    assert WellFormed(OrderInput).read(body) is not None
    assert WellFormed(BatchedOrderInput).read({**body, "market": uuid7_text()}) is not None


@pytest.mark.parametrize("body", [None, [], "order", 5, True])
def test_what_is_no_object_is_left_to_the_serializer(body):
    assert WellFormed(OrderInput).read(body) is None


def test_a_field_with_ways_of_its_own_is_left_to_the_serializer():
    class Shouting(StrictTextField):
        def to_internal_value(self, data):
            return super().to_internal_value(data).upper()

    class Input(InputSerializer):
        loud = Shouting(max_length=9)
        checked = StrictTextField(max_length=9, validators=[], required=False)

    assert WellFormed(Input).read({"loud": "abc"}) is None
    assert WellFormed(Input).read({"checked": "abc"}) is None


def test_a_serializer_with_rules_across_fields_has_no_quick_way():
    class Input(InputSerializer):
        text = StrictTextField(max_length=9)

        def validate_text(self, value):
            raise serializers.ValidationError("Never.")

    with pytest.raises(TypeError, match="more than its fields"):
        WellFormed(Input)
