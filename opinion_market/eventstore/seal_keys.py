"""The key that signs seals and statements: Ed25519, its seed in the setting SEAL_KEY, its public half in a table.

Rotation is by the setting: the first seal after a change introduces the new key, with an event in the stream `seals`, so the
seals say when it happened. Old public keys stay, and old seals are bound by the chain under the newest signature.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import transaction

from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.models import SealKey

STREAM = "seals"


def key_id(public_key: bytes) -> str:
    """The first 16 hexadecimal digits of the public key's SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The installation's key. Its private half is nowhere shown."""

    id: str
    public_key: bytes
    _private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.id})"

    def sign(self, content: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes. Contents begin with what they are, so that none passes for another kind."""
        return self._private.sign(content)


@lru_cache(maxsize=4)
def _key_of(seed: str) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed + "=" * (-len(seed) % 4)))
    public = private.public_key().public_bytes_raw()
    return SigningKey(key_id(public), public, private)


def signing_key() -> SigningKey:
    """The key of the setting SEAL_KEY, which the environment's reader has validated."""
    return _key_of(settings.SEAL_KEY)


def is_signed(content: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether the signature over the content is this key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


@transaction.atomic
def introduce_key(*, now: datetime) -> SigningKey:
    """Keep the present key's public half, the first time it is used. Appends: SealKeyIntroduced, then. Idempotent."""
    key = signing_key()
    _, created = SealKey.objects.get_or_create(pk=key.id, defaults={"public_key": key.public_key, "introduced_at": now})
    if created:
        data = {"key_id": key.id, "public_key": key.public_key.hex()}
        event = NewEvent(type="SealKeyIntroduced", data=data, at=now, metadata=metadata(actor=None))
        append(stream=STREAM, expected_version=None, events=[event])
    return key
