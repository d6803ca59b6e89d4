"""What the exchange counts of itself is what its tables hold, whoever counted it."""

from collections import Counter
from datetime import timedelta
from threading import Thread

import pytest
from django.db import DatabaseError

from markets.performance import selectors
from markets.performance.histograms import LATENCY_BOUNDS_US
from markets.performance.models import ExchangeMinute, ExchangeSecond
from markets.performance.recording import SECOND, meter, record
from markets.performance.tally import Meter, Tally
from markets.performance.upkeep import keep_exchange_figures
from markets.trading.models import Order
from opinion_market.eventstore.models import Event
from opinion_market.kernel import clock
from tests.api_markets.venue import Venue, an_order

pytestmark = pytest.mark.django_db

MILLISECOND_NS = 1_000_000


@pytest.fixture
def now():
    meter().take()
    return clock.now().replace(microsecond=0, second=30)


def a_batch(counting: Meter, *, commands: int = 1, took_ms: int = 1, waiting: int = 0, refusals: tuple[str, ...] = ()):
    counting.batch(
        arrivals=[(0, commands)], began_ns=0, done_ns=took_ms * MILLISECOND_NS, waiting=waiting,
        orders=commands - len(refusals), refusals=refusals,
    )  # fmt: skip


def test_orders_refusals_and_batches_are_those_of_the_tables(now):
    venue = Venue()
    market, ann, ben = venue.market(), venue.trader(), venue.trader(credits=1)
    meter().take()
    orders, events = Order.objects.count(), Event.objects.count()
    for price in (4000, 4100, 4200):
        ann.order(market, price=price, key=f"once-{price}")
    ann.order(market, price=4000, key="once-4000")
    refused = Counter(ben.order_refused(market, quantity=quantity)[1] for quantity in (900, 800))
    ann.post("orders/batch", {"orders": []}, 422)
    taken = meter().take()
    assert taken.orders == Order.objects.count() - orders == 3
    assert taken.commands == 6
    assert taken.refusals == dict(refused)
    assert taken.refused == 2
    # Nobody else was there: each command was a batch, and each order that was placed one event.
    assert taken.batches == taken.sizes[0] == 6
    assert Event.objects.count() - events == taken.orders
    assert sum(taken.latency) == taken.commands
    assert taken.latency_us > 0


def test_a_batch_of_one_caller_counts_each_command(now):
    venue = Venue()
    market, ann = venue.market(), venue.trader()
    meter().take()
    ann.post("orders/batch", {"orders": [{"market": market, **an_order(price=price)} for price in (100, 200, 300)]})
    taken = meter().take()
    assert (taken.commands, taken.orders, taken.batches) == (3, 3, 1)
    assert taken.sizes[:4] == [0, 0, 1, 0]


