"""The public surface on one page. Addresses have no trailing slash; one that is sent is ignored (`PlainPathMiddleware`)."""

from django.urls import URLPattern, URLResolver, include, path

from governance.audit import commands_api as event_commands
from governance.audit import event_sourcing_api as event_sourcing
from governance.audit import handlers_api as handlers
from governance.audit import processes_api as processes
from governance.audit import proofs_api as proofs
from governance.identity import api as identity
from governance.organizations import api as organizations

identity_urls = [
    path("auth/token", identity.TokenView.as_view()),
    path("auth/token/refresh", identity.TokenRefreshView.as_view()),
    path("auth/token/revoke", identity.TokenRevokeView.as_view()),
    path("api-keys", identity.ApiKeyViewSet.as_view({"get": "list", "post": "create"})),
    path("api-keys/<uuid:api_key_id>", identity.ApiKeyViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
]

organization_urls = [
    path("organizations", organizations.OrganizationViewSet.as_view({"get": "list"})),
    path("organizations/<slug:reference>", organizations.OrganizationViewSet.as_view({"get": "retrieve"})),
    path(
        "organizations/<slug:reference>/members", organizations.MemberViewSet.as_view({"get": "list", "post": "create"})
    ),
    path(
        "organizations/<slug:reference>/members/<uuid:user_id>",
        organizations.MemberViewSet.as_view({"patch": "partial_update", "delete": "destroy"}),
    ),
]

event_sourcing_urls = [
    path("event-sourcing/status", event_sourcing.StatusView.as_view()),
    path("event-sourcing/event-types", event_sourcing.EventTypesView.as_view()),
    path("event-sourcing/events", event_sourcing.EventViewSet.as_view({"get": "list", "post": "create"})),
    path("event-sourcing/events/<int:position>/proof", proofs.EventProofView.as_view()),
    path("event-sourcing/seals", proofs.SealViewSet.as_view({"get": "list"})),
    path("event-sourcing/seals/<int:number>", proofs.SealViewSet.as_view({"get": "retrieve"})),
    path("event-sourcing/keys", proofs.KeysView.as_view()),
    path("event-sourcing/commands", event_commands.CommandViewSet.as_view({"get": "list", "post": "create"})),
    path("event-sourcing/commands/catalogue", event_commands.CommandCatalogueView.as_view()),
    path(
        "event-sourcing/commands/<uuid:command_id>",
        event_commands.CommandViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
    path("event-sourcing/aggregates", event_sourcing.AggregateViewSet.as_view({"get": "list"})),
    path("event-sourcing/aggregates/<str:stream>", event_sourcing.AggregateViewSet.as_view({"get": "retrieve"})),
    path("event-sourcing/handlers", handlers.HandlerViewSet.as_view({"get": "list", "post": "create"})),
    path("event-sourcing/handlers/actions", handlers.ActionsView.as_view()),
    path(
        "event-sourcing/handlers/<uuid:handler_id>",
        handlers.HandlerViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path("event-sourcing/handlers/<uuid:handler_id>/deliveries", handlers.DeliveryViewSet.as_view({"get": "list"})),
    path("event-sourcing/processes", processes.ProcessViewSet.as_view({"get": "list"})),
    path("event-sourcing/processes/<uuid:process_id>", processes.ProcessViewSet.as_view({"get": "retrieve"})),
    path("event-sourcing/projections", event_sourcing.ProjectionsView.as_view()),
    path("event-sourcing/snapshot-policies", event_sourcing.SnapshotPoliciesView.as_view()),
    path("event-sourcing/dashboard", event_sourcing.DashboardView.as_view()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(identity_urls)),
    path("", include(organization_urls)),
    path("", include(event_sourcing_urls)),
    path("", include("markets.api_urls")),
    path("", include("mesh.api_urls")),
]
