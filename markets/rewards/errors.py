"""Why a campaign is not made, started or stopped."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound


class CampaignNotFound(NotFound):
    """There is no such campaign, or it runs where the caller may not see it."""

    code = "campaign_not_found"
    title = "There is no such reward campaign, or none that you may see."


class InvalidCampaign(InvalidInput):
    """A campaign has a market or a category, a budget of at least a unit per hour, and whole hours that lie ahead."""

    code = "invalid_campaign"
    title = "The campaign is not described properly."


class CampaignEnded(Conflict):
    """The campaign is finished or was stopped."""

    code = "campaign_ended"
    title = "The campaign has ended."
