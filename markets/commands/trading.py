"""Commands of traders. Each calls the service that the API's own endpoint calls; authorisation is the service's."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from governance.identity.models import User
from markets.commands.answers import answer_of, appended_to, sequencer_key
from markets.engine.errors import OrderNotFound
from markets.engine.placing import Amendment
from markets.engine.units import MAX_QUANTITY, SET_UNITS
from markets.trading import services
from markets.trading.selectors import order_of, orders_of
from markets.trading.services import OrderRequest
from opinion_market.eventstore.commands import Answer, Command, CommandInput, events_of
from opinion_market.kernel.clock import microseconds

Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY, description="Contracts.")]


class PlaceOrderInput(CommandInput):
    market: UUID
    outcome: Annotated[int, Field(ge=0, le=32_767, description="Place in the market's outcomes, from 0.")]
    side: Literal["buy", "sell"]
    quantity: Quantity | None = None
    budget: Annotated[
        int | None,
        Field(
            ge=1, le=MAX_QUANTITY * SET_UNITS, description="Units a market order to buy spends, instead of a quantity."
        ),
    ] = None
    type: Literal["limit", "market"] = "limit"
    price: Annotated[int | None, Field(description="Units, 1 to 9,999; a market order's worst price.")] = None
    time_in_force: Literal["gtc", "gtd", "ioc", "fok"] | None = None
    post_only: bool = False
    reduce_only: bool = False
    client_order_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    expires_at: AwareDatetime | None = None
    valid_until: Annotated[AwareDatetime | None, Field(description="Refused if its turn comes later.")] = None


class AmendOrderInput(CommandInput):
    order: UUID
    price: Annotated[int | None, Field(description="Units, 1 to 9,999.")] = None
    quantity: Annotated[Quantity | None, Field(description="The order's new whole, with what is filled.")] = None
    expires_at: AwareDatetime | None = None
    valid_until: Annotated[AwareDatetime | None, Field(description="Refused if its turn comes later.")] = None


class CancelOrderInput(CommandInput):
    order: UUID


class CancelOrdersInput(CommandInput):
    market: UUID


class SetsInput(CommandInput):
    market: UUID
    quantity: Quantity
    valid_until: AwareDatetime | None = None


def place_order(*, actor: User, input: PlaceOrderInput, now: datetime, key: UUID) -> Answer:
    """Place an order on the actor's account. Raises what `trading.place_order` raises or refuses."""
    request = OrderRequest(**input.model_dump(exclude={"market"}))
    outcome = services.place_order(
        actor=actor, market_id=input.market, request=request, now=now, idempotency=sequencer_key(actor, key, input)
    )
    return answer_of(outcome, input.market, since=now)


def amend_order(*, actor: User, input: AmendOrderInput, now: datetime, key: UUID) -> Answer:
    """Give one of the actor's open orders other terms. Raises OrderNotFound and what `trading.amend_order` refuses."""
    expires_at = input.expires_at
    outcome = services.amend_order(
        actor=actor,
        order_id=input.order,
        amendment=Amendment(
            price=input.price,
            quantity=input.quantity,
            expires_us=microseconds(expires_at) if expires_at is not None else None,
            new_expiry="expires_at" in input.model_fields_set,
        ),
        valid_until=input.valid_until,
        idempotency=sequencer_key(actor, key, input),
    )
    return answer_of(outcome, order_of(actor, input.order).market_id, since=now)


def cancel_order(*, actor: User, input: CancelOrderInput, now: datetime, key: UUID) -> Answer:
    """Cancel one of the actor's open orders. Raises OrderNotFound, OrderNotOpen."""
    market_id = orders_of(actor).filter(pk=input.order).values_list("market_id", flat=True).first()
    if market_id is None:
        raise OrderNotFound(order_id=str(input.order))
    outcome = services.cancel_order(actor=actor, order_id=input.order, idempotency=sequencer_key(actor, key, input))
    return answer_of(outcome, market_id, since=now)


def cancel_orders(*, actor: User, input: CancelOrdersInput, now: datetime, key: UUID) -> Answer:
    """Cancel all the actor's open orders in a market. Repeated after a crash it tells what the first attempt cancelled."""
    services.cancel_orders(actor=actor, market_id=input.market)
    ranges = appended_to(input.market, since=now)
    cancelled = [order for event in events_of(ranges) for order in event.data["orders"]]
    return Answer({"market": str(input.market), "cancelled": cancelled}, appended=ranges)


def mint_sets(*, actor: User, input: SetsInput, now: datetime, key: UUID) -> Answer:
    """Buy complete sets."""
    outcome = services.mint_sets(
        actor=actor,
        market_id=input.market,
        quantity=input.quantity,
        valid_until=input.valid_until,
        now=now,
        idempotency=sequencer_key(actor, key, input),
    )
    return answer_of(outcome, input.market, since=now)


def merge_sets(*, actor: User, input: SetsInput, now: datetime, key: UUID) -> Answer:
    """Give complete sets back."""
    outcome = services.merge_sets(
        actor=actor,
        market_id=input.market,
        quantity=input.quantity,
        valid_until=input.valid_until,
        now=now,
        idempotency=sequencer_key(actor, key, input),
    )
    return answer_of(outcome, input.market, since=now)


COMMANDS = (
    Command("PlaceOrder", PlaceOrderInput, place_order, None, "Place an order on your account.", sequenced=True),
    Command("AmendOrder", AmendOrderInput, amend_order, None, "Give an open order other terms.", sequenced=True),
    Command("CancelOrder", CancelOrderInput, cancel_order, None, "Cancel one of your open orders.", sequenced=True),
    Command(
        "CancelOrders",
        CancelOrdersInput,
        cancel_orders,
        None,
        "Cancel all your open orders in a market.",
        sequenced=True,
    ),
    Command("MintSets", SetsInput, mint_sets, None, "Buy complete sets for 1 credit each.", sequenced=True),
    Command("MergeSets", SetsInput, merge_sets, None, "Give complete sets back for 1 credit each.", sequenced=True),
)
