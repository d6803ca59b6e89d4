"""Many experiments in one transaction, by COPY."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from mesh.chaos.drafts import Checked
from mesh.chaos.models import Experiment
from opinion_market.kernel.bulk import NULL, copy_lines, escape
from opinion_market.kernel.ids import uuid7_text

COLUMNS = (
    "id", "name", "description", "service", "route", "percent", "header", "header_value", "duration_s", "baseline_s",
    "recovery_s", "source", "probe_path", "probe_rate", "probe_timeout_ms", "hypothesis", "method", "safety", "safety_window_ms",
    "is_sandbox", "state", "created_by_id", "created_at", "starts_at", "repeat_s",
)  # fmt: skip


def write(experiments: Iterable[Checked], *, actor_id: UUID, now: datetime) -> list[str]:
    """COPY the experiments into the current transaction; answers their ids in the order given."""
    ids: list[str] = []
    copy_lines(Experiment._meta.db_table, COLUMNS, lines(experiments, f"{actor_id}\t{now}", ids))
    return ids


def state_of(checked: Checked) -> str:
    """Where an experiment begins: in a sandbox nobody has to approve it."""
    if checked.draft.is_draft:
        return str(Experiment.State.DRAFT)
    return str(Experiment.State.APPROVED if checked.is_sandbox else Experiment.State.AWAITING)


def lines(experiments: Iterable[Checked], by: str, ids: list[str]) -> Iterator[str]:
    """One line for COPY each; `by`: the author and the time, as cells; the ids made are added to `ids`."""
    escaped: dict[str, str] = {}

    def known(text: str) -> str:
        # Bulk experiments share most of their words: each is escaped once.
        found = escaped.get(text)
        if found is None:
            found = escaped[text] = escape(text)
        return found

    for each in experiments:
        draft, pk = each.draft, uuid7_text()
        ids.append(pk)
        yield (
            f"{pk}\t{escape(draft.name)}\t{known(draft.description)}\t{known(draft.service)}\t{known(draft.route)}"
            f"\t{draft.percent}\t{draft.header}\t{known(draft.header_value)}\t{draft.duration_s}\t{draft.baseline_s}"
            f"\t{draft.recovery_s}\t{draft.source}\t{known(draft.probe_path)}\t{draft.probe_rate}\t{draft.probe_timeout_ms}"
            f"\t{known(each.hypothesis)}\t{known(each.method)}\t{known(each.safety)}\t{draft.safety_window_ms}"
            f"\t{each.is_sandbox}\t{state_of(each)}\t{by}\t{draft.starts_at or NULL}"
            f"\t{NULL if draft.repeat_s is None else draft.repeat_s}"
        )
