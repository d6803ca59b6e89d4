"""The one statement that adds up counts, whoever counted them: scalars, histograms bucket by bucket, refusals code by code."""

from dataclasses import fields

from markets.performance.tally import Tally

# `rows` names the interval each row belongs to `slot`. Rows of one process have it in `process` and 0 in `processes`.
SUMS = """
WITH counted AS ({rows}),
latencies AS (
  SELECT slot, array_agg(n ORDER BY i) AS latency FROM (
    SELECT slot, i, sum(n)::bigint AS n FROM counted, unnest(latency) WITH ORDINALITY AS bucket (n, i) GROUP BY slot, i) x
  GROUP BY slot),
lengths AS (
  SELECT slot, array_agg(n ORDER BY i) AS sizes FROM (
    SELECT slot, i, sum(n)::bigint AS n FROM counted, unnest(sizes) WITH ORDINALITY AS bucket (n, i) GROUP BY slot, i) x
  GROUP BY slot),
codes AS (
  SELECT slot, jsonb_object_agg(code, n) AS refusals FROM (
    SELECT slot, code, sum(n::bigint)::bigint AS n FROM counted, jsonb_each_text(refusals) AS refusal (code, n)
    GROUP BY slot, code) x
  GROUP BY slot)
SELECT slot, greatest(count(DISTINCT process), max(processes))::int AS processes, sum(commands)::bigint AS commands,
  sum(orders)::bigint AS orders, sum(refused)::bigint AS refused, sum(failed)::bigint AS failed, sum(batches)::bigint AS batches,
  sum(busy_us)::bigint AS busy_us, sum(latency_us)::bigint AS latency_us, sum(waiting)::bigint AS waiting,
  max(waiting_most) AS waiting_most, latencies.latency, lengths.sizes,
  coalesce(codes.refusals, '{{}}'::jsonb) AS refusals
FROM counted JOIN latencies USING (slot) JOIN lengths USING (slot) LEFT JOIN codes USING (slot)
GROUP BY slot, latencies.latency, lengths.sizes, codes.refusals
"""

COUNTS = ", ".join(each.name for each in fields(Tally))
# Composed of this package's own texts alone.
OF_SECONDS = f"SELECT process, 0 AS processes, {COUNTS}, {{slot}} AS slot FROM markets_exchangesecond WHERE {{where}}"  # noqa: S608
OF_MINUTES = OF_SECONDS.replace("process, 0 AS processes", "NULL AS process, processes").replace("second", "minute")


def sums_of(rows: str) -> str:
    """The statement for these rows, whose text is this package's own."""
    return SUMS.format(rows=rows)
