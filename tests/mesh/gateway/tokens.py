"""Keys and tokens of an issuer outside of the platform, good ones and bad ones."""

import base64
import json
import time
from dataclasses import dataclass, field

from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

ISSUER, AUDIENCE = "https://issuer.example.org", "opinion-market"


def a_key(kind: str, kid: str) -> JWK:
    if kind == "EdDSA":
        return JWK.generate(kty="OKP", crv="Ed25519", kid=kid)
    return JWK.generate(kty="RSA", size=2048, kid=kid)


@dataclass
class Issuer:
    algorithm: str = "EdDSA"
    keys: dict[str, JWK] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate("k1")

    def rotate(self, kid: str) -> None:
        self.keys[kid] = a_key(self.algorithm, kid)
        self.kid = kid

    def jwks(self) -> str:
        return json.dumps({"keys": [json.loads(key.export_public()) for key in self.keys.values()]})

    def claims(self, **others: object) -> dict[str, object]:
        now = int(time.time())
        given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 300, "jti": "t1"}
        return {name: value for name, value in {**given, **others}.items() if value is not None}

    def token(self, *, kid: str = "", header: dict[str, str] | None = None, **claims: object) -> str:
        kid = kid or self.kid
        token = JWT(header={"alg": self.algorithm, "kid": kid, **(header or {})}, claims=self.claims(**claims))
        token.make_signed_token(self.keys[kid])
        return token.serialize()

    def unsigned(self) -> str:
        return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(self.claims())}."

    def tampered(self) -> str:
        head, _, signature = self.token().split(".")
        return f"{head}.{part(self.claims(sub='root'))}.{signature}"

    def confused(self) -> str:
        """Signed with HMAC under the public key, which everybody has."""
        public = self.keys[self.kid].export_public().encode()
        key = JWK(kty="oct", k=base64.urlsafe_b64encode(public).decode().rstrip("="))
        token = JWT(header={"alg": "HS256", "kid": self.kid}, claims=self.claims())
        token.make_signed_token(key)
        return token.serialize()


def part(content: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
