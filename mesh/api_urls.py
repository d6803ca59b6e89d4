"""The mesh's addresses under `/api/v1`, all on one page."""

from django.urls import URLPattern

from mesh.chaos import api_urls as chaos

urlpatterns: list[URLPattern] = [*chaos.urlpatterns]
