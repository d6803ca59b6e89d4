"""Tokens and grants have no page: whoever could read them there could act for others."""

from django.contrib import admin
from oauth2_provider.models import AccessToken, Grant, IDToken, RefreshToken

HIDDEN = (AccessToken, Grant, IDToken, RefreshToken)
# django-oauth-toolkit stands before the mesh among the apps, so its pages are there by now.
admin.site.unregister(HIDDEN)
