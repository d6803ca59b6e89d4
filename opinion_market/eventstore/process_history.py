"""What a process's events tell: its input, the steps done and undone, where it stands."""

from dataclasses import dataclass, field
from typing import Any

from opinion_market.eventstore.aggregates import AggregateType, State, folding
from opinion_market.eventstore.read import RecordedEvent, read_stream


@dataclass(slots=True)
class History:
    """A process as its stream tells it. `results`: of the steps done, in their order."""

    input: dict[str, Any] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    failed_step: str | None = None


def history_of(stream: str) -> History:
    """Reads the stream, which has a handful of events."""
    history = History()
    for event in read_stream(stream):
        match event.type:
            case "ProcessStarted":
                history.input = event.data["input"]
            case "StepCompleted":
                history.results[event.data["step"]] = event.data["result"]
            case "StepCompensated":
                history.undone.add(event.data["step"])
            case "StepFailed":
                history.failed_step = event.data["step"]
    return history


def _apply(state: State, event: RecordedEvent) -> None:
    """The state that the process's row has after the event, and what became of each step."""
    steps = state.setdefault("steps", {})
    match event.type:
        case "ProcessStarted":
            state.update(name=event.data["name"], input=event.data["input"], state="running")
        case "StepCompleted":
            steps[event.data["step"]] = {"state": "completed", "result": event.data["result"]}
        case "StepFailed":
            steps[event.data["step"]] = {"state": "failed", "problem": event.data["problem"]}
            state["state"] = "compensating"
        case "StepCompensated":
            steps[event.data["step"]] = {**steps[event.data["step"]], "state": "compensated"}
        case "ProcessStuck":
            state["state"] = "stuck"
        case "ProcessRetried":
            failed = any(step["state"] == "failed" for step in steps.values())
            state["state"] = "compensating" if failed else "running"
        case "ProcessCompleted":
            state["state"] = "completed"
        case "ProcessCompensated":
            state["state"] = "compensated"


PROCESS = AggregateType("process", "A process of several steps: what was done, refused and undone.", folding(_apply))
