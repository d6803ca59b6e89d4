"""Every address: the pages, the API, its documentation, the probes and the console."""

from django.urls import URLPattern, URLResolver, include, path

from opinion_market.api import docs, health
from opinion_market.console.site import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("opinion_market.pages.urls")),
    path("api/v1/", include("opinion_market.api.urls")),
    path("docs", docs.SwaggerView.as_view(), name="docs"),
    path("docs/schema", docs.SchemaView.as_view(), name="schema"),
    path("docs/problems", docs.problems, name="problems"),
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("info", health.info, name="info"),
    path("", include("mesh.gateway.oauth.urls")),
    path("console/", site.urls),
]

handler400 = "opinion_market.api.fallback.bad_request"
handler403 = "opinion_market.console.refusal.permission_denied"
handler404 = "opinion_market.api.fallback.page_not_found"
handler500 = "opinion_market.api.fallback.server_error"
