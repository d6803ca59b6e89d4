"""The keys with which this platform signs the tokens it issues, and what is derived from the installation's secret.

A private key is stored encrypted (AES-256-GCM) under a key derived from SECRET_KEY by HKDF-SHA256. A new key signs at once;
the one before is retired and still verifies for as long as tokens signed by it may live.
"""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from mesh.gateway.models import SigningKey

TOKEN_LIFETIME = timedelta(minutes=10)
# Nothing signed by a retired key is still valid after this.
VERIFIES_FOR = 2 * TOKEN_LIFETIME
_NONCE_BYTES = 12


def _derived(purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, purpose).derive(settings.SECRET_KEY.encode())


def log_token() -> str:
    """What a request must carry to be logged in any case. No secret that opens anything: it only makes log lines."""
    return hmac.new(settings.SECRET_KEY.encode(), b"opinion_market.gateway.log.v1", hashlib.sha256).hexdigest()[:32]


def new_key(algorithm: str, *, now: datetime) -> SigningKey:
    """A key that is not yet saved."""
    private = Ed25519PrivateKey.generate() if algorithm == "EdDSA" else generate_private_key(65_537, 2_048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = secrets.token_hex(8)
    jwk = {**json.loads(JWK.from_pem(pem).export_public()), "kid": kid, "alg": algorithm, "use": "sig"}
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_derived(b"opinion_market.gateway.signing_key.v1")).encrypt(nonce, pem, kid.encode())
    return SigningKey(kid=kid, algorithm=algorithm, public_jwk=jwk, private_key=nonce + sealed, created_at=now)


def active_key() -> SigningKey | None:
    """The key that signs now; None until one has been made."""
    return SigningKey.objects.filter(retired_at=None).first()


def own_jwks() -> str:
    """The public keys that verify what this platform signs, as a JSON Web Key Set; retired ones included until they are purged."""
    keys = SigningKey.objects.order_by("kid").values_list("public_jwk", flat=True)
    return json.dumps({"keys": list(keys)}, sort_keys=True, separators=(",", ":"))


def sign(claims: dict[str, object], key: SigningKey) -> str:
    """A JSON web token (compact form) signed with this key."""
    sealed = bytes(key.private_key)
    pem = AESGCM(_derived(b"opinion_market.gateway.signing_key.v1")).decrypt(
        sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.kid.encode()
    )
    token = JWT(header={"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt"}, claims=claims)
    token.make_signed_token(JWK.from_pem(pem))
    return str(token.serialize())


def digest(text: str) -> str:
    """SHA-256 of a generated secret, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def decode_basic(text: str) -> tuple[str, str] | None:
    """User name and password of Basic credentials (RFC 7617); None for what is none."""
    try:
        name, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return None
    return (name, password) if colon else None
