"""How experiments are refused."""

from typing import ClassVar

from opinion_market.kernel.errors import Conflict, DomainError, InvalidInput, NotFound, NotPermitted


class ExperimentNotFound(NotFound):
    code = "experiment_not_found"
    title = "There is no such experiment."


class RunNotFound(NotFound):
    code = "experiment_has_not_run"
    title = "The experiment has not run yet."


class InvalidExperiment(InvalidInput):
    code = "invalid_experiment"
    title = "The experiment cannot be carried out as described."


class WrongState(Conflict):
    code = "experiment_state"
    title = "The experiment's state does not allow this now."


class SecondPersonNeeded(NotPermitted):
    code = "second_person_needed"
    title = "Whoever wrote an experiment does not approve it: somebody else does."


class KillSwitchEngaged(Conflict):
    code = "kill_switch_engaged"
    title = "The kill switch is engaged: no experiment starts."


class ProcessNotKillable(DomainError):
    code: ClassVar[str] = "process_not_killable"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Only processes that the supervisor started may be killed, and only while they are the same."
