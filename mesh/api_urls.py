"""The mesh's addresses under `/api/v1`, all on one page."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
