"""What a check of the exchange's invariants found."""

from dataclasses import dataclass, field

OFFENDERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One statement about the data, checked.

    invariant: number of the exchange's rule it belongs to (docs/audit.md). checked: how many things were looked at;
    failed: how many of them break it; offenders: the first of those, described for an operator.
    """

    name: str
    invariant: int
    statement: str
    checked: int
    failed: int = 0
    offenders: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.failed == 0


@dataclass(slots=True)
class Findings:
    """A check in the making, for what is compared in Python."""

    name: str
    invariant: int
    statement: str
    checked: int = 0
    failed: int = 0
    offenders: list[str] = field(default_factory=list)

    def compare(self, subject: str, *, expected: object, found: object) -> None:
        """Count one comparison, and describe it if it fails."""
        self.checked += 1
        if expected == found:
            return
        self.failed += 1
        if len(self.offenders) < OFFENDERS_SHOWN:
            self.offenders.append(f"{subject}: expected {_short(expected)}, found {_short(found)}")

    def result(self) -> CheckResult:
        return CheckResult(self.name, self.invariant, self.statement, self.checked, self.failed, tuple(self.offenders))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
