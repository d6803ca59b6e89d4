"""What the markets endpoints take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.analytics.markets.ranking import DayFigures
from markets.engine.units import MAX_QUANTITY, SET_UNITS
from markets.ledger.services import MAX_UNITS
from markets.lifecycle.models import MAX_OUTCOMES, Market
from markets.lifecycle.scalar import decimal_text, value_at_price
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField

LONGEST_TEXT = 20_000
_MAX_WINDOW_S = 365 * 86_400

MARKET_INPUT_EXAMPLE = {
    "organization": "weather-desk",
    "question": "Will it rain in Lisbon on 1 March?",
    "criteria": "Yes if the airport's station records at least 0.1 mm between 00:00 and 24:00 local time.",
    "kind": "binary",
    "is_public": True,
    "closes_at": "2027-03-01T00:00:00Z",
    "house_liquidity": 500,
    "taker_fee_bps": 50,
}


class OutcomeSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in every vector of the market.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class
    price = serializers.IntegerField(help_text="Last price in units; the opening price before the first trade.")
    price_change_24h = serializers.IntegerField(
        allow_null=True, help_text="Units; since the opening price if the market opened later. Null before it opened."
    )
    payout = serializers.IntegerField(allow_null=True, help_text="What a contract pays, once a resolution is proposed.")


class ScalarSerializer(serializers.Serializer[Any]):
    """Decimal numbers as text. Long pays (value - lower) / (upper - lower), clipped; Short the rest."""

    lower = serializers.CharField()
    upper = serializers.CharField()
    unit = serializers.CharField()
    implied_value = serializers.CharField(help_text="At which Long would pay its last price.")
    settlement_value = serializers.CharField(allow_null=True, help_text="Given with the resolution.")


class MarketSerializer(serializers.Serializer[Any]):
    """A market: its question, rules, figures and where it stands. People are shown to those who hold markets.read."""

    id = serializers.UUIDField()
    organization = serializers.UUIDField()
    organization_slug = serializers.CharField()
    kind = serializers.ChoiceField(choices=Market.Kind.choices)
    question = serializers.CharField()
    description = serializers.CharField()
    criteria = serializers.CharField(help_text="How it will be resolved; frozen when the market opens.")
    criteria_hash = serializers.CharField(help_text="SHA-256 of the frozen criteria; empty before opening.")
    category = serializers.CharField()
    is_public = serializers.BooleanField()
    status = serializers.ChoiceField(choices=Market.Status.choices)
    outcomes = OutcomeSerializer(many=True)
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    dispute_window_s = serializers.IntegerField()
    dispute_bond = serializers.IntegerField(help_text="Units a holder puts down to dispute a resolution.")
    dispute_ends_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then a proposed resolution may be disputed."
    )
    auto_finalize = serializers.BooleanField(
        help_text="Paid at the end of the dispute window, once a second person has confirmed the resolution."
    )
    finalizes_at = serializers.DateTimeField(allow_null=True, help_text="When that will be; null while it is open.")
    taker_fee_bps = serializers.IntegerField()
    maker_fee_bps = serializers.IntegerField()
    group = serializers.UUIDField(allow_null=True, help_text="The group of markets it belongs to.")
    group_label = serializers.CharField(help_text="What it stands for within its group.")
    scalar = ScalarSerializer(allow_null=True, help_text="Of a scalar market; null for others.")
    house_liquidity = serializers.IntegerField(help_text="LMSR b in contracts; 0: no house market maker.")
    house_prior = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="The house's opening prices; null: equal."
    )
    position_limit = serializers.IntegerField(
        allow_null=True,
        help_text="Contracts of one outcome an account may come to hold; null: the organization's default.",
    )
    order_limit = serializers.IntegerField(allow_null=True, help_text="Open orders per account; null: the default.")
    order_quantity_limit = serializers.IntegerField(
        allow_null=True, help_text="Contracts per order; null: the default."
    )
    evidence = serializers.CharField(help_text="Given with the proposed resolution; empty before.")
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    last_trade_at = serializers.DateTimeField(allow_null=True)
    created_by = serializers.UUIDField(allow_null=True)
    approved_by = serializers.UUIDField(allow_null=True)
    resolved_by = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField(help_text="The last event of its stream.")
    sequence = serializers.IntegerField(help_text="The last trade; also the number of trades.")
    open_sets = serializers.IntegerField(help_text="Complete sets in existence.")
    volume = serializers.IntegerField(help_text="Contracts traded.")
    volume_value = serializers.IntegerField(help_text="Units paid for them.")
    volume_24h = serializers.IntegerField(help_text="Contracts traded within 24 hours.")
    volume_24h_value = serializers.IntegerField(help_text="Units paid for them.")


@extend_schema_serializer(examples=[OpenApiExample("Binary market", value=MARKET_INPUT_EXAMPLE, request_only=True)])
class MarketInput(InputSerializer):
    organization = StrictTextField(max_length=60, help_text="Id or short name.")
    question = StrictTextField(max_length=300)
    criteria = StrictTextField(max_length=LONGEST_TEXT, help_text="How the market will be resolved.")
    kind = serializers.ChoiceField(choices=Market.Kind.choices, default="binary")
    outcomes = serializers.ListField(
        child=StrictTextField(max_length=120),
        default=list,
        max_length=MAX_OUTCOMES,
        help_text="Labels. Yes and No for a binary market if left out.",
    )
    is_exhaustive = StrictBooleanField(
        default=False, help_text='The outcomes cover every case; otherwise a categorical market gets an "Other".'
    )
    description = StrictTextField(max_length=LONGEST_TEXT, allow_blank=True, default="")
    category = StrictTextField(max_length=60, allow_blank=True, default="")
    is_public = StrictBooleanField(default=False, help_text="Readable by everybody; trading stays with members.")
    opens_at = serializers.DateTimeField(
        allow_null=True, default=None, help_text="An approved market opens by itself then; null: when opened by hand."
    )
    closes_at = serializers.DateTimeField(
        allow_null=True, default=None, help_text="Trading stops then; null: when closed by hand."
    )
    dispute_window_s = StrictIntegerField(min_value=0, max_value=_MAX_WINDOW_S, default=86_400)
    dispute_bond = StrictIntegerField(
        min_value=0, max_value=MAX_UNITS, default=0, help_text="Units; lost if the resolution is upheld."
    )
    auto_finalize = StrictBooleanField(
        default=False, help_text="Pay when the dispute window ends, once a second person has confirmed the resolution."
    )
    taker_fee_bps = StrictIntegerField(min_value=0, max_value=10_000, default=0)
    maker_fee_bps = StrictIntegerField(
        min_value=-10_000,
        max_value=10_000,
        default=0,
        help_text="Negative: a rebate, at most as large as the taker's fee.",
    )
    group = serializers.UUIDField(allow_null=True, default=None, help_text="A group of the organization's.")
    group_label = StrictTextField(max_length=120, allow_blank=True, default="")
    scalar_lower = serializers.DecimalField(24, 8, allow_null=True, default=None, help_text="Of a scalar market.")
    scalar_upper = serializers.DecimalField(24, 8, allow_null=True, default=None, help_text="Of a scalar market.")
    scalar_unit = StrictTextField(max_length=40, allow_blank=True, default="", help_text="Such as °C or mm.")
    house_liquidity = StrictIntegerField(min_value=0, max_value=MAX_QUANTITY, default=0)
    house_prior = serializers.ListField(
        child=StrictIntegerField(min_value=0, max_value=SET_UNITS),
        allow_null=True,
        default=None,
        max_length=MAX_OUTCOMES,
        help_text="Opening prices per outcome, summing to 10,000; null: equal.",
    )


def scalar_body(market: Market) -> dict[str, object] | None:
    """A scalar market's bounds and value; None for others."""
    lower, upper, implied = market.scalar_lower, market.scalar_upper, value_at_price(market)
    if lower is None or upper is None or implied is None:
        return None
    value = market.settlement_value
    return {
        "lower": decimal_text(lower),
        "upper": decimal_text(upper),
        "unit": market.scalar_unit,
        "implied_value": decimal_text(implied),
        "settlement_value": None if value is None else decimal_text(value),
    }


