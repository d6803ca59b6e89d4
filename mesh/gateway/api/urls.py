"""The gateway's addresses under `/api/v1`."""

from typing import Any

from django.urls import path

from mesh.gateway.api import limits, overview, providers, requests, routes

_ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("api-gateway/status", overview.StatusView.as_view()),
    path("api-gateway/dashboard", overview.DashboardView.as_view()),
    path("api-gateway/metrics", overview.MetricsView.as_view()),
    path("api-gateway/settings", overview.SettingsView.as_view()),
    path("api-gateway/routes", routes.RouteViewSet.as_view({"get": "list", "post": "create"})),
    path("api-gateway/routes/preview", routes.PreviewView.as_view()),
    path("api-gateway/routes/<uuid:route_id>", routes.RouteViewSet.as_view(_ONE)),
    path("api-gateway/routes/<uuid:route_id>/move", routes.RouteViewSet.as_view({"post": "move"})),
    path("api-gateway/rate-limits", limits.RateLimitViewSet.as_view({"get": "status", "post": "create"})),
    path(
        "api-gateway/rate-limits/<uuid:limit_id>",
        limits.RateLimitViewSet.as_view({"patch": "partial_update", "delete": "destroy"}),
    ),
    path("api-gateway/providers", providers.ProviderViewSet.as_view({"get": "list", "post": "create"})),
    path("api-gateway/providers/<uuid:provider_id>", providers.ProviderViewSet.as_view(_ONE)),
    path("api-gateway/providers/<uuid:provider_id>/revocations", providers.ProviderViewSet.as_view({"post": "revoke"})),
    path("api-gateway/basic-credentials", providers.CredentialViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "api-gateway/basic-credentials/<uuid:credential_id>", providers.CredentialViewSet.as_view({"delete": "destroy"})
    ),
    path("api-gateway/signing-keys", providers.SigningKeysView.as_view()),
    path("api-gateway/requests", requests.RequestViewSet.as_view({"get": "list", "post": "create"})),
]
