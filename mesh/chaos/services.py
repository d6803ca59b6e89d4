"""Writing, approving, starting and stopping experiments. All of it takes an operator (PermissionMissing otherwise)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When

from governance.identity.models import User
from mesh.chaos import bulk
from mesh.chaos.drafts import Checker, ExperimentDraft
from mesh.chaos.errors import ExperimentNotFound, KillSwitchEngaged, SecondPersonNeeded, WrongState
from mesh.chaos.fault_models import InjectedFault, KillSwitch
from mesh.chaos.models import Experiment, Run
from mesh.chaos.selectors import engaged_switch
from mesh.chaos.trail import told
from mesh.dataplane.services import lifting_faults
from mesh.operators import require_operator
from mesh.registry.models import Service

MOST_AT_ONCE = 10_000
State = Experiment.State


def checker() -> Checker:
    """A checker that knows the services there are. One query."""
    services, tcp, redis = set(), set(), set()
    rows = Service.objects.order_by().values_list("mesh__name", "name", "protocol", "type")
    for mesh, name, protocol, kind in rows:
        services.add(f"{mesh}/{name}")
        if protocol == Service.Protocol.TCP:
            tcp.add(f"{mesh}/{name}")
            if kind == Service.Type.CACHING:
                redis.add(f"{mesh}/{name}")
    return Checker(services=services, tcp=tcp, redis=redis)


@transaction.atomic
def create_experiments(*, actor: User, drafts: Iterable[ExperimentDraft], now: datetime) -> list[str]:
    """Write experiments down, all or none; answers their ids. In a sandbox they are ready, elsewhere they await approval.

    Raises: PermissionMissing, InvalidExperiment.
    """
    require_operator(actor)
    check = checker()
    return bulk.write([check.checked(draft) for draft in drafts], actor_id=actor.pk, now=now)


def create_experiment(*, actor: User, draft: ExperimentDraft, now: datetime) -> Experiment:
    """Write one experiment down. Raises: PermissionMissing, InvalidExperiment."""
    (pk,) = create_experiments(actor=actor, drafts=[draft], now=now)
    return Experiment.objects.get(pk=pk)


@transaction.atomic
def submit_experiment(*, actor: User, experiment_id: UUID, now: datetime) -> Experiment:
    """Ask for approval of a draft, or anew after a run that was stopped or failed. In a sandbox it is ready at once.

    Locks the experiment. Raises: PermissionMissing, ExperimentNotFound, WrongState.
    """
    found = _locked(actor, experiment_id)
    _in_state(found, State.DRAFT, State.STOPPED, State.FAILED)
    found.state = State.APPROVED if found.is_sandbox else State.AWAITING
    found.approved_by, found.approved_at, found.run_requested_by, found.starts_at = None, None, None, _later(found, now)
    found.save(update_fields=["state", "approved_by", "approved_at", "run_requested_by", "starts_at"])
    return found


@transaction.atomic
def approve_experiment(*, actor: User, experiment_id: UUID, reason: str, now: datetime) -> Experiment:
    """Allow it to run. Never by whoever wrote it, superuser or not. A schedule begins to count.

    Locks the experiment. Raises: PermissionMissing, ExperimentNotFound, WrongState, SecondPersonNeeded.
    """
    found = _locked(actor, experiment_id)
    _in_state(found, State.AWAITING)
    if found.created_by_id == actor.pk:
        raise SecondPersonNeeded
    found.state, found.approved_by, found.approved_at = State.APPROVED, actor, now
    found.save(update_fields=["state", "approved_by", "approved_at"])
    told(actor=actor, target=found, deed="approved", reason=reason)
    return found


@transaction.atomic
def run_experiment(*, actor: User, experiment_id: UUID, now: datetime) -> Experiment:
    """Ask for it to run now; a node's controller starts it at its next tick, a fraction of a second later.

    Locks the experiment. Raises: PermissionMissing, ExperimentNotFound, WrongState, KillSwitchEngaged.
    """
    found = _locked(actor, experiment_id)
    _in_state(found, State.APPROVED, State.COMPLETED)
    if engaged_switch() is not None:
        raise KillSwitchEngaged
    found.state, found.run_requested_by, found.starts_at = State.APPROVED, actor, now
    found.save(update_fields=["state", "run_requested_by", "starts_at"])
    told(actor=actor, target=found, deed="asked to run", reason="")
    return found


def stop_experiment(*, actor: User, experiment_id: UUID, reason: str, now: datetime) -> Experiment:
    """Take its faults off real traffic in this very transaction, and end its run; one that waits loses its approval.

    Raises: PermissionMissing, ExperimentNotFound, WrongState.
    """
    require_operator(actor)
    with lifting_faults(actor=actor, reason=f"Experiment stopped: {reason}"[:200], now=now):
        found = _locked(actor, experiment_id)
        _in_state(found, State.RUNNING, State.APPROVED, State.AWAITING)
        if found.state != State.RUNNING:
            found.state = State.STOPPED
            found.save(update_fields=["state"])
        _stop_runs(actor, reason, now, experiment=found)
        told(actor=actor, target=found, deed="stopped", reason=reason)
    return found


def engage_kill_switch(*, actor: User, reason: str, now: datetime) -> KillSwitch:
    """Take every fault off real traffic in this very transaction, end every run, and let none start until released.

    Raises: PermissionMissing, KillSwitchEngaged.
    """
    require_operator(actor)
    with lifting_faults(actor=actor, reason=f"Kill switch: {reason}"[:200], now=now):
        if engaged_switch() is not None:
            raise KillSwitchEngaged
        switch = KillSwitch.objects.create(engaged_at=now, engaged_by=actor, reason=reason)
        _stop_runs(actor, f"Kill switch: {reason}", now)
        told(actor=actor, target=switch, deed="engaged", reason=reason)
    return switch


@transaction.atomic
def release_kill_switch(*, actor: User, reason: str, now: datetime) -> KillSwitch:
    """Let experiments run again. Those that were due meanwhile lose their turn.

    Raises: PermissionMissing, WrongState.
    """
    require_operator(actor)
    switch = KillSwitch.objects.select_for_update(of=("self",)).filter(released_at__isnull=True).first()
    if switch is None:
        raise WrongState("The kill switch is not engaged.")
    switch.released_at, switch.released_by = now, actor
    switch.save(update_fields=["released_at", "released_by"])
    missed = Experiment.objects.filter(state=State.APPROVED, starts_at__lte=now)
    missed.update(starts_at=Case(When(repeat_s__isnull=True, then=Value(None)), default=F("starts_at")))
    told(actor=actor, target=switch, deed="released", reason=reason)
    return switch


def _stop_runs(actor: User, reason: str, now: datetime, **which: object) -> None:
    """Three statements, however many runs. The controller that leads a run ends it when it sees the request."""
    live = Run.objects.filter(ended_at__isnull=True, stop_requested_at__isnull=True, **which)
    ids = list(live.values_list("pk", flat=True))
    Run.objects.filter(pk__in=ids).update(stop_requested_at=now, stopped_by=actor, reason=reason[:300])
    InjectedFault.objects.filter(run__in=ids, lifted_at__isnull=True).update(lifted_at=now)


def _locked(actor: User, experiment_id: UUID) -> Experiment:
    require_operator(actor)
    found = Experiment.objects.select_for_update(of=("self",)).filter(pk=experiment_id).first()
    if found is None:
        raise ExperimentNotFound(experiment=str(experiment_id))
    return found


def _in_state(found: Experiment, *allowed: str) -> None:
    if found.state not in allowed:
        raise WrongState(f"It is {found.get_state_display().lower()}.", state=found.state)


def _later(found: Experiment, now: datetime) -> datetime | None:
    return found.starts_at if found.starts_at is not None and found.starts_at > now else None
