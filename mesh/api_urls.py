"""The mesh's addresses under `/api/v1`, all on one page."""

from django.urls import URLPattern, path

from mesh.client.api import CallServiceView

client_urls = [path("microservices/services/call", CallServiceView.as_view())]

urlpatterns: list[URLPattern] = [*client_urls]
