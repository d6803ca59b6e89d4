"""The exchange's part of the catalogue of event types."""

from opinion_market.eventstore.event_types import Category, EventType

_MARKET, _ACCOUNT = "market-<id>", "account-<id>"
_CAMPAIGN, _COMMENT = "campaign-<id>", "comment-<id>"


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
    _market("MarketLimitsChanged", "What accounts may hold and order in the market was changed."),
    _market("OutcomeSplit", "A new outcome was split off from Other."),
    _market("ResolutionConfirmed", "A second person agreed with a proposal before its window ended."),
    _market("ResolutionWithdrawn", "A proposal was taken back."),
    _market("ResolutionDisputed", "A holder objected to a proposal, against a bond."),
    _market("ResolutionUpheld", "A review let a disputed proposal stand."),
    _market("ResolutionOverturned", "A review put another payout in a disputed proposal's place."),
    _market("ResolutionFinalized", "A proposal became final."),
    _market("VoidRequested", "Somebody asked for the market to be voided."),
    _market("VoidRejected", "The market is not voided."),
    _market("CorrectionRequested", "Somebody asked for another payout after the settlement."),
    _market("CorrectionRejected", "What was paid stands."),
    EventType("MarketVoided", Category.PAYMENT, "Every holder was paid at the frozen prices.", _MARKET),
    EventType("ResolutionCorrected", Category.PAYMENT, "Differences to another payout moved between holders.", _MARKET),
    EventType("BondsReturned", Category.PAYMENT, "Bonds of disputes went back to their owners.", _MARKET),
    EventType("MarketSettled", Category.PAYMENT, "Every holder was paid out of escrow.", _MARKET),
    EventType("MarketSwept", Category.PAYMENT, "Subsidy left over and fees went to the organization.", _MARKET),
    EventType("OrderPlaced", Category.ORDER, "An order was placed, with all its fills: the trades.", _MARKET),
    EventType("OrderAmended", Category.ORDER, "An order was placed anew with other terms, with its fills.", _MARKET),
    EventType("OrderReduced", Category.ORDER, "An order became smaller and kept its place.", _MARKET),
    EventType("OrdersCancelled", Category.ORDER, "Orders were cancelled.", _MARKET),
    EventType("OrdersExpired", Category.ORDER, "Orders whose time was up were taken off the book.", _MARKET),
    EventType("SetsMinted", Category.TRADE, "Complete sets were bought for cash.", _MARKET),
    EventType("SetsMerged", Category.TRADE, "Complete sets were given back for cash.", _MARKET),
    EventType("FundsDeposited", Category.PAYMENT, "Play money was paid in.", _ACCOUNT),
    EventType("FundsWithdrawn", Category.PAYMENT, "Play money was taken out.", _ACCOUNT),
    EventType("AccountBlocked", Category.ORDER, "Trading was stopped for an account.", _ACCOUNT),
    EventType("AccountUnblocked", Category.ORDER, "An account may trade again.", _ACCOUNT),
    EventType("AccountLimitsChanged", Category.ORDER, "What an account may hold and order was changed.", _ACCOUNT),
    EventType("LimitDefaultsChanged", Category.MARKET, "An organization's limits were changed.", "organization-<id>"),
    EventType("CampaignCreated", Category.MARKET, "Rewards for liquidity were offered.", _CAMPAIGN),
    EventType("CampaignStarted", Category.PAYMENT, "A campaign's budget was taken from the subsidy.", _CAMPAIGN),
    EventType("RewardsPaid", Category.PAYMENT, "An hour's rewards were paid.", _CAMPAIGN),
    EventType("CampaignFinished", Category.PAYMENT, "What a campaign had left went back to the subsidy.", _CAMPAIGN),
    EventType("CampaignStopped", Category.PAYMENT, "Staff ended a campaign early.", _CAMPAIGN),
    EventType("CommentPosted", Category.USER, "A comment was written.", _COMMENT),
    EventType("CommentEdited", Category.USER, "A comment's author changed it.", _COMMENT),
    EventType("CommentDeleted", Category.USER, "A comment's author took it back.", _COMMENT),
    EventType("CommentReported", Category.USER, "A reader reported a comment.", _COMMENT),
    EventType("CommentHidden", Category.USER, "Staff hid a comment.", _COMMENT),
    EventType("CommentUnhidden", Category.USER, "Staff showed a comment again.", _COMMENT),
    EventType("CommentKept", Category.USER, "Staff let a reported comment stand.", _COMMENT),
)
