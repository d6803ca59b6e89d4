"""Reading the gateway: what is wanted of Envoy, and what operators may see."""

from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from governance.access.policies import Caller
from mesh.gateway import spec
from mesh.gateway.errors import LimitNotFound, ProviderNotFound, RouteNotFound
from mesh.gateway.models import (
    BasicCredential,
    GatewaySettings,
    IdentityProvider,
    RateLimit,
    RevokedJwt,
    Route,
    RouteBackend,
    SigningKey,
)
from mesh.gateway.signing import log_token, own_jwks
from mesh.operators import require_operator
from opinion_market.kernel import clock


def gateway(*, now: datetime | None = None) -> spec.Gateway:
    """What is wanted of the front door, from the rows. Tokens that expired by themselves need no revocation any more.

    Seven queries, whatever the number of routes.
    """
    now = now or clock.now()
    kept = current_settings()
    return spec.Gateway(
        routes=[route_spec(row) for row in _routes().filter(is_enabled=True)],
        limits=[_limit(row) for row in RateLimit.objects.filter(is_enabled=True).select_related("route")],
        providers=_providers(now),
        middleware=tuple(kept.middleware),
        security_headers=tuple((name, value) for name, value in kept.security_headers),
        logging=spec.Logging(share_ppm=kept.log_share_ppm, slow_ms=kept.log_slow_ms, token=log_token()),
        cache=spec.Cache(
            max_bytes=kept.cache_max_bytes,
            max_entries=kept.cache_max_entries,
        ),
    )


def current_settings() -> GatewaySettings:
    """The settings' one row, or what holds while there is none."""
    return GatewaySettings.objects.first() or GatewaySettings(updated_at=clock.now())


def _routes() -> QuerySet[Route]:
    return Route.objects.select_related("upstream__mesh", "authentication").prefetch_related("backends__service__mesh")


def route_spec(row: Route) -> spec.Route:
    """A row, read with its services, as the renderer and the matcher know it."""
    deprecation = None
    if row.deprecated_at is not None:
        sunset = row.sunset_at.strftime("%a, %d %b %Y %H:%M:%S GMT") if row.sunset_at else ""
        deprecation = spec.Deprecation(
            since_s=int(row.deprecated_at.timestamp()), sunset=sunset, successor=row.successor
        )
    return spec.Route(
        name=row.name,
        upstream=_key(row),
        version=row.upstream_version,
        split=[_backend(each) for each in row.backends.all()],
        hosts=tuple(row.hosts),
        path=row.path,
        match=row.match,
        methods=tuple(row.methods),
        headers=tuple(spec.HeaderMatch(**each) for each in row.headers),
        rewrite=row.rewrite,
        timeout_ms=row.timeout_ms,
        is_open_ended=row.is_open_ended,
        is_websocket=row.is_websocket,
        retries=row.retries,
        retry_on=row.retry_on,
        authentication=row.authentication.name if row.authentication else "",
        cors=spec.Cors(**row.cors) if row.cors else None,
        is_compressed=row.is_compressed,
        has_security_headers=row.has_security_headers,
        body_limit_bytes=row.body_limit_bytes,
        cache_s=row.cache_s,
        deprecation=deprecation,
    )


def _key(row: Route) -> str:
    return f"{row.upstream.mesh.name}/{row.upstream.name}"


def _backend(row: RouteBackend) -> spec.Backend:
    return spec.Backend(service=f"{row.service.mesh.name}/{row.service.name}", version=row.version, weight=row.weight)


def _limit(row: RateLimit) -> spec.Limit:
    route = row.route.name if row.route else ""
    return spec.Limit(name=row.name, scope=row.scope, unit=row.unit, requests=row.requests, route=route)


def _providers(now: datetime) -> list[spec.Provider]:
    revoked: dict[UUID, list[str]] = {}
    for provider, jti in RevokedJwt.objects.filter(expires_at__gt=now).values_list("provider_id", "jti"):
        revoked.setdefault(provider, []).append(jti)
    rows = list(IdentityProvider.objects.select_related("service__mesh"))
    own = own_jwks() if any(row.is_own_issuer for row in rows) else ""
    return [
        spec.Provider(
            name=row.name,
            kind=row.kind,
            issuer=row.issuer,
            audiences=tuple(row.audiences),
            jwks=own if row.is_own_issuer else row.jwks,
            user_claim=row.user_claim,
            organization_claim=row.organization_claim,
            revoked=tuple(revoked.get(row.pk, ())),
            service=f"{row.service.mesh.name}/{row.service.name}" if row.service else "",
            path=row.path,
            timeout_ms=row.timeout_ms,
        )
        for row in rows
    ]


def routes(caller: Caller) -> QuerySet[Route]:
    """All routes in their order, read with their services. Raises PermissionMissing."""
    require_operator(caller)
    return _routes()


def route_of(caller: Caller, route_id: UUID) -> Route:
    """Raises RouteNotFound, PermissionMissing."""
    found = routes(caller).filter(pk=route_id).first()
    if found is None:
        raise RouteNotFound
    return found


def limits(caller: Caller) -> QuerySet[RateLimit]:
    """All limits by name. Raises PermissionMissing."""
    require_operator(caller)
    return RateLimit.objects.select_related("route")


def limit_of(caller: Caller, limit_id: UUID) -> RateLimit:
    """Raises LimitNotFound, PermissionMissing."""
    found = limits(caller).filter(pk=limit_id).first()
    if found is None:
        raise LimitNotFound
    return found


def providers(caller: Caller) -> QuerySet[IdentityProvider]:
    """All identity providers, with how many routes use each and how many tokens are revoked. Raises PermissionMissing."""
    require_operator(caller)
    counted = IdentityProvider.objects.select_related("service__mesh")
    return counted.annotate(
        used_by=Count("routes", distinct=True),
        revocations=Count("revoked", distinct=True, filter=Q(revoked__isnull=False)),
    )


def basic_credentials(caller: Caller) -> QuerySet[BasicCredential]:
    """All of them, the newest first. Raises PermissionMissing."""
    require_operator(caller)
    return BasicCredential.objects.order_by("-created_at", "-id")


def signing_keys(caller: Caller) -> QuerySet[SigningKey]:
    """The platform's keys, the newest first. Raises PermissionMissing."""
    require_operator(caller)
    return SigningKey.objects.order_by("-created_at", "kid")


def provider_of(caller: Caller, provider_id: UUID) -> IdentityProvider:
    """Raises ProviderNotFound, PermissionMissing."""
    found = providers(caller).filter(pk=provider_id).first()
    if found is None:
        raise ProviderNotFound
    return found
