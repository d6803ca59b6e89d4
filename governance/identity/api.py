"""`/api/v1/auth/token` and `/api/v1/api-keys`."""

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, PUBLIC, signed_in_user
from governance.identity import selectors, services, tokens
from governance.identity.models import ApiKey
from governance.identity.throttles import TokenAddressThrottle, TokenUsernameThrottle
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.kernel import clock


class CredentialsInput(InputSerializer):
    username = StrictTextField(max_length=150)
    password = StrictTextField(max_length=1024, trim_whitespace=False)


class RefreshInput(InputSerializer):
    refresh = StrictTextField(max_length=4096)


class TokenPairSerializer(serializers.Serializer[tokens.TokenPair]):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer <access>`.")
    refresh = serializers.CharField(help_text="Works once; answers with a new pair.")
    expires_in_s = serializers.IntegerField(help_text="Seconds the access token lives.")


class _TokenView(APIView):
    """Needs no credentials beyond the body, and heeds none; slows down who guesses."""

    permissions_required: ClassVar[dict[str, str]] = {"post": PUBLIC}
    authentication_classes = ()
    throttle_classes = (TokenAddressThrottle, TokenUsernameThrottle)

    def _valid(self, kind: type[InputSerializer], request: Request) -> dict[str, Any]:
        serializer = kind(data=request.data)
        serializer.is_valid(raise_exception=True)
        valid: dict[str, Any] = serializer.validated_data
        return valid


class TokenView(_TokenView):
    @extend_schema(
        operation_id="auth_token", tags=["auth"], request=CredentialsInput, responses=TokenPairSerializer, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Sign in with user name and password."""
        wanted = self._valid(CredentialsInput, request)
        return Response(asdict(tokens.issue_tokens(**wanted, request=request._request)))


class TokenRefreshView(_TokenView):
    @extend_schema(
        operation_id="auth_token_refresh", tags=["auth"], request=RefreshInput, responses=TokenPairSerializer, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token, which is used up, for a new pair."""
        return Response(asdict(tokens.refresh_tokens(**self._valid(RefreshInput, request))))


class TokenRevokeView(_TokenView):
    @extend_schema(
        operation_id="auth_token_revoke", tags=["auth"], request=RefreshInput, responses={204: None}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Sign out: give a refresh token back. The access token still lives its few minutes."""
        tokens.revoke_refresh_token(**self._valid(RefreshInput, request))
        return Response(status=204)


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scope", "created_at", "expires_at", "revoked_at", "last_used_at"]


class NewApiKeySerializer(ApiKeySerializer):
    key = serializers.CharField(help_text="The key itself. This is the only time it is shown.")

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]


class NewApiKeyInput(InputSerializer):
    name = StrictTextField(max_length=80)
    scope = serializers.ChoiceField(choices=ApiKey.Scope.choices, default=ApiKey.Scope.READ)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


@extend_schema(tags=["api-keys"])
class ApiKeyViewSet(GenericViewSet[ApiKey]):
    """Your API keys. Making or revoking one takes a session, a token, or a key of scope `admin`."""

    permissions_required: ClassVar[dict[str, str]] = {
        "list": AUTHENTICATED,
        "retrieve": AUTHENTICATED,
        "create": AUTHENTICATED,
        "destroy": AUTHENTICATED,
    }
    serializer_class = ApiKeySerializer
    queryset = ApiKey.objects.none()
    filter_backends = ()
    ordering = ("-created_at", "-id")

    @extend_schema(operation_id="api_keys_list", responses=ApiKeySerializer(many=True))
    def list(self, request: Request) -> Response:
        """Your keys, newest first, revoked ones included."""
        page = self.paginate_queryset(selectors.api_keys_of(signed_in_user(request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="api_keys_retrieve", responses=ApiKeySerializer)
    def retrieve(self, request: Request, api_key_id: UUID) -> Response:
        """One of your keys, without its secret."""
        return Response(self.get_serializer(selectors.api_key_of(signed_in_user(request), api_key_id)).data)

    # Not idempotent by key: the answer holds a secret, and secrets are not stored.
    @extend_schema(operation_id="api_keys_create", request=NewApiKeyInput, responses={201: NewApiKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a key. Its text is in this answer and nowhere else."""
        serializer = NewApiKeyInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        key, text = services.create_api_key(actor=signed_in_user(request), now=clock.now(), **serializer.validated_data)
        return Response({**self.get_serializer(key).data, "key": text}, status=201)

    @extend_schema(operation_id="api_keys_revoke", responses={204: None})
    def destroy(self, request: Request, api_key_id: UUID) -> Response:
        """Revoke a key at once. Repeating it changes nothing."""
        actor = signed_in_user(request)
        key = selectors.api_key_of(actor, api_key_id)
        services.revoke_api_key(actor=actor, api_key_id=key.pk, now=clock.now(), reason="Revoked over the API.")
        return Response(status=204)
