"""Who asks, told to an upstream so that it can check the gateway said it.

`X-Auth-Subject`, `X-Auth-Username`, `X-Auth-Role` are for reading; `X-Auth-Assertion` is the proof: a JWT,
HS256 under IDENTITY_SECRET, typ `identity+jwt`, `aud` the name of the upstream, good for a minute.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import quote

import orjson

from chassis.security.tokens import Principal

Pairs = tuple[tuple[bytes, bytes], ...]

_LIFETIME = 60
# Handed out again for this long, so that the upstream always has most of the lifetime left.
_REUSE = 20.0
_REMEMBERED = 10_000
_READABLE = "!#$&'()*+,-./:;<=>?@[]^_`{|}~ "


class Signer:
    def __init__(self, secret: bytes | None, *, issuer: str, now: Callable[[], float]) -> None:
        """`now` is the wall clock in epoch seconds; without a secret nothing can be proven."""
        self._secret = secret
        self._issuer = issuer
        self._now = now
        self._ready: dict[tuple[str, str, bool], tuple[Pairs, tuple[bytes, ...], float]] = {}
        self._head = b""
        if secret is not None:
            kid = hashlib.sha256(b"identity-key-id" + secret).hexdigest()[:8]
            self._head = _encoded({"alg": "HS256", "typ": "identity+jwt", "kid": kid})

    @property
    def can_sign(self) -> bool:
        return self._secret is not None

    def headers(self, principal: Principal, audience: str, *, prove: bool) -> Pairs:
        """The headers for this upstream; with `prove`, and a secret, X-Auth-Assertion among them."""
        return self._told(principal, audience, prove=prove)[0]

    def lines(self, principal: Principal, audience: str, *, prove: bool) -> tuple[bytes, ...]:
        """The same as they go on the wire, without their line ends."""
        return self._told(principal, audience, prove=prove)[1]

    def _told(
        self, principal: Principal, audience: str, *, prove: bool
    ) -> tuple[Pairs, tuple[bytes, ...], float]:
        key = (principal.jti, audience, prove)
        now = self._now()
        found = self._ready.get(key)
        if found is not None and found[2] > now:
            return found
        pairs = [
            (b"x-auth-subject", _text(principal.sub)),
            (b"x-auth-username", _text(principal.username)),
            (b"x-auth-role", _text(principal.role)),
        ]
        if prove and self._secret is not None:
            pairs.append((b"x-auth-assertion", self._assertion(self._secret, principal, audience, now)))
        made = tuple(pairs), tuple(map(b": ".join, pairs)), now + _REUSE
        self._forget(now)
        self._ready.pop(key, None)
        self._ready[key] = made
        return made

    def _forget(self, now: float) -> None:
        """All are good for the same time, so the first is the one that ends first."""
        while self._ready:
            first = next(iter(self._ready))
            if self._ready[first][2] > now and len(self._ready) < _REMEMBERED:
                return
            del self._ready[first]

    def _assertion(self, secret: bytes, principal: Principal, audience: str, now: float) -> bytes:
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "sub": principal.sub,
            "sid": principal.sid,
            "username": principal.username,
            "role": principal.role,
            "scope": " ".join(sorted(principal.scopes)),
            "iat": int(now),
            "exp": int(now) + _LIFETIME,
        }
        signed = self._head + b"." + _encoded(claims)
        return signed + b"." + _base64(hmac.digest(secret, signed, "sha256"))


def _encoded(value: object) -> bytes:
    return _base64(orjson.dumps(value))


def _base64(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def _text(value: str) -> bytes:
    """Percent-encoded UTF-8 where it is not plain ASCII already."""
    return quote(value, safe=_READABLE).encode()
