"""Histograms with fixed buckets, so that those of several processes and seconds add up bucket by bucket. Pure."""

from collections.abc import Sequence

# Upper bounds in microseconds, from 50 µs to 37 s, each 2^(1/4) times the one before: a percentile is right to within a fifth
# of itself. What takes longer falls into one bucket more.
LATENCY_BOUNDS_US: tuple[int, ...] = tuple(round(50 * 2 ** (step / 4)) for step in range(79))
# Upper bounds in commands. A batch is longer than the last only if a single caller sent more.
BATCH_BOUNDS: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def percentile(counts: Sequence[int], bounds: Sequence[int], share: float) -> int | None:
    """The value below which this share (0..1) of the observations lies; None if there are none.

    Within a bucket the observations count as spread evenly. The open bucket at the end has the last bound for its value.
    """
    total = sum(counts)
    if not total:
        return None
    wanted, before = share * total, 0
    for index, count in enumerate(counts):
        if count and before + count >= wanted:
            if index >= len(bounds):
                break
            lower = bounds[index - 1] if index else 0
            return round(lower + (bounds[index] - lower) * (wanted - before) / count)
        before += count
    return bounds[-1]
