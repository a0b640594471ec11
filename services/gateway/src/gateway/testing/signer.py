"""One signing key of the tests, and tokens as right or as wrong as a test wants them."""

import base64
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER, AUDIENCE = "api-reliability-suite", "api"


class Signer:
    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.kid = "k1"
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def jwks(self) -> bytes:
        key = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": self.x}
        return json.dumps({"keys": [key]}).encode()

    def claims(self, role: str = "user", **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"u-{role}",
            "jti": f"j-{time.monotonic_ns()}",
            "sid": f"s-{time.monotonic_ns()}",
            "role": role,
            "client_id": "gateway",
            "preferred_username": role,
            "iat": now,
            "nbf": now,
            "exp": now + 900,
        }
        return {name: value for name, value in (claims | changed).items() if value is not ...}

    def token(self, role: str = "user", *, header: dict[str, Any] | None = None, **changed: Any) -> str:
        headers = {"typ": "at+jwt", "kid": self.kid} | (header or {})
        payload = json.dumps(self.claims(role, **changed)).encode()
        # Signed as bytes: PyJWT itself would refuse to write most of what is wrong.
        return jwt.api_jws.encode(payload, self.private, algorithm="EdDSA", headers=headers)
