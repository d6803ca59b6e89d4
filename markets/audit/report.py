"""What the checks found, as a table for an operator."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from markets.audit.result import CheckResult


def table(results: Sequence[CheckResult]) -> Table:
    """One row per check; the first offenders stand under those that failed."""
    found = Table("Rule", "Check", "Looked at", "Broken", title="Invariants of the exchange", title_justify="left")
    for column in found.columns[2:]:
        column.justify = "right"
    for result in sorted(results, key=lambda each: each.invariant):
        found.add_row(str(result.invariant), result.statement, f"{result.checked:,}", f"{result.failed:,}")
        for offender in result.offenders:
            found.add_row("", Text(f"  {offender}"), "", "")
    return found


def text(results: Sequence[CheckResult], *, width: int) -> str:
    """The table as plain text, `width` characters wide."""
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(table(results))
    return captured.get()


def summary(results: Sequence[CheckResult]) -> str:
    """One sentence."""
    failed = [result.name for result in results if not result.passed]
    if failed:
        return f"{len(failed)} of {len(results)} checks failed: {', '.join(failed)}."
    return f"All {len(results)} checks passed."
