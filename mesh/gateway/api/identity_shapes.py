"""Shapes of identity providers, signing keys, revocations and Basic credentials."""

from typing import Any

from rest_framework import serializers

from mesh.gateway.api.shapes import SERVICE_HELP
from mesh.gateway.models import IdentityProvider, SigningKey
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField


class ProviderFieldsInput(InputSerializer):
    name = StrictTextField(max_length=63, required=False)
    description = StrictTextField(max_length=200, allow_blank=True, required=False)
    issuer = StrictTextField(max_length=300, allow_blank=True, required=False)
    audiences = serializers.ListField(child=StrictTextField(max_length=200), max_length=20, required=False)
    is_own_issuer = StrictBooleanField(required=False)
    jwks = StrictTextField(
        max_length=50_000, allow_blank=True, required=False, help_text="A JSON Web Key Set, as text."
    )
    user_claim = StrictTextField(max_length=60, required=False)
    organization_claim = StrictTextField(max_length=60, allow_blank=True, required=False)
    service = StrictTextField(max_length=104, allow_null=True, required=False, help_text=SERVICE_HELP)
    path = StrictTextField(max_length=200, required=False)
    timeout_ms = StrictIntegerField(min_value=10, max_value=10_000, required=False)
    reason = StrictTextField(max_length=200, allow_blank=True, default="")


class NewProviderInput(ProviderFieldsInput):
    name = StrictTextField(max_length=63)
    kind = serializers.ChoiceField(choices=IdentityProvider.Kind.choices)


class ProviderSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=IdentityProvider.Kind.choices)
    description = serializers.CharField()
    issuer = serializers.CharField()
    audiences = serializers.ListField(child=serializers.CharField())
    is_own_issuer = serializers.BooleanField()
    jwks = serializers.CharField(help_text="Public keys only.")
    user_claim = serializers.CharField()
    organization_claim = serializers.CharField()
    service = serializers.SerializerMethodField()
    path = serializers.CharField()
    timeout_ms = serializers.IntegerField()

    def get_service(self, provider: IdentityProvider) -> str | None:
        return f"{provider.service.mesh.name}/{provider.service.name}" if provider.service else None


class RevocationInput(InputSerializer):
    jti = StrictTextField(max_length=120)
    expires_at = serializers.DateTimeField(help_text="When the token would expire by itself.")
    reason = StrictTextField(max_length=200, allow_blank=True, default="")


class RotationInput(InputSerializer):
    algorithm = serializers.ChoiceField(choices=SigningKey.Algorithm.choices, default="EdDSA")
    reason = StrictTextField(max_length=200, allow_blank=True, default="")


class SigningKeySerializer(serializers.Serializer[Any]):
    kid = serializers.CharField()
    algorithm = serializers.ChoiceField(choices=SigningKey.Algorithm.choices)
    created_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)


class CredentialInput(InputSerializer):
    user = serializers.UUIDField(help_text="Whom the program acts for.")
    description = StrictTextField(max_length=80, allow_blank=True, default="")


class CredentialSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user = serializers.UUIDField(source="user_id")
    username = serializers.CharField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewCredentialSerializer(CredentialSerializer):
    password = serializers.CharField(help_text="This is the only time it is shown.")
