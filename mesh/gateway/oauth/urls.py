"""Addresses of OAuth 2. django-oauth-toolkit's own pages for managing clients and its device flow are left out."""

from django.urls import path
from oauth2_provider import views as toolkit

from mesh.gateway.oauth.views import AuthorizePage, jwks, metadata

app_name = "oauth2_provider"
urlpatterns = [
    path(".well-known/oauth-authorization-server", metadata, name="oauth-server-metadata"),
    path(".well-known/jwks.json", jwks, name="jwks"),
    path("oauth/authorize", AuthorizePage.as_view(), name="authorize"),
    path("oauth/token", toolkit.TokenView.as_view(), name="token"),
    path("oauth/introspect", toolkit.IntrospectTokenView.as_view(), name="introspect"),
    path("oauth/revoke", toolkit.RevokeTokenView.as_view(), name="revoke-token"),
]
