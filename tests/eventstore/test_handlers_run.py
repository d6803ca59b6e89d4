"""The handlers' subscription, run as the platform runs it: an event that is committed is noted, once."""

from datetime import timedelta

import pytest

from opinion_market.eventstore import handlers
from opinion_market.eventstore.append import append
from opinion_market.eventstore.models import Delivery, EventHandler
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7, uuid7_text
from tests.eventstore.conftest import happened, run_until

pytestmark = pytest.mark.usefixtures("committed_db")


def test_a_committed_event_is_noted_once_for_each_handler(stream: str) -> None:
    organization, type = uuid7(), f"Counted{uuid7_text()[-12:]}"
    given = {"actor_id": uuid7(), "organization_id": organization, "event_type": type, "action": "audit_entry"}
    made = [
        handlers.create(name=name, settings={"note": "x"}, filter={"number": 2}, now=clock.now(), **given)
        for name in ("first", "second")
    ]
    later = clock.now() + timedelta(seconds=1)
    events = [happened(number, type=type, organization=str(organization), at=later) for number in (1, 2, 3)]
    append(stream=stream, expected_version=0, events=events)
    last = append(
        stream=stream, expected_version=3, events=[happened(2, type=type, organization=str(organization), at=later)]
    )
    noted = Delivery.objects.filter(handler__in=made)
    run_until(handlers.HANDLERS, lambda: noted.count() == 4)
    assert last.version == 4
    assert noted.filter(handler=made[0]).count() == noted.filter(handler=made[1]).count() == 2
    EventHandler.objects.filter(pk__in=[each.pk for each in made]).delete()