def market_body(market: Market, *, shows_people: bool, day: DayFigures) -> dict[str, object]:
    """A market, read with its organization and outcomes, and its last 24 hours."""
    payout = market.payout_units
    people = (market.created_by_id, market.approved_by_id, market.resolved_by_id) if shows_people else (None,) * 3
    return {
        "id": market.pk,
        "organization": market.organization_id,
        "organization_slug": market.organization.slug,
        "kind": market.kind,
        "question": market.question,
        "description": market.description,
        "criteria": market.criteria,
        "criteria_hash": market.criteria_hash,
        "category": market.category,
        "is_public": market.is_public,
        "status": market.status,
        "outcomes": [
            {
                "index": outcome.index,
                "label": outcome.label,
                "price": market.price_units[outcome.index],
                "price_change_24h": day.change_units(outcome.index),
                "payout": payout[outcome.index] if payout is not None else None,
            }
            for outcome in market.outcomes.all()
        ],
        "opens_at": market.opens_at,
        "closes_at": market.closes_at,
        "dispute_window_s": market.dispute_window_s,
        "dispute_bond": market.dispute_bond_units,
        "dispute_ends_at": market.dispute_ends_at,
        "auto_finalize": market.auto_finalize,
        "finalizes_at": market.finalizes_at,
        "taker_fee_bps": market.taker_fee_bps,
        "maker_fee_bps": market.maker_fee_bps,
        "group": market.group_id,
        "group_label": market.group_label,
        "scalar": scalar_body(market),
        "house_liquidity": market.house_liquidity,
        "house_prior": market.house_prior_units,
        "position_limit": market.position_limit_contracts,
        "order_limit": market.order_limit,
        "order_quantity_limit": market.order_quantity_limit,
        "evidence": market.resolution_note,
        "created_at": market.created_at,
        "approved_at": market.approved_at,
        "opened_at": market.opened_at,
        "closed_at": market.closed_at,
        "resolved_at": market.resolved_at,
        "settled_at": market.settled_at,
        "last_trade_at": market.last_trade_at,
        "created_by": people[0],
        "approved_by": people[1],
        "resolved_by": people[2],
        "version": market.version,
        "sequence": market.trade_sequence,
        "open_sets": market.open_sets,
        "volume": market.volume_contracts,
        "volume_value": market.volume_units,
        "volume_24h": day.contracts,
        "volume_24h_value": day.value_units,
    }
