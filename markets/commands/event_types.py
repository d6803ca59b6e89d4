"""The exchange's part of the catalogue of event types."""

from opinion_market.eventstore.event_types import Category, EventType

_MARKET, _ACCOUNT = "market-<id>", "account-<id>"


def _market(type: str, description: str) -> EventType:
    return EventType(type, Category.MARKET, description, _MARKET)


EVENT_TYPES = (
    _market("MarketCreated", "A draft was created."),
    _market("MarketUpdated", "A draft was changed."),
    _market("MarketSubmitted", "A draft awaits approval."),
    _market("MarketReturned", "A market was sent back to its creator."),
    _market("MarketApproved", "A market may be opened."),
    _market("MarketOpened", "Trading began; the criteria are frozen."),
    _market("MarketHalted", "Trading was stopped for a while."),
    _market("MarketResumed", "Trading goes on."),
    _market("MarketClosed", "Trading ended; resting orders were cancelled."),
    _market("ResolutionProposed", "What each outcome pays was proposed, with evidence."),
    _market("ResolutionWithdrawn", "A proposal was taken back."),
    _market("ResolutionFinalized", "A proposal became final."),
    EventType("MarketSettled", Category.PAYMENT, "Every holder was paid out of escrow.", _MARKET),
    EventType("MarketSwept", Category.PAYMENT, "Subsidy left over and fees went to the organization.", _MARKET),
    EventType("OrderPlaced", Category.ORDER, "An order was placed, with all its fills: the trades.", _MARKET),
    EventType("OrdersCancelled", Category.ORDER, "Orders were cancelled.", _MARKET),
    EventType("OrdersExpired", Category.ORDER, "Orders whose time was up were taken off the book.", _MARKET),
    EventType("SetsMinted", Category.TRADE, "Complete sets were bought for cash.", _MARKET),
    EventType("SetsMerged", Category.TRADE, "Complete sets were given back for cash.", _MARKET),
    EventType("FundsDeposited", Category.PAYMENT, "Play money was paid in.", _ACCOUNT),
    EventType("FundsWithdrawn", Category.PAYMENT, "Play money was taken out.", _ACCOUNT),
)
