"""`/api/v1/chaos-engineering`: experiments on real traffic. The mesh is the platform's, so only its operators may."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.chaos import selectors, services
from mesh.chaos import serializers as shapes
from mesh.chaos.bodies import experiment_body, last_runs, run_body, status_body, switch_body
from mesh.chaos.drafts import ExperimentDraft
from mesh.chaos.models import Experiment, Run
from mesh.chaos.report import file_name, report_html, run_for
from mesh.chaos.scoring import __doc__ as scoring_text
from mesh.chaos.templates import TEMPLATES
from mesh.operators import OPERATE, require_operator
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.kernel import clock

RECENT = 20


def valid(kind: type[Serializer[Any]], values: Any) -> dict[str, Any]:
    serializer = kind(data=values)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


@extend_schema(tags=["chaos-engineering"])
class ExperimentViewSet(IdempotentMixin, GenericViewSet[Experiment]):
    permissions_required: ClassVar[dict[str, str]] = {
        "list": OPERATE,
        "create": OPERATE,
        "create_many": OPERATE,
        "retrieve": OPERATE,
        "submit": OPERATE,
        "approve": OPERATE,
        "run": OPERATE,
        "stop": OPERATE,
        "report": OPERATE,
    }
    serializer_class = shapes.ExperimentSerializer
    queryset = Experiment.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(
        operation_id="chaos_experiments_list",
        parameters=[shapes.ExperimentFilters],
        responses=shapes.ExperimentSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Experiments with their last runs, newest first."""
        filters = valid(shapes.ExperimentFilters, request.query_params)
        page = self.paginate_queryset(selectors.experiments(signed_in_user(request)).filter(**filters)) or []
        runs = last_runs(page)
        return self.get_paginated_response([experiment_body(each, runs.get(each.pk)) for each in page])

    @extend_schema(
        operation_id="chaos_experiments_create",
        request=shapes.ExperimentInput,
        responses={201: shapes.ExperimentSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Describe an experiment. In a mesh called `sandbox` (or `sandbox-…`) it is ready, elsewhere somebody else approves it."""
        given = shapes.ExperimentInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.create_experiment(actor=signed_in_user(request), draft=given.draft(), now=clock.now())
        return Response(experiment_body(made, None), status=201)

    @extend_schema(
        operation_id="chaos_experiments_create_many",
        request=shapes.ExperimentBatchInput,
        responses={201: shapes.CreatedExperimentsSerializer},
    )
    @idempotent
    def create_many(self, request: Request) -> Response:
        """Describe many at once, all or none."""
        given = shapes.ExperimentBatchInput(data=request.data)
        given.is_valid(raise_exception=True)
        drafts = [ExperimentDraft(**each) for each in given.validated_data["experiments"]]
        ids = services.create_experiments(actor=signed_in_user(request), drafts=drafts, now=clock.now())
        return Response({"ids": ids}, status=201)

    @extend_schema(operation_id="chaos_experiments_retrieve", responses=shapes.ExperimentSerializer)
    def retrieve(self, request: Request, experiment_id: UUID) -> Response:
        """One experiment with its last run."""
        return self._answer(selectors.experiment(signed_in_user(request), experiment_id))

    @extend_schema(operation_id="chaos_experiments_submit", request=None, responses=shapes.ExperimentSerializer)
    @idempotent
    def submit(self, request: Request, experiment_id: UUID) -> Response:
        """Ask for the approval of a draft, or of one that was stopped or failed."""
        actor = signed_in_user(request)
        return self._answer(services.submit_experiment(actor=actor, experiment_id=experiment_id, now=clock.now()))

    @extend_schema(
        operation_id="chaos_experiments_approve",
        request=shapes.ExperimentReasonInput,
        responses=shapes.ExperimentSerializer,
    )
    @idempotent
    def approve(self, request: Request, experiment_id: UUID) -> Response:
        """Allow it to run. Whoever described it is refused (`second_person_needed`), superuser or not."""
        given = valid(shapes.ExperimentReasonInput, request.data)
        return self._answer(
            services.approve_experiment(
                actor=signed_in_user(request), experiment_id=experiment_id, now=clock.now(), **given
            )
        )

    @extend_schema(operation_id="chaos_experiments_run", request=None, responses=shapes.ExperimentSerializer)
    @idempotent
    def run(self, request: Request, experiment_id: UUID) -> Response:
        """Have it run now: a node begins within a second."""
        actor = signed_in_user(request)
        return self._answer(services.run_experiment(actor=actor, experiment_id=experiment_id, now=clock.now()))

    @extend_schema(
        operation_id="chaos_experiments_stop",
        request=shapes.ExperimentReasonInput,
        responses=shapes.ExperimentSerializer,
    )
    @idempotent
    def stop(self, request: Request, experiment_id: UUID) -> Response:
        """Take its faults off, now. One that waits to run is called off."""
        given = valid(shapes.ExperimentReasonInput, request.data)
        return self._answer(
            services.stop_experiment(
                actor=signed_in_user(request), experiment_id=experiment_id, now=clock.now(), **given
            )
        )

    @extend_schema(
        operation_id="chaos_experiments_report",
        parameters=[shapes.RunFilter],
        responses={(200, "text/html"): OpenApiResponse(response=str, description="A page that stands for itself.")},
    )
    def report(self, request: Request, experiment_id: UUID) -> HttpResponse:
        """What a run came to, as an HTML file: figures before, during and after, the chart, verdict and score."""
        found = selectors.experiment(signed_in_user(request), experiment_id)
        run = run_for(found, valid(shapes.RunFilter, request.query_params).get("run"))
        response = HttpResponse(report_html(run), content_type="text/html; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file_name(run)}"'
        return response

    def _answer(self, found: Experiment) -> Response:
        return Response(experiment_body(found, selectors.last_run(found)))


@extend_schema(tags=["chaos-engineering"])
class RunViewSet(GenericViewSet[Run]):
    permissions_required: ClassVar[dict[str, str]] = {"list": OPERATE}
    serializer_class = shapes.ExperimentRunSerializer
    queryset = Run.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(operation_id="chaos_experiment_runs_list", responses=shapes.ExperimentRunSerializer(many=True))
    def list(self, request: Request, experiment_id: UUID) -> Response:
        """All runs of an experiment, newest first."""
        found = selectors.experiment(signed_in_user(request), experiment_id)
        page = self.paginate_queryset(Run.objects.filter(experiment=found)) or []
        return self.get_paginated_response([run_body(each) for each in page])


@extend_schema(tags=["chaos-engineering"])
class StatusView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}

    @extend_schema(operation_id="chaos_status", responses=shapes.ChaosStatusSerializer)
    def get(self, request: Request) -> Response:
        """What runs, which faults are on, and whether the kill switch is engaged."""
        return Response(status_body(selectors.standing(signed_in_user(request)), clock.now()))


@extend_schema(tags=["chaos-engineering"])
class KillSwitchView(IdempotentMixin):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE, "post": OPERATE}

    @extend_schema(operation_id="chaos_kill_switch", responses=shapes.ChaosKillSwitchSerializer)
    def get(self, request: Request) -> Response:
        """The kill switch."""
        require_operator(signed_in_user(request))
        return Response(switch_body(selectors.engaged_switch()))

    @extend_schema(
        operation_id="chaos_kill_switch_set",
        request=shapes.ChaosKillSwitchInput,
        responses=shapes.ChaosKillSwitchSerializer,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Engage it: every fault is off within a second, and nothing runs until it is released."""
        given = valid(shapes.ChaosKillSwitchInput, request.data)
        throw = services.engage_kill_switch if given.pop("engaged") else services.release_kill_switch
        return Response(switch_body(throw(actor=signed_in_user(request), now=clock.now(), **given)))


@extend_schema(tags=["chaos-engineering"])
class TemplatesView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}

    @extend_schema(operation_id="chaos_templates", responses=shapes.ExperimentTemplateSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Ready-made experiments, one for each failure mode."""
        require_operator(signed_in_user(request))
        body = [
            {
                "key": key,
                "mode": each.mode,
                "title": each.title,
                "summary": each.summary,
                "needs": each.needs,
                "experiment": each.fields,
            }
            for key, each in TEMPLATES.items()
        ]
        return Response(body)


@extend_schema(tags=["chaos-engineering"])
class ResilienceView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}

    @extend_schema(
        operation_id="chaos_resilience_metrics",
        parameters=[shapes.ResilienceFilters],
        responses=shapes.ResilienceMetricsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Each service's resilience score now, the lowest first; with `service`, the last hundred of one, newest first."""
        caller, service = signed_in_user(request), valid(shapes.ResilienceFilters, request.query_params).get("service")
        scores = selectors.score_history(caller, service) if service else selectors.current_scores(caller)
        return Response({"formula": scoring_text, "scores": shapes.ResilienceScoreSerializer(scores, many=True).data})


@extend_schema(tags=["chaos-engineering"])
class DashboardView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}

    @extend_schema(operation_id="chaos_dashboard", responses=shapes.ChaosDashboardSerializer)
    def get(self, request: Request) -> Response:
        """The status, the last runs and the scores, in one answer."""
        caller = signed_in_user(request)
        body = status_body(selectors.standing(caller), clock.now())
        body["recent"] = [run_body(run) for run in Run.objects.order_by("-id")[:RECENT]]
        body["scores"] = shapes.ResilienceScoreSerializer(selectors.current_scores(caller), many=True).data
        return Response(body)