def test_no_count_is_lost_between_threads():
    counting = Meter()
    threads = [Thread(target=lambda: [a_batch(counting, commands=2) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    taken = [counting.take() for _ in range(50)]
    for thread in threads:
        thread.join()
    taken.append(counting.take())
    assert sum(each.commands for each in taken) == 4 * 500 * 2
    assert sum(sum(each.latency) for each in taken) == 4 * 500 * 2
    assert sum(sum(each.sizes) for each in taken) == 4 * 500


def test_several_processes_are_summed_bucket_by_bucket(now):
    for took_ms, code in ((1, "insufficient_funds"), (100, "market_closed")):
        process = Meter()
        a_batch(process, commands=50, took_ms=took_ms, waiting=took_ms, refusals=(code, code))
        assert record(process, now=now)
    ExchangeSecond.objects.filter(waiting=1).update(process="elsewhere:1")
    (slot,) = selectors.slots(since=now - SECOND, until=now, step=SECOND)
    assert (slot.processes, slot.commands, slot.orders, slot.batches) == (2, 100, 96, 2)
    assert slot.refusals == {"insufficient_funds": 2, "market_closed": 2}
    assert (slot.waiting_most, slot.waiting) == (100, 101)
    assert slot.commands_per_s == 100
    assert 800 <= slot.latency_at(0.5) <= 1_200
    assert 80_000 <= slot.latency_at(0.95) <= 120_000
    assert selectors.whole(since=now - 60 * SECOND, until=now).latency == slot.latency


def test_a_time_without_orders_is_a_row_of_zeros(now):
    found = selectors.slots(since=now - 5 * SECOND, until=now, step=SECOND)
    assert [each.at for each in found] == [now - back * SECOND for back in range(5, 0, -1)]
    assert {(each.commands, each.latency_at(0.5)) for each in found} == {(0, None)}


def test_an_idle_process_writes_nothing(now):
    assert not record(Meter(), now=now)
    assert not ExchangeSecond.objects.exists()


def test_what_could_not_be_written_is_written_with_the_next_second(now, monkeypatch):
    counting = Meter()
    a_batch(counting, commands=3, refusals=("market_closed",))

    def unreachable(*args, **kwargs):
        raise DatabaseError("away")

    with monkeypatch.context() as away:
        away.setattr(ExchangeSecond, "save", unreachable)
        with pytest.raises(DatabaseError):
            record(counting, now=now)
    a_batch(counting, commands=4, took_ms=5)
    assert record(counting, now=now + SECOND)
    row = ExchangeSecond.objects.get()
    assert (row.commands, row.orders, row.batches, row.refusals) == (7, 6, 2, {"market_closed": 1})
    assert sum(row.latency) == 7


def test_minutes_are_the_sums_of_their_seconds_and_late_seconds_still_count(now):
    counting = Meter()
    for second in (10, 20, 70):
        a_batch(counting, commands=second, refusals=("market_closed",))
        record(counting, now=now - timedelta(minutes=5) + second * SECOND)
    assert keep_exchange_figures(now=now) == 2
    assert list(ExchangeMinute.objects.values_list("commands", "batches", "refusals")) == [
        (30, 2, {"market_closed": 2}),
        (70, 1, {"market_closed": 1}),
    ]
    a_batch(counting, commands=5, took_ms=90_000)
    record(counting, now=now - timedelta(minutes=5) + 25 * SECOND)
    keep_exchange_figures(now=now)
    keep_exchange_figures(now=now)
    first = ExchangeMinute.objects.order_by("at").first()
    assert (first.commands, first.batches, first.latency[len(LATENCY_BOUNDS_US)]) == (35, 3, 5)


def test_charts_over_a_day_count_minutes_and_the_seconds_after_them_once(now):
    counting = Meter()
    for minutes in (600, 300, 6, 2, 0):
        a_batch(counting, commands=2)
        record(counting, now=now - timedelta(minutes=minutes))
        keep_exchange_figures(now=now - timedelta(minutes=minutes) + timedelta(seconds=45))
    found = selectors.slots(since=now - timedelta(hours=24), until=now, step=timedelta(minutes=10))
    assert sum(each.commands for each in found) == 10
    assert selectors.whole(since=now - timedelta(hours=24), until=now).commands == 10


def test_seconds_are_kept_for_an_hour_and_minutes_for_two_weeks(now):
    counting = Meter()
    for age in (timedelta(days=15), timedelta(days=13), timedelta(minutes=62), timedelta(minutes=30)):
        a_batch(counting)
        record(counting, now=now - age)
        keep_exchange_figures(now=now - age + timedelta(minutes=1))
    keep_exchange_figures(now=now)
    assert ExchangeMinute.objects.count() == 3
    assert ExchangeSecond.objects.count() == 1


def test_what_is_put_back_and_taken_again_is_what_it_was():
    counting = Meter()
    a_batch(counting, commands=4, took_ms=3, waiting=2, refusals=("market_closed",))
    counting.failure("internal_error", 2)
    taken = counting.take()
    assert counting.take() == Tally()
    counting.put_back(taken)
    assert counting.take() == taken
    assert taken.failed == 2
    assert taken.refusals == {"market_closed": 1, "internal_error": 2}
