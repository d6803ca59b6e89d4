"""The mesh's addresses under `/api/v1`, all on one page."""

from django.urls import URLPattern, path

from mesh.chaos import api_urls as chaos
from mesh.client.api import CallServiceView
from mesh.gateway.api.urls import urlpatterns as gateway_urls
from mesh.registry.api import instances, overview, services

# Before the names of services, of which none can be `call`.
client_urls = [path("microservices/services/call", CallServiceView.as_view())]

registry_urls = [
    path("microservices/status", overview.StatusView.as_view()),
    path("microservices/dashboard", overview.DashboardView.as_view()),
    path("microservices/graph", overview.GraphView.as_view()),
    path("microservices/calls", overview.CallViewSet.as_view({"get": "list"})),
    path("microservices/mesh", services.MeshViewSet.as_view({"get": "list", "post": "create"})),
    path("microservices/mesh/load-balancing", services.LoadBalancingViewSet.as_view({"post": "create"})),
    path("microservices/dependencies", services.DependencyViewSet.as_view({"post": "create"})),
    path("microservices/dependencies/<uuid:dependency_id>", services.DependencyViewSet.as_view({"delete": "destroy"})),
    path("microservices/services", services.ServiceViewSet.as_view({"get": "list", "post": "register"})),
    path(
        "microservices/services/<slug:service_name>",
        services.ServiceViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
    path(
        "microservices/services/<slug:service_name>/instances",
        instances.InstanceViewSet.as_view({"get": "of_service"}),
    ),
    path("microservices/services/<slug:service_name>/health", overview.HealthView.as_view()),
    path("microservices/instances", instances.InstanceViewSet.as_view({"get": "list"})),
    path("microservices/instances/bulk", instances.InstanceViewSet.as_view({"post": "bulk"})),
    path("microservices/instances/heartbeat", instances.InstanceViewSet.as_view({"post": "heartbeats"})),
    path(
        "microservices/instances/<uuid:instance_id>",
        instances.InstanceViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
    path(
        "microservices/instances/<uuid:instance_id>/heartbeat",
        instances.InstanceViewSet.as_view({"post": "heartbeat"}),
    ),
    path("microservices/instances/<uuid:instance_id>/drain", instances.InstanceViewSet.as_view({"post": "drain"})),
    path("microservices/instances/<uuid:instance_id>/resume", instances.InstanceViewSet.as_view({"post": "resume"})),
]

urlpatterns: list[URLPattern] = [*client_urls, *registry_urls, *gateway_urls, *chaos.urlpatterns]
