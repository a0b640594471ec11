import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Unauthenticated
from chassis.security.keyset import KeySet, symmetric_kid
from chassis.security.tokens import MAX_TOKEN_BYTES, Principal, key_id, verify

NOW = 1_800_000_000
SECRET = b"q8Vw2LzN0rXhT5yKc7Jd1BfGm4Pa9EsUo3Rti6Wx"
ED = ed25519.Ed25519PrivateKey.generate()
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
PRIVATE: dict[str, Any] = {"EdDSA": ED, "ES256": EC, "RS256": RSA}


def jwk(algorithm: str, private: Any, kid: str) -> dict[str, Any]:
    described = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return {**described, "alg": algorithm, "kid": kid, "use": "sig"}


JWKS = json.dumps({"keys": [jwk(name, private, name.lower()) for name, private in PRIVATE.items()]}).encode()
KEYS = KeySet.from_jwks(JWKS, hs256_secrets=[SECRET])


def claims(**changes: Any) -> dict[str, Any]:
    made = {
        "iss": "https://id.example",
        "aud": "reliability",
        "sub": "u-1",
        "sid": "s-1",
        "jti": "t-1",
        "role": "user",
        "client_id": "reliability",
        "preferred_username": "ada",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 900,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def sign(
    payload: dict[str, Any] | None = None,
    *,
    key: Any = ED,
    algorithm: str = "EdDSA",
    kid: str = "eddsa",
    headers: dict[str, Any] | None = None,
) -> str:
    head = {"typ": "at+jwt", "kid": kid, **(headers or {})}
    return jwt.encode(payload or claims(), key, algorithm=algorithm, headers=head)


def sign_bytes(payload: bytes) -> str:
    """Whatever this is, honestly signed."""
    return jwt.api_jws.encode(payload, ED, algorithm="EdDSA", headers={"typ": "at+jwt", "kid": "eddsa"})


def check(token: str, *, now: float = NOW + 1) -> Principal:
    return verify(token, keys=KEYS, issuer="https://id.example", audience="reliability", now=now)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_token_of_each_algorithm_proves_its_principal(algorithm: str) -> None:
    principal = check(sign(key=PRIVATE[algorithm], algorithm=algorithm, kid=algorithm.lower()))
    assert (principal.sub, principal.sid, principal.role, principal.username) == ("u-1", "s-1", "user", "ada")


def test_a_shared_secret_proves_too_where_it_is_configured() -> None:
    assert check(sign(key=SECRET, algorithm="HS256", kid=symmetric_kid(SECRET))).jti == "t-1"


def raw(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"x" * 64) -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


PUBLIC_PEM = ED.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
RSA_PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def confused(pem: bytes, kid: str) -> str:
    """Signed with a public key as if it were a shared secret."""
    head = base64.urlsafe_b64encode(
        json.dumps({"typ": "at+jwt", "alg": "HS256", "kid": kid}).encode()
    ).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    mac = hmac.new(pem, head + b"." + body, hashlib.sha256).digest()
    return (head + b"." + body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


HOSTILE: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "two parts": lambda: "a.b",
    "five parts": lambda: "aa.bb.cc.dd.ee",
    "spaces": lambda: " " + sign(),
    "unicode": lambda: sign() + "\u200b",
    "padding": lambda: sign() + "==",
    "a megabyte": lambda: "e" * 1_000_000,
    "just too long": lambda: sign(claims(preferred_username="x" * MAX_TOKEN_BYTES)),
    "alg none": lambda: raw({"typ": "at+jwt", "alg": "none", "kid": "eddsa"}, claims()),
    "alg none without signature": lambda: raw(
        {"typ": "at+jwt", "alg": "none", "kid": "eddsa"}, claims(), b""
    ),
    "alg None": lambda: raw({"typ": "at+jwt", "alg": "None", "kid": "eddsa"}, claims()),
    "alg list": lambda: raw({"typ": "at+jwt", "alg": ["EdDSA"], "kid": "eddsa"}, claims()),
    "alg of another key": lambda: sign(key=EC, algorithm="ES256", kid="eddsa"),
    "public key as a secret": lambda: confused(PUBLIC_PEM, "eddsa"),
    "public rsa key as a secret": lambda: confused(RSA_PEM, "rs256"),
    "shared secret of somebody else": lambda: sign(
        key=b"k" * 40, algorithm="HS256", kid=symmetric_kid(SECRET)
    ),
    "psychic signature": lambda: raw(
        {"typ": "at+jwt", "alg": "ES256", "kid": "es256"}, claims(), b"\x00" * 64
    ),
    "unknown kid": lambda: sign(kid="other"),
    "kid as a path": lambda: sign(kid="../../dev/null"),
    "kid as a number": lambda: raw({"typ": "at+jwt", "alg": "EdDSA", "kid": 7}, claims()),
    "no kid": lambda: raw({"typ": "at+jwt", "alg": "EdDSA"}, claims()),
    "no typ": lambda: raw({"alg": "EdDSA", "kid": "eddsa"}, claims()),
    "typ of an id token": lambda: sign(headers={"typ": "JWT"}),
    "jku": lambda: sign(headers={"jku": "https://evil.example/keys"}),
    "jwk": lambda: sign(headers={"jwk": jwk("EdDSA", ED, "eddsa")}),
    "x5u": lambda: sign(headers={"x5u": "https://evil.example/cert"}),
    "crit": lambda: sign(headers={"crit": ["exp"]}),
    "b64 false": lambda: sign(headers={"b64": False}),
    "header is a list": lambda: raw([], claims()),  # type: ignore[arg-type]
    "header is not JSON": lambda: "bm90anNvbg.e30." + "A" * 86,
    "payload is a list": lambda: sign_bytes(b"[]"),
    "deep payload": lambda: sign_bytes(b"[" * 3000),
    "other issuer": lambda: sign(claims(iss="https://evil.example")),
    "issuer list": lambda: sign_bytes(json.dumps(claims(iss=["https://id.example"])).encode()),
    "other audience": lambda: sign(claims(aud="other")),
    "audience number": lambda: sign(claims(aud=[1])),
    "expiry as text": lambda: sign(claims(exp=str(NOW + 900))),
    "expiry true": lambda: sign(claims(exp=True)),
    "expiry huge": lambda: sign(claims(exp=10**30)),
    "expiry negative": lambda: sign(claims(exp=-1)),
    "issued in the future": lambda: sign(claims(iat=NOW + 600)),
    "not yet valid": lambda: sign(claims(nbf=NOW + 600)),
    "subject number": lambda: sign(claims(role=1)),
    "unknown role": lambda: sign(claims(role="root")),
    "empty subject": lambda: sign(claims(sub="")),
    "scope list": lambda: sign(claims(scope=["a"])),
    **{
        f"without {name}": partial(lambda name: sign(claims(**{name: ...})), name)
        for name in ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "role", "client_id")
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_is_refused_quickly_and_alike(name: str) -> None:
    token = HOSTILE[name]()
    # Of this thread's own time: a crowded machine is not the token's doing.
    began = time.thread_time()
    with pytest.raises(Unauthenticated) as refused:
        check(token)
    assert time.thread_time() - began < 0.01
    assert refused.value.reason in ("INVALID_TOKEN", "UNKNOWN_KEY")
    assert refused.value.detail == "The access token is not valid."


def test_an_expired_token_says_so_after_the_leeway() -> None:
    assert check(sign(), now=NOW + 904).sub == "u-1"
    with pytest.raises(Unauthenticated) as refused:
        check(sign(), now=NOW + 906)
    assert refused.value.reason == "TOKEN_EXPIRED"


@given(st.text(max_size=300))
def test_no_text_does_anything_but_be_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        key_id(text)


@given(st.data())
def test_a_token_changed_anywhere_is_refused(data: st.DataObject) -> None:
    token = sign()
    at = data.draw(st.integers(0, len(token) - 1))
    # The last character carries bits that no byte of the signature uses.
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."))
    changed = token[:at] + letter + token[at + 1 :]
    if changed == token or at == len(token) - 1:
        return
    with pytest.raises(Unauthenticated):
        check(changed)


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys":3}', b'{"keys":[3]}', b"\xff"])
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        KeySet.from_jwks(document)


def test_a_key_set_never_brings_secrets_private_or_weak_keys() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  # weak is what it is here for
    document = {
        "keys": [
            {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "oct"},
            {**jwk("EdDSA", ED, "private"), "d": "AAAA"},
            jwk("RS256", weak, "weak"),
            {**jwk("EdDSA", ED, "for-encryption"), "use": "enc"},
            jwk("EdDSA", ED, "good"),
        ]
    }
    assert KeySet.from_jwks(json.dumps(document).encode()).kids == {"good"}
