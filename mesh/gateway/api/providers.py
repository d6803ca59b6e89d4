"""`/api/v1/api-gateway/providers` and `/signing-keys`: who proves identities, and with which keys."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.gateway import selectors, services
from mesh.gateway.api.identity_shapes import (
    CredentialInput,
    CredentialSerializer,
    NewCredentialSerializer,
    NewProviderInput,
    ProviderFieldsInput,
    ProviderSerializer,
    RevocationInput,
    RotationInput,
    SigningKeySerializer,
)
from mesh.gateway.api.reading import provider_values, user_of, valid
from mesh.gateway.api.routes import TAG
from mesh.gateway.models import BasicCredential, IdentityProvider
from mesh.operators import OPERATE
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.kernel import clock


@extend_schema(tags=[TAG])
class ProviderViewSet(IdempotentMixin, GenericViewSet[IdentityProvider]):
    permissions_required: ClassVar[dict[str, str]] = {
        "list": OPERATE,
        "create": OPERATE,
        "retrieve": OPERATE,
        "partial_update": OPERATE,
        "destroy": OPERATE,
        "revoke": OPERATE,
    }
    serializer_class = ProviderSerializer
    queryset = IdentityProvider.objects.none()
    filter_backends = ()
    ordering = ("name",)

    @extend_schema(operation_id="api_gateway_providers_list", responses=ProviderSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All identity providers."""
        found = selectors.providers(signed_in_user(request))
        return self.get_paginated_response(ProviderSerializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="api_gateway_providers_create", request=NewProviderInput, responses={201: ProviderSerializer}
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """A new provider, which routes can then name."""
        given = valid(NewProviderInput, request.data)
        reason = given.pop("reason")
        provider = services.create_provider(
            actor=signed_in_user(request), values=provider_values(given), reason=reason, now=clock.now()
        )
        return Response(self._shown(request, provider.pk), status=201)

    @extend_schema(operation_id="api_gateway_providers_retrieve", responses=ProviderSerializer)
    def retrieve(self, request: Request, provider_id: UUID) -> Response:
        """One provider, with its public keys."""
        return Response(self._shown(request, provider_id))

    @extend_schema(
        operation_id="api_gateway_providers_change", request=ProviderFieldsInput, responses=ProviderSerializer
    )
    def partial_update(self, request: Request, provider_id: UUID) -> Response:
        """Change what is sent; a new `jwks` is how an issuer's rotated keys are taken."""
        given = valid(ProviderFieldsInput, request.data)
        reason = given.pop("reason")
        services.change_provider(
            actor=signed_in_user(request),
            provider_id=provider_id,
            values=provider_values(given),
            reason=reason,
            now=clock.now(),
        )
        return Response(self._shown(request, provider_id))

    @extend_schema(operation_id="api_gateway_providers_remove", request=None, responses={204: None})
    def destroy(self, request: Request, provider_id: UUID) -> Response:
        """Remove a provider that no route names."""
        services.remove_provider(actor=signed_in_user(request), provider_id=provider_id, reason="", now=clock.now())
        return Response(status=204)

    @extend_schema(operation_id="api_gateway_providers_revoke", request=RevocationInput, responses={204: None})
    def revoke(self, request: Request, provider_id: UUID) -> Response:
        """Refuse a token from now on, by its `jti`. Repeating it changes nothing."""
        given = valid(RevocationInput, request.data)
        services.revoke_jwt(actor=signed_in_user(request), provider_id=provider_id, now=clock.now(), **given)
        return Response(status=204)

    def _shown(self, request: Request, provider_id: UUID) -> Any:
        return ProviderSerializer(selectors.provider_of(signed_in_user(request), provider_id)).data


@extend_schema(tags=[TAG])
class SigningKeysView(IdempotentMixin, APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE, "post": OPERATE}

    @extend_schema(operation_id="api_gateway_signing_keys", responses=SigningKeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """The keys that verify this platform's tokens, the newest first."""
        found = selectors.signing_keys(signed_in_user(request))
        return Response(SigningKeySerializer(found, many=True).data)

    @extend_schema(
        operation_id="api_gateway_signing_keys_rotate", request=RotationInput, responses={201: SigningKeySerializer}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Sign with a new key from now on. The one before still verifies."""
        given = valid(RotationInput, request.data)
        key = services.rotate_signing_key(actor=signed_in_user(request), now=clock.now(), **given)
        return Response(SigningKeySerializer(key).data, status=201)


@extend_schema(tags=[TAG])
class CredentialViewSet(GenericViewSet[BasicCredential]):
    permissions_required: ClassVar[dict[str, str]] = {"list": OPERATE, "create": OPERATE, "destroy": OPERATE}
    serializer_class = CredentialSerializer
    queryset = BasicCredential.objects.none()
    filter_backends = ()
    ordering = ("-created_at", "-id")

    @extend_schema(operation_id="api_gateway_basic_credentials_list", responses=CredentialSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Names for Basic authentication, newest first, revoked ones included."""
        found = selectors.basic_credentials(signed_in_user(request))
        return self.get_paginated_response(CredentialSerializer(self.paginate_queryset(found), many=True).data)

    # Not idempotent by key: the answer holds a secret, and secrets are not stored.
    @extend_schema(
        operation_id="api_gateway_basic_credentials_create",
        request=CredentialInput,
        responses={201: NewCredentialSerializer},
    )
    def create(self, request: Request) -> Response:
        """A generated name and password with which a program acts for a user. The password is in this answer and nowhere else."""
        given = valid(CredentialInput, request.data)
        actor = signed_in_user(request)
        credential, password = services.create_basic_credential(
            actor=actor, user=user_of(actor, given["user"]), description=given["description"], now=clock.now()
        )
        return Response({**CredentialSerializer(credential).data, "password": password}, status=201)

    @extend_schema(operation_id="api_gateway_basic_credentials_revoke", request=None, responses={204: None})
    def destroy(self, request: Request, credential_id: UUID) -> Response:
        """End it at once. Repeating it changes nothing."""
        services.revoke_basic_credential(actor=signed_in_user(request), credential_id=credential_id, now=clock.now())
        return Response(status=204)
