"""The addresses of experiments."""

from django.urls import path

from mesh.chaos import api

_ONE = "chaos-engineering/experiments/<uuid:experiment_id>"

urlpatterns = [
    path("chaos-engineering/status", api.StatusView.as_view()),
    path("chaos-engineering/experiments", api.ExperimentViewSet.as_view({"get": "list", "post": "create"})),
    path("chaos-engineering/experiments/batch", api.ExperimentViewSet.as_view({"post": "create_many"})),
    path(_ONE, api.ExperimentViewSet.as_view({"get": "retrieve"})),
    *(
        path(f"{_ONE}/{deed}", api.ExperimentViewSet.as_view({"post": deed}))
        for deed in ("submit", "approve", "run", "stop")
    ),
    path(f"{_ONE}/runs", api.RunViewSet.as_view({"get": "list"})),
    path(f"{_ONE}/report", api.ExperimentViewSet.as_view({"get": "report"})),
    path("chaos-engineering/kill-switch", api.KillSwitchView.as_view()),
    path("chaos-engineering/templates", api.TemplatesView.as_view()),
    path("chaos-engineering/resilience-metrics", api.ResilienceView.as_view()),
    path("chaos-engineering/dashboard", api.DashboardView.as_view()),
]
