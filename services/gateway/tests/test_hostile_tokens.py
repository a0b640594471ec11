"""Whatever is wrong with a token: 401 with the right challenge, at once, and without a question to auth."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.testing.signer import Signer
from gateway.testing.stand_in import StandIn
from gateway.testing.whole import Gateway, GatewayFactory

pytestmark = pytest.mark.alone


def b64(data: bytes | dict[str, Any]) -> str:
    raw = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def variants(signer: Signer) -> dict[str, str]:
    good = signer.token()
    header, payload, signature = good.split(".")
    public = signer.private.public_key().public_bytes_raw()
    head = {"typ": "at+jwt", "kid": signer.kid, "alg": "EdDSA"}

    def unsigned(**changed: Any) -> str:
        return f"{b64(head | changed)}.{payload}."

    def confused(key: bytes) -> str:
        signed = f"{b64(head | {'alg': 'HS256'})}.{payload}"
        return f"{signed}.{b64(hmac.digest(key, signed.encode(), 'sha256'))}"

    made = {
        "empty": "",
        "not a JWT": "hello",
        "three dots": "a.b.c.d",
        "1 MB": "a" * 1_000_000,
        "9 KB": f"{header}.{'a' * 9000}.{signature}",
        "unsigned": unsigned(alg="none"),
        "unsigned, other spelling": unsigned(alg="nOnE"),
        "signature removed": f"{header}.{payload}.",
        "signature of another": f"{header}.{payload}.{signer.token().split('.')[2]}",
        "signature with a bit more": f"{good}A",
        "payload changed": f"{header}.{b64(signer.claims('admin'))}.{signature}",
        "confused with the raw key": confused(public),
        "confused with the published key": confused(signer.x.encode()),
        "confused with an empty key": confused(b""),
        "another's key of the same name": jwt.encode(
            signer.claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=head
        ),
        "header is no JSON": f"{b64(b'{')}.{payload}.{signature}",
        "header is a list": f"{b64(b'[]')}.{payload}.{signature}",
        "payload is no JSON": f"{header}.{b64(b'{')}.{signature}",
        "deep payload": f"{header}.{b64(b'[' * 3000)}.{signature}",
    }
    for name, value in {
        "crit": ["exp"],
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/x5c",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": signer.x},
        "x5c": ["AAAA"],
        "b64": False,
        "zip": "DEF",
        "cty": "JWT",
    }.items():
        made[f"header {name}"] = signer.token(header={name: value})
    for kid in ("k2", "", "../../dev/null", "k1' OR 1=1", "k1\x00", "k" * 900):
        made[f"kid {kid[:12]!r}"] = signer.token(header={"kid": kid})
    for typ in ("JWT", "at+JWT;", "refresh", ""):
        made[f"typ {typ!r}"] = signer.token(header={"typ": typ})
    for claim in ("iss", "aud", "sub", "jti", "sid", "iat", "nbf", "exp", "role", "client_id"):
        made[f"without {claim}"] = signer.token(**{claim: ...})
        made[f"{claim} null"] = signer.token(**{claim: None})
        made[f"{claim} object"] = signer.token(**{claim: {"a": 1}})
        made[f"{claim} empty"] = signer.token(**{claim: ""})
        made[f"{claim} true"] = signer.token(**{claim: True})
    now = int(time.time())
    made |= {
        "wrong issuer": signer.token(iss="someone-else"),
        "issuer as a list": signer.token(iss=["api-reliability-suite"]),
        "wrong audience": signer.token(aud="other"),
        "no audience in the list": signer.token(aud=[]),
        "unknown role": signer.token(role="root"),
        "role in capitals": signer.token(role="ADMIN"),
        "expired": signer.token(exp=now - 60),
        "not yet": signer.token(nbf=now + 60),
        "issued tomorrow": signer.token(iat=now + 86_400),
        "expires as text": signer.token(exp=str(now + 60)),
        "expires as a fraction": signer.token(exp=now + 60.5),
        "expires never": signer.token(exp=10**20),
    }
    return made


async def test_no_hostile_token_is_let_in_and_each_is_answered_at_once(
    gateway: Gateway, auth: StandIn
) -> None:
    good = auth.signer.token()
    assert (await gateway.ask("GET", "/protected", token=good)).status == 200
    asked = auth.calls["login"], auth.calls["sessions"]

    wrong: dict[str, object] = {}
    slow: dict[str, float] = {}
    for name, token in variants(auth.signer).items():
        times = []
        for _ in range(3):
            began = time.perf_counter()
            said = await gateway.raw(
                b"GET /protected HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
                + token.encode()
                + b"\r\n\r\n"
            )
            times.append(time.perf_counter() - began)
        status = int(said[9:12] or 0)
        challenge = next(
            (line for line in said.lower().split(b"\r\n") if line[:17] == b"www-authenticate:"), b""
        )
        refused = status == 401 and (not token or b'error="invalid_token"' in challenge)
        if not refused and status != 431:
            wrong[name] = said
        if min(times) > 0.01:
            slow[name] = min(times)
    assert wrong == {}
    assert slow == {}
    assert (auth.calls["login"], auth.calls["sessions"]) == asked
    assert (await gateway.ask("GET", "/protected", token=good)).status == 200


async def test_made_up_keys_cost_auth_one_question_a_second(gateway: Gateway, auth: StandIn) -> None:
    before = auth.calls["keys"]
    for number in range(50):
        token = auth.signer.token(header={"kid": f"made-up-{number}"})
        assert (await gateway.ask("GET", "/protected", token=token)).status == 401
    assert auth.calls["keys"] - before <= 3


async def test_a_key_that_just_began_to_sign_is_asked_for(gateway: Gateway, auth: StandIn) -> None:
    auth.signer.kid = "k2"

    async def accepted() -> bool:
        return (await gateway.ask("GET", "/protected", token=auth.signer.token())).status == 200

    began = time.monotonic()
    while not await accepted():
        assert time.monotonic() - began < 5
        await asyncio.sleep(0.02)


async def test_a_withdrawn_key_takes_the_tokens_it_signed_with_it(gateway: Gateway, auth: StandIn) -> None:
    old = auth.signer.token()
    assert (await gateway.ask("GET", "/protected", token=old)).status == 200

    auth.signer.__init__()  # type: ignore[misc]
    auth.signer.kid = "k2"
    began = time.monotonic()
    while (await gateway.ask("GET", "/protected", token=auth.signer.token())).status != 200:
        assert time.monotonic() - began < 5
        await asyncio.sleep(0.02)
    assert (await gateway.ask("GET", "/protected", token=old)).status == 401


async def test_hs256_is_taken_where_it_is_the_algorithm_and_nowhere_else(
    start: GatewayFactory, auth: StandIn
) -> None:
    secret = "k" * 10 + hashlib.sha256(b"seed").hexdigest()
    kid = "hs-" + hashlib.sha256(b"kid\x00" + hashlib.sha256(secret.encode()).digest()).hexdigest()[:16]
    token = jwt.encode(auth.signer.claims(), secret, algorithm="HS256", headers={"typ": "at+jwt", "kid": kid})

    symmetric = await start(TOKEN_ALGORITHM="HS256", SECRET_KEY=secret)
    assert (await symmetric.ask("GET", "/protected", token=token)).status == 200
    usual = await start(SECRET_KEY=secret)
    assert (await usual.ask("GET", "/protected", token=token)).status == 401


async def test_no_token_no_error_code_and_no_role_a_403(gateway: Gateway, auth: StandIn) -> None:
    nobody = await gateway.ask("GET", "/protected")
    assert nobody.status == 401
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    basic = await gateway.ask("GET", "/protected", headers={"Authorization": "Basic YTpi"})
    assert basic.status == 401

    user = await gateway.ask("GET", "/users", token=auth.signer.token("user"))
    assert user.status == 403
    assert 'error="insufficient_scope"' in user.headers["WWW-Authenticate"]
    assert user.json()["type"] == "urn:problem-type:reliability:role-required"


async def test_revocations_of_every_kind_are_obeyed_at_once(gateway: Gateway, auth: StandIn) -> None:
    kinds = {1: "jti", 2: "sid", 3: "sub"}
    for kind, claim in kinds.items():
        token = auth.signer.token(**{claim: f"revoked-{kind}"})
        assert (await gateway.ask("GET", "/protected", token=token)).status == 200
        await auth.revoke(kind, f"revoked-{kind}", not_before=time.time())  # type: ignore[arg-type]
        began = time.monotonic()
        while (answer := await gateway.ask("GET", "/protected", token=token)).status == 200:
            assert time.monotonic() - began < 1
        assert answer.json()["type"].endswith("token-revoked")
