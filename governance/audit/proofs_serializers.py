"""What the endpoints of seals and proofs answer. Times are microseconds since 1970, as they are hashed."""

from typing import Any

from rest_framework import serializers

HASH = "32 bytes in hexadecimal digits."


class PlaceSerializer(serializers.Serializer[Any]):
    transaction_id = serializers.IntegerField()
    position = serializers.IntegerField()


class SealSerializer(serializers.Serializer[Any]):
    """A signed Merkle root. `hash` and `signature` cover the text described in docs/proofs.md."""

    number = serializers.IntegerField(help_text="1, 2, 3 … without gaps.")
    first = PlaceSerializer(help_text="The first event it covers.")
    last = PlaceSerializer(help_text="The last event it covers.")
    events = serializers.IntegerField()
    root = serializers.CharField(help_text=HASH)  # type: ignore[assignment]  # a field, which the metaclass takes off
    previous_hash = serializers.CharField(help_text="Hash of the seal before; zeros for the first.")
    hash = serializers.CharField(help_text=HASH)
    sealed_at_us = serializers.IntegerField()
    key_id = serializers.CharField()
    public_key = serializers.CharField(help_text="Ed25519, 32 bytes in hexadecimal digits.")
    signature = serializers.CharField(help_text="Ed25519, 64 bytes in hexadecimal digits.")


class CanonicalEventSerializer(serializers.Serializer[Any]):
    """An event as its hash is computed."""

    position = serializers.IntegerField()
    stream = serializers.CharField()
    version = serializers.IntegerField()
    type = serializers.CharField()
    schema_version = serializers.IntegerField()
    at_us = serializers.IntegerField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class
    metadata = serializers.DictField()
    previous_hash = serializers.CharField(help_text=HASH)
    hash = serializers.CharField(help_text=HASH)


class InclusionSerializer(serializers.Serializer[Any]):
    seal = serializers.IntegerField(help_text="The seal's number.")
    leaf_index = serializers.IntegerField(help_text="From 0, among the seal's events.")
    path = serializers.ListField(
        child=serializers.CharField(), help_text="Siblings on the way to the root, lowest first."
    )


class EventProofSerializer(serializers.Serializer[Any]):
    format = serializers.CharField()
    event = CanonicalEventSerializer()
    inclusion = InclusionSerializer()
    seal = SealSerializer()


class KeySerializer(serializers.Serializer[Any]):
    key_id = serializers.CharField(help_text="First 16 hexadecimal digits of the public key's SHA-256.")
    public_key = serializers.CharField()
    algorithm = serializers.CharField()
    introduced_at = serializers.DateTimeField(allow_null=True, help_text="null: it has not signed a seal yet.")
    present = serializers.BooleanField(help_text="The one that signs now.")


class KeysSerializer(serializers.Serializer[Any]):
    keys = KeySerializer(many=True)
