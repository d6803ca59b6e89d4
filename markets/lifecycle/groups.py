"""Groups: binary markets tied together under one question."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance.access.policies import require
from governance.identity.models import User
from markets.lifecycle.errors import InvalidMarket
from markets.lifecycle.models import Market, MarketGroup


@transaction.atomic
def create_group(*, actor: User, organization_id: UUID, question: str, description: str, now: datetime) -> MarketGroup:
    """Make a group that binary markets can be created in. Needs markets.create. Raises: NotPermitted, InvalidMarket."""
    require(actor, "markets.create", organization_id)
    if not question.strip():
        raise InvalidMarket("A group needs a question.")
    return MarketGroup.objects.create(
        organization_id=organization_id,
        question=question.strip(),
        description=description.strip(),
        created_by=actor,
        created_at=now,
    )


def group_of(*, group_id: UUID | None, label: str, kind: str, organization_id: UUID) -> MarketGroup | None:
    """Raises InvalidMarket for a group of another organization, a market that is not binary, or a label without a group."""
    if group_id is None:
        if label:
            raise InvalidMarket("group_label belongs to a market of a group.")
        return None
    group = MarketGroup.objects.filter(pk=group_id, organization_id=organization_id).first()
    if group is None:
        raise InvalidMarket("The organization has no such group.")
    if kind != Market.Kind.BINARY:
        raise InvalidMarket("A group ties binary markets together.")
    return group
