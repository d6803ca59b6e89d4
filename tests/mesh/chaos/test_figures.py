"""Figures, recovery and scores, against plain counting."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.chaos.chart import HEIGHT, WIDTH, Second, chart
from mesh.chaos.leading import Leading
from mesh.chaos.measuring import SECOND_US, Observation, figures, recovered_us
from mesh.chaos.method import Check
from mesh.chaos.models import Experiment, Run
from mesh.chaos.scoring import followed, score
from opinion_market.kernel import clock

answers = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(0, 10**6), st.sampled_from([0, 200, 404, 429, 500, 502, 503, 504])),
    min_size=1,
    max_size=60,
)


@given(answers)
def test_figures_are_those_of_plain_counting(rows):
    found = figures([Observation(*row) for row in rows])
    statuses, durations = [row[2] for row in rows], sorted(row[1] for row in rows)
    assert found.errors == sum(status == 0 or status >= 500 for status in statuses)
    assert found.availability_percent == round(
        100 - 100 * sum(s in (0, 502, 503, 504) for s in statuses) / len(rows), 3
    )
    for percent, value in ((50, found.p50_ms), (95, found.p95_ms), (99, found.p99_ms)):
        at_most = sum(duration <= round(value * 1_000) for duration in durations)
        fewer = sum(duration < round(value * 1_000) for duration in durations)
        assert at_most * 100 >= percent * len(rows) > fewer * 100


def test_recovery_is_the_first_second_in_which_every_check_holds():
    checks = [Check(metric="error_percent", limit=0)]
    requests = [Observation(at, 1_000, 500 if at < 2_500_000 else 200) for at in range(0, 10_000_000, 100_000)]
    found, _ = recovered_us(requests, checks, from_us=1_000_000, until_us=10_000_000)
    assert found == 2_450_000  # looked at every 50 ms: the second from here on holds none of the errors
    nothing, looked = recovered_us(requests, checks, from_us=1_000_000, until_us=3_000_000)
    assert nothing is None
    assert recovered_us(requests, checks, from_us=looked, until_us=10_000_000)[0] == found


def test_silence_is_no_recovery():
    checks = [Check(metric="error_percent", limit=0)]
    assert recovered_us([], checks, from_us=0, until_us=5 * SECOND_US)[0] is None


def test_a_service_that_bears_everything_scores_a_hundred_and_one_that_bears_nothing_none():
    before = figures([Observation(0, 1_000, 200)] * 10)
    checks = [Check(metric="error_percent", limit=0)]
    best = score(before=before, during=before, checks=checks, recovery_ms=0, recovery_given_ms=1_000)
    assert best.score == 100
    broken = figures([Observation(0, 1_000_000_000, 503)] * 10)
    worst = score(before=before, during=broken, checks=checks, recovery_ms=None, recovery_given_ms=1_000)
    assert worst.score == 0
    assert score(before=figures([]), during=before, checks=checks, recovery_ms=0, recovery_given_ms=1_000) is None


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_services_score_moves_towards_its_last_run(before, run):
    after = followed(before, run)
    assert min(before, run) - 0.1 <= after <= max(before, run) + 0.1
    assert followed(None, run) == round(run, 1)


class Nothing:
    """A source that has fallen silent."""

    def take(self):
        return []

    def close(self):
        pass


def test_faults_that_nobody_watches_any_more_break_the_rules():
    now = clock.now()
    experiment = Experiment(
        hypothesis="[]", safety='[{"metric": "error_percent", "limit": 1}]', source="probe", probe_timeout_ms=500
    )
    run = Run(started_at=now, injected_at=now)
    leading = Leading(run, experiment, Nothing())
    assert leading.broken_rule(now + timedelta(seconds=2)) == ""  # answers may still come
    assert leading.broken_rule(now + timedelta(seconds=3)) == "nothing was measured any more"
    experiment.source = "calls"  # where nobody may have called
    assert leading.broken_rule(now + timedelta(seconds=3)) == ""


def test_the_chart_shows_the_hypothesis_where_its_limits_lie():
    seconds = [
        Second(0, "baseline", 10, 50, 0),
        Second(1, "injecting", None, None, None),
        Second(2, "recovering", 10, 100, 50),
    ]
    checks = [Check(metric="p95_ms", limit=200), Check(metric="error_percent", limit=50)]
    drawn = chart(seconds, checks)
    assert drawn.most_ms == 200
    assert [(each.metric, each.words) for each in drawn.limits] == [("p95", "p95 ≤ 200 ms"), ("errors", "errors ≤ 50%")]
    assert [each.y for each in drawn.limits] == [4, HEIGHT / 2]
    assert drawn.errors.endswith(f" {HEIGHT / 2}")  # half of the requests failed: on its limit
    assert drawn.p95.count("M") == 2  # a second without requests is a gap
    assert (drawn.shade_x, drawn.shade_width) == (WIDTH / 3, WIDTH / 3)
