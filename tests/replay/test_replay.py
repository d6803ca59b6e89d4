"""Recorded trades reach the recorded prices through real commands, however often the replay is interrupted."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from governance.organizations.models import Organization
from markets.lifecycle.models import Market
from markets.simulation import replay as replaying
from markets.simulation import replay_report
from markets.simulation.recorded_trades import read_outcomes, read_trades
from markets.simulation.replay import Plan, replay
from markets.simulation.replay_report import ReplayReport
from markets.trading.models import Order, Trade
from opinion_market.eventstore.models import Event
from opinion_market.kernel import clock
from tests.replay.conftest import NET_SHARES, Record

pytestmark = pytest.mark.django_db

DATA = settings.BASE_DIR.parent / "shared" / "data"
TRADES = sum(len(positions) for positions in NET_SHARES.values())


def plan_of(record: Record, *, scale: int = 1_000, settles: bool = True) -> Plan:
    path = record.write()
    outcomes = read_outcomes(path.with_name("some_outcomes.csv"), project="TST") if settles else {}
    return Plan(read_trades(path, project="TST"), outcomes, scale=scale)


def carry_out(plan: Plan, progress: Callable[[int], None] = lambda done: None) -> ReplayReport:
    return replay_report.report(plan, replay(plan, clock=clock.now, progress=progress), now=clock.now())


def test_prices_are_those_of_the_record_and_everybody_is_paid(record: Record) -> None:
    report = carry_out(plan_of(record))
    assert report.total.trades == TRADES
    assert report.total.curve < 1e-5
    assert report.total.quoted < 1e-4
    assert report.invariants_hold
    assert set(report.statuses.values()) == {"Settled"}
    # All that is outstanding at the end belongs to holders and the house: 12 recorded contracts against "a", 41 against "b".
    assert report.payout_units > 0


@pytest.mark.parametrize("scale", [1, 10, 100, 10_000])
def test_rounding_to_whole_contracts_never_adds_up(record: Record, scale: int) -> None:
    report = carry_out(plan_of(record, scale=scale))
    # Half a contract of 100 x scale moves a price by at most a quarter of that share.
    assert report.total.curve <= 0.5 / (100 * scale) / 4 + 1e-12
    assert report.total.trades + report.total.skipped == TRADES
    assert report.invariants_hold


def test_an_interrupted_replay_continues_without_doubling_a_trade(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BATCH", 2)
    plan = plan_of(record)
    reached: list[int] = []

    def interrupt(done: int) -> None:
        if done > len(reached) + 1:
            reached.append(done)
            raise KeyboardInterrupt

    interruptions = 0
    while True:
        try:
            report = carry_out(plan, interrupt)
            break
        except KeyboardInterrupt:
            interruptions += 1
    assert interruptions > 2
    assert report.total.trades == TRADES == Trade.objects.filter(market__question__startswith="Does TST").count()
    assert report.invariants_hold


def test_repeating_a_finished_replay_changes_nothing(record: Record) -> None:
    first = carry_out(plan_of(record))
    events = Event.objects.count()
    assert carry_out(plan_of(record)) == first
    assert Event.objects.count() == events


def test_without_outcomes_the_markets_stay_open_until_they_are_given(record: Record) -> None:
    assert set(carry_out(plan_of(record, settles=False)).statuses.values()) == {"Open"}
    assert set(carry_out(plan_of(record)).statuses.values()) == {"Settled"}
    assert Market.objects.filter(question__startswith="Does TST").count() == len(NET_SHARES)


def test_each_trade_is_an_order_of_its_forecaster_under_the_transactions_id(record: Record) -> None:
    plan = plan_of(record)
    carry_out(plan)
    for trade in plan.recording.trades:
        order = Order.objects.select_related("account__owner").get(client_order_id=trade.transaction_id)
        assert order.account.owner is not None
        assert order.account.owner.display_name == trade.forecaster_id


def line_two(text: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record.lines[0] = text

    return change


def outcomes(text: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record.outcomes = text

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (line_two("TST,a,a0,2012,ann"), r"some_trades.csv, line 2: the line ends too early"),
        (line_two("TST,a,a0,2012,ann,many,0.5"), r"some_trades.csv, line 2: net_shares 'many' is not a number"),
        (line_two("TST,a,a0,2012,ann,nan,0.5"), r"some_trades.csv, line 2: net_shares 'nan' is not a number"),
        (line_two("TST,a,a0,2012,,0,0.5"), r"some_trades.csv, line 2: forecaster_id '' is not a name"),
        (line_two("TST,a,a0,2012,ann,0,0.999"), r"some_trades.csv, line 2: the price 0.999 is beyond 1% to 99%"),
        (
            line_two("TST,a,a0,2012,ann,50,0.6"),
            r"Line 2: with b = 100 and 50 contracts sold the price is 0.3775, but 0.6",
        ),
        (line_two('TST,"a,a0,2012,ann,0,0.5'), r"some_trades.csv, line \d+: unexpected end of data"),
        (
            lambda record: record.lines.insert(1, record.lines[0]),
            r"line 3: transaction a0-\S+ stands on line 2 already",
        ),
        (lambda record: record.lines.clear(), r"some_trades.csv has no trades of project TST"),
        (outcomes("project,finding_id\nTST,a\n"), r"some_outcomes.csv, line 1: the columns replicated are missing"),
        (
            outcomes("project,finding_id,replicated\nTST,a,2\n"),
            r"some_outcomes.csv, line 2: replicated is '2', not 0 or 1",
        ),
        (outcomes("project,finding_id,replicated\nTST,a,1\n"), r"do not say whether finding b \(line 7\) replicated"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_and_nothing_is_made(
    record: Record, change: Callable[[Record], None], sentence: str
) -> None:
    change(record)
    before = Organization.objects.count()
    with pytest.raises(CommandError, match=sentence):
        call_command("replay_trades", str(record.write()), "--project", "TST")
    assert Organization.objects.count() == before


def test_a_missing_file_is_named(db: None) -> None:
    with pytest.raises(CommandError, match=r"nowhere.csv.gz cannot be read: No such file"):
        call_command("replay_trades", "nowhere.csv.gz")


def test_the_command_prints_what_the_replay_came_to(record: Record) -> None:
    out = StringIO()
    call_command("replay_trades", str(record.write()), "--project", "TST", "--markets", stdout=out)
    for words in ("Trades", str(TRADES), "Worst price difference", "Volume", "Payouts", "all hold", "Settled"):
        assert words in out.getvalue()


def test_too_coarse_a_scale_is_an_error_that_says_what_to_do(record: Record) -> None:
    with pytest.raises(CommandError, match="choose a larger --scale"):
        call_command("replay_trades", str(record.write()), "--project", "TST", "--scale", "1", stdout=StringIO())


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded trades (../shared/data) are not here")
def test_the_replication_markets_replay_to_their_2288_recorded_prices() -> None:
    recording = read_trades(DATA / "pooledmarket_trades.csv.gz", project="RPP")
    known = read_outcomes(DATA / "pooledmarket_outcomes.csv.gz", project="RPP")
    report = carry_out(Plan(recording, known))
    assert (report.total.trades, len(report.markets)) == (2_288, 40)
    assert report.total.curve < 1e-5
    assert report.total.quoted < 1e-4
    assert set(report.statuses.values()) == {"Settled"}
    assert report.invariants_hold
