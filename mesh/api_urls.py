"""The mesh's addresses under `/api/v1`, all on one page."""

from django.urls import URLPattern

from mesh.gateway.api.urls import urlpatterns as gateway_urls

urlpatterns: list[URLPattern] = [*gateway_urls]
