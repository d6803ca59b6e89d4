"""What a process's memory does over time, and whether it grows.

The criterion: the first quarter of a run is warm-up (connections to the database, prepared statements, the interpreter's and
the allocator's own pools). Of the rest, the median of the first third and the median of the last third of the samples of
PSS are compared; they may differ by ALLOWED_MIB and ALLOWED_SHARE of the first. Medians, because a sample may fall into
a garbage collection's pause; thirds, because a leak grows with the number of connections made between them, while a pool
that fills does not go on: 1 KiB leaked per connection is 15 MiB within half an hour at 15 connections a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression, median

import psutil

MIB = 2**20
WARM_UP = 0.25
ALLOWED_MIB = 4.0
ALLOWED_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Sample:
    """at_s: since the run began. rss counts what is shared with other processes in full, pss in proportion."""

    at_s: float
    rss_mib: float
    pss_mib: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The medians compared; slope_mib_per_h: of a line through all samples after the warm-up."""

    before_mib: float
    after_mib: float
    allowed_mib: float
    slope_mib_per_h: float

    @property
    def is_flat(self) -> bool:
        return self.after_mib - self.before_mib <= self.allowed_mib


def sample(process: psutil.Process, at_s: float) -> Sample:
    """Raises psutil.NoSuchProcess if it has ended."""
    memory = process.memory_full_info()
    return Sample(round(at_s, 1), round(memory.rss / MIB, 2), round(memory.pss / MIB, 2))


def judge(samples: Sequence[Sample], *, allowed_mib: float = ALLOWED_MIB) -> Verdict:
    """By the criterion above; at least eight samples."""
    warm = list(samples[int(len(samples) * WARM_UP) :])
    third = len(warm) // 3
    before, after = (median(each.pss_mib for each in part) for part in (warm[:third], warm[-third:]))
    slope, _ = linear_regression([each.at_s / 3600 for each in warm], [each.pss_mib for each in warm])
    return Verdict(round(before, 2), round(after, 2), round(allowed_mib + ALLOWED_SHARE * before, 2), round(slope, 2))
