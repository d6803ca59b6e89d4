"""The home page says what waits for somebody, to those who can do something about it."""

from datetime import timedelta

import pytest
from django.contrib import admin

from markets.comments.services import post_comment, report_comment
from opinion_market.console.navigation import GROUPS, NAMES
from opinion_market.eventstore import subscriptions, troubles
from opinion_market.eventstore.models import Checkpoint, EventHandler, Process, QueuedCommand
from opinion_market.eventstore.sealing import seal_events
from opinion_market.kernel import clock
from tests.console.scene import REASON, Exchange, client_of, page
from tests.console.test_event_store_pages import a_command, a_handler, a_process
from tests.eventstore.sealed import everything_is_final

pytestmark = pytest.mark.django_db


def concerns(user) -> dict[str, str]:
    """Text and link of what waits, as the user's home page has it."""
    return {each.text: each.link for each in client_of(user).get(page("index")).context["concerns"]}


def test_a_reported_comment_waits_for_those_who_moderate_there():
    ours, theirs = Exchange(), Exchange()
    market, author, reader = ours.market(), ours.member(), ours.member()
    comment = post_comment(actor=author, market_id=market.pk, text="It will not.", parent_id=None, now=clock.now())
    text = "comment is reported and awaits a decision"
    assert text not in concerns(ours.creator)
    report_comment(actor=reader, market_id=market.pk, comment_id=comment.pk, reason="Rude", now=clock.now())
    link = concerns(ours.creator)[text]
    assert client_of(ours.creator).get(link).context["cl"].result_count == 1
    assert text in concerns(ours.root)
    assert text not in concerns(ours.member("viewer"))
    assert text not in concerns(theirs.creator)


def test_a_dispute_and_a_request_to_void_wait():
    exchange = Exchange()
    market = exchange.market("closed")
    client = client_of(exchange.creator)
    client.post(page("markets_market_step", market.pk, "void"), {"reason": REASON})
    link = concerns(exchange.approver)["market awaits a second person's decision to void or correct them"]
    assert [row.pk for row in client.get(link).context["cl"].queryset] == [market.pk]


def test_a_stuck_process_is_a_fault_for_its_auditors():
    ours, theirs = Exchange(), Exchange()
    process = a_process(ours)
    text = "process is stuck: it can neither go on nor be undone"
    assert text not in concerns(ours.creator)
    Process.objects.filter(pk=process.pk).update(state="stuck")
    link = concerns(ours.creator)[text]
    assert client_of(ours.creator).get(link).context["cl"].result_count == 1
    assert text not in concerns(theirs.creator)
    assert text not in concerns(ours.member("manager"))


def test_a_handler_that_was_given_up_is_named_and_one_that_a_person_disabled_is_not():
    exchange = Exchange()
    handler = a_handler(exchange)
    text = "event handler was disabled after failing again and again"
    EventHandler.objects.filter(pk=handler.pk).update(is_active=False)
    assert text not in concerns(exchange.creator)
    EventHandler.objects.filter(pk=handler.pk).update(disabled_reason="Given up")
    assert client_of(exchange.creator).get(concerns(exchange.creator)[text]).context["cl"].result_count == 1


def test_failing_and_paused_projections_are_named_to_superusers_alone():
    exchange = Exchange()
    first, second = (subscription.name for subscription in subscriptions.registered()[:2])
    Checkpoint.objects.update_or_create(subscriber=first, defaults={"failures": 3})
    Checkpoint.objects.update_or_create(subscriber=second, defaults={"paused_at": clock.now()})
    found = concerns(exchange.root)
    assert f"projection is failing: {first}" in found
    assert f"projection is paused: {second}" in found
    assert not [text for text in concerns(exchange.creator) if text.startswith("projection")]


def test_a_command_that_nobody_carries_out_is_a_fault():
    exchange = Exchange()
    command = a_command(exchange, exchange.market())
    text = "command has waited for more than 2 minutes"
    assert text not in concerns(exchange.root)
    QueuedCommand.objects.filter(pk=command.pk).update(due_at=clock.now() - timedelta(minutes=3))
    assert client_of(exchange.root).get(concerns(exchange.root)[text]).context["cl"].result_count == 1


def test_events_without_a_seal_are_overdue_after_two_hours_and_not_once_they_are_sealed(monkeypatch):
    everything_is_final(monkeypatch)
    exchange = Exchange()
    seal_events(now=clock.now())
    exchange.market()
    now = clock.now()
    late = now + troubles.SEALED_WITHIN + timedelta(minutes=1)
    assert troubles.unsealed_since(now=now) is None
    since = troubles.unsealed_since(now=late)
    assert since is not None
    assert since <= now
    assert seal_events(now=now)
    assert troubles.unsealed_since(now=late) is None


def test_an_overdue_seal_is_named_to_superusers_alone():
    # The organization of a scene is older than two hours, and nothing has been sealed.
    exchange = Exchange()
    text = "hours since the oldest event without a seal; one is due every hour"
    assert text in concerns(exchange.root)
    assert text not in concerns(exchange.creator)


def test_no_group_of_the_sidebar_is_too_long_to_be_read_at_a_glance_and_every_page_is_in_one():
    assert max(map(len, GROUPS.values())) <= 6
    linked = {entry.model for entries in GROUPS.values() for entry in entries}
    inside_another_page = {
        "django_celery_beat.ClockedSchedule", "django_celery_beat.CrontabSchedule",
        "django_celery_beat.IntervalSchedule", "django_celery_beat.SolarSchedule",
    }  # fmt: skip
    assert {model._meta.label for model in admin.site._registry} - linked <= inside_another_page


@pytest.mark.parametrize("model", sorted(NAMES))
def test_a_page_is_called_what_people_call_its_rows(model):
    _one, several = NAMES[model]
    address = page(f"{model.lower().replace('.', '_')}_changelist")
    body = client_of(Exchange().root).get(address).content.decode()
    assert several.replace("'", "&#x27;").lower() in body.lower()
    assert "defaultss" not in body


def test_an_empty_list_says_what_will_be_there_and_a_search_in_vain_offers_all_rows():
    exchange = Exchange()
    client = client_of(exchange.root)
    address = page("markets_rewardcampaign_changelist")
    empty = client.get(address).content.decode()
    assert "Nothing here yet" in empty
    assert "out of the subsidy account" in empty
    assert "Add reward campaign" in empty
    assert "Show all" not in empty
    market = exchange.market()
    searched = client.get(page("markets_market_changelist"), {"q": "no such question"}).content.decode()
    assert "Nothing matches" in searched
    assert "Show all" in searched
    assert market.question not in searched
