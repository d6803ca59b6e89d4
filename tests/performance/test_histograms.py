"""Percentiles read from buckets lie where the observations themselves have them."""

from bisect import bisect_left
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from markets.performance.histograms import BATCH_BOUNDS, LATENCY_BOUNDS_US, percentile

durations = st.lists(st.integers(1, LATENCY_BOUNDS_US[-1]), min_size=1, max_size=200)


def counted(values, bounds):
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_left(bounds, value)] += 1
    return counts


@given(values=durations, share=st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_lies_in_the_bucket_of_the_observation_it_names(values, share):
    exact = sorted(values)[ceil(share * len(values)) - 1]
    found = percentile(counted(values, LATENCY_BOUNDS_US), LATENCY_BOUNDS_US, share)
    bucket = bisect_left(LATENCY_BOUNDS_US, exact)
    lower = LATENCY_BOUNDS_US[bucket - 1] if bucket else 0
    assert lower <= found <= LATENCY_BOUNDS_US[bucket]


@given(values=durations)
def test_percentiles_rise_with_their_share(values):
    counts = counted(values, LATENCY_BOUNDS_US)
    found = [percentile(counts, LATENCY_BOUNDS_US, share) for share in (0.1, 0.5, 0.9, 0.95, 0.99)]
    assert found == sorted(found)


def test_nothing_observed_has_no_percentile_and_the_open_bucket_has_the_last_bound():
    assert percentile([0] * len(BATCH_BOUNDS), BATCH_BOUNDS, 0.5) is None
    assert percentile([0] * len(BATCH_BOUNDS) + [3], BATCH_BOUNDS, 0.5) == BATCH_BOUNDS[-1]
    assert percentile([], BATCH_BOUNDS, 0.5) is None
