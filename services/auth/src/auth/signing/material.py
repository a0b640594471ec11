"""Key pairs, named by their thumbprint (RFC 7638), with the public half as a JWK (RFC 7517)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

Algorithm = Literal["EdDSA", "ES256", "RS256"]
PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey

_RSA_BITS: Final = 3072
# RFC 7638, 3.2 and RFC 8037, 2: what a thumbprint is made of.
_REQUIRED: Final = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


@dataclass(frozen=True, slots=True)
class Material:
    kid: str
    algorithm: Algorithm
    public_jwk: Mapping[str, str]
    private_der: bytes = field(repr=False)


def generate(algorithm: Algorithm) -> Material:
    """A new pair; RSA takes a good part of a second of CPU."""
    key = _new(algorithm)
    jwk = cast("dict[str, str]", jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True))
    public = {name: jwk[name] for name in _REQUIRED[jwk["kty"]]}
    canonical = json.dumps(public, sort_keys=True, separators=(",", ":")).encode()
    kid = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
    return Material(
        kid=kid,
        algorithm=algorithm,
        public_jwk={**public, "kid": kid, "use": "sig", "alg": algorithm},
        private_der=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    )


def load(private_der: bytes) -> PrivateKey:
    return cast("PrivateKey", load_der_private_key(private_der, password=None))


def _new(algorithm: Algorithm) -> PrivateKey:
    match algorithm:
        case "EdDSA":
            return Ed25519PrivateKey.generate()
        case "ES256":
            return generate_private_key(SECP256R1())
        case "RS256":
            return generate_rsa(public_exponent=65537, key_size=_RSA_BITS)
