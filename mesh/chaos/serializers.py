"""Shapes of `/api/v1/chaos-engineering`."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from mesh.chaos.drafts import BOUNDS, ExperimentDraft
from mesh.chaos.method import METRICS, MODES
from mesh.chaos.models import Experiment, Run
from mesh.chaos.services import MOST_AT_ONCE
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField


class ExperimentCheckInput(InputSerializer):
    metric = serializers.ChoiceField(choices=list(METRICS))
    limit = serializers.FloatField(
        min_value=0, help_text="A floor for availability, a ceiling for all others. Percent or milliseconds."
    )


def _bounded(name: str, default: int, help_text: str = "") -> StrictIntegerField:
    least, most = BOUNDS[name]
    return StrictIntegerField(default=default, min_value=int(least), max_value=int(most), help_text=help_text)


_EXAMPLE: dict[str, object] = {
    "name": "Market data is slow",
    "service": "platform/web",
    "percent": 25,
    "duration_s": 60,
    "hypothesis": [{"metric": "error_percent", "limit": 1}, {"metric": "p95_ms", "limit": 500}],
    "method": [{"mode": "latency", "delay_ms": 300}],
    "safety": [{"metric": "availability_percent", "limit": 95}],
    "probe_path": "/api/v1/markets",
}


@extend_schema_serializer(examples=[OpenApiExample("A slow service", value=_EXAMPLE, request_only=True)])
class ExperimentInput(InputSerializer):
    name = StrictTextField(max_length=120)
    description = StrictTextField(max_length=2_000, default="", allow_blank=True)
    service = StrictTextField(max_length=110, default="", allow_blank=True, help_text="`mesh/service`.")
    route = StrictTextField(max_length=120, default="", allow_blank=True, help_text="Or a route of the front door.")
    percent = serializers.FloatField(default=100.0, min_value=0.01, max_value=100, help_text="Share of requests.")
    header = StrictTextField(
        max_length=60, default="", allow_blank=True, help_text="Only requests with this header are struck."
    )
    header_value = StrictTextField(max_length=120, default="", allow_blank=True, help_text="Empty: any value.")
    duration_s = _bounded("duration_s", 30, "How long faults last at most.")
    baseline_s = _bounded("baseline_s", 5)
    recovery_s = _bounded("recovery_s", 15, "How long recovery is waited for.")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Experiment.Source.choices, default="probe", help_text="What its figures are measured by."
    )
    probe_path = StrictTextField(max_length=500, default="/")
    probe_rate = _bounded("probe_rate", 20, "Requests per second.")
    probe_timeout_ms = _bounded("probe_timeout_ms", 2_000)
    hypothesis = ExperimentCheckInput(many=True, help_text="What holds in the steady state.")
    method = serializers.ListField(
        child=serializers.DictField(),
        help_text=f"Steps: `mode` (one of {', '.join(MODES)}), `after_s`, `for_s` and what the mode takes; see `templates`.",
    )
    safety = ExperimentCheckInput(
        many=True, help_text="When one of these breaks, everything is rolled back within a second."
    )
    safety_window_ms = _bounded("safety_window_ms", 1_000, "Over which the rules look back.")
    starts_at = serializers.DateTimeField(default=None, allow_null=True, help_text="null: when it is asked to.")
    repeat_s = StrictIntegerField(default=None, allow_null=True, min_value=1, max_value=31_536_000)
    is_draft = StrictBooleanField(default=False, help_text="true: approval is asked for later, by `submit`.")

    def draft(self) -> ExperimentDraft:
        """The validated body as the service takes it."""
        return ExperimentDraft(**self.validated_data)


class ExperimentBatchInput(InputSerializer):
    experiments = ExperimentInput(many=True, min_length=1, max_length=MOST_AT_ONCE)  # type: ignore[call-arg]


class CreatedExperimentsSerializer(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.UUIDField(), help_text="In the order given.")


class ExperimentReasonInput(InputSerializer):
    reason = StrictTextField(min_length=3, max_length=200)


class ChaosKillSwitchInput(ExperimentReasonInput):
    engaged = StrictBooleanField(help_text="false: release it.")


class RunFiguresSerializer(serializers.Serializer[Any]):
    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    availability_percent = serializers.FloatField(allow_null=True)
    error_percent = serializers.FloatField(allow_null=True)
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    p99_ms = serializers.FloatField(allow_null=True)


class ExperimentRunSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    phase = serializers.ChoiceField(choices=Run.Phase.choices)
    node = serializers.CharField()
    started_at = serializers.DateTimeField()
    injected_at = serializers.DateTimeField(allow_null=True)
    lifted_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(help_text="Why it was stopped, or failed.")
    hypothesis_held = serializers.BooleanField(allow_null=True)
    baseline = RunFiguresSerializer(allow_null=True)
    during = RunFiguresSerializer(allow_null=True)
    after = RunFiguresSerializer(allow_null=True)
    recovery_ms = serializers.IntegerField(allow_null=True)
    score = serializers.FloatField(allow_null=True, help_text="0 to 100; null: it was not measured.")
    score_parts = serializers.DictField(child=serializers.FloatField(), help_text="Each from 0 to 1.")


class ExperimentSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    state = serializers.ChoiceField(choices=Experiment.State.choices)
    service = serializers.CharField()
    route = serializers.CharField()
    percent = serializers.FloatField()
    header = serializers.CharField()
    header_value = serializers.CharField()
    duration_s = serializers.IntegerField()
    baseline_s = serializers.IntegerField()
    recovery_s = serializers.IntegerField()
    source = serializers.ChoiceField(choices=Experiment.Source.choices)  # type: ignore[assignment]
    probe_path = serializers.CharField()
    probe_rate = serializers.IntegerField()
    probe_timeout_ms = serializers.IntegerField()
    hypothesis = serializers.ListField(child=serializers.DictField())
    method = serializers.ListField(child=serializers.DictField())
    safety = serializers.ListField(child=serializers.DictField())
    safety_window_ms = serializers.IntegerField()
    is_sandbox = serializers.BooleanField(help_text="No approval is needed.")
    created_by = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    approved_by = serializers.UUIDField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    repeat_s = serializers.IntegerField(allow_null=True)
    run = ExperimentRunSerializer(allow_null=True, help_text="Its run now, or the last one.")


class ExperimentFilters(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Experiment.State.choices, required=False)
    service = serializers.CharField(max_length=110, required=False)


class RunFilter(serializers.Serializer[Any]):
    run = serializers.UUIDField(required=False, help_text="One of its runs; the last one if not given.")


class InjectedFaultSerializer(serializers.Serializer[Any]):
    experiment = serializers.UUIDField(source="run.experiment_id")
    kind = serializers.CharField()
    service = serializers.CharField()
    route = serializers.CharField()
    percent = serializers.FloatField()
    amount = serializers.IntegerField(help_text="Milliseconds, a status, KiB/s, percent of CPU or MiB, by kind.")
    instance = serializers.CharField()
    applied_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class RunningExperimentSerializer(serializers.Serializer[Any]):
    experiment = serializers.UUIDField(source="experiment_id")
    name = serializers.CharField(source="experiment.name")
    run = serializers.UUIDField(source="pk")
    phase = serializers.ChoiceField(choices=Run.Phase.choices)
    node = serializers.CharField()
    started_at = serializers.DateTimeField()


class ChaosKillSwitchSerializer(serializers.Serializer[Any]):
    engaged = serializers.BooleanField()
    engaged_at = serializers.DateTimeField(allow_null=True)
    engaged_by = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()


class ChaosStatusSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    kill_switch = ChaosKillSwitchSerializer()
    experiments = serializers.DictField(child=serializers.IntegerField(), help_text="How many are in each state.")
    running = RunningExperimentSerializer(many=True)
    faults = InjectedFaultSerializer(many=True, help_text="Those that are on now.")


class ResilienceScoreSerializer(serializers.Serializer[Any]):
    service = serializers.CharField()
    score = serializers.FloatField(
        help_text="After this run: it moves three tenths of the way to each run's own score."
    )
    run_score = serializers.FloatField()
    experiment = serializers.UUIDField(source="run.experiment_id")
    at = serializers.DateTimeField()


class ResilienceFilters(serializers.Serializer[Any]):
    service = serializers.CharField(
        max_length=120, required=False, help_text="Its history instead of all services' now."
    )


class ResilienceMetricsSerializer(serializers.Serializer[Any]):
    formula = serializers.CharField()
    scores = ResilienceScoreSerializer(many=True)


class ExperimentTemplateSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    mode = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField(), help_text="What is to be filled in or looked at.")
    experiment = serializers.DictField(help_text="Send it to `experiments` with what it needs.")


class ChaosDashboardSerializer(ChaosStatusSerializer):
    recent = ExperimentRunSerializer(many=True, help_text="The last runs, newest first.")
    scores = ResilienceScoreSerializer(many=True, help_text="Each service's score now, the lowest first.")
