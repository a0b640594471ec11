"""Tells browsers what they must not do with an answer."""

from gateway.asgi import Scope
from gateway.exchange import Exchange, Headers

_ALWAYS: Headers = [(b"x-content-type-options", b"nosniff")]
# What the gateway says itself is data; what an upstream says may be a page with its own rules.
_OWN: Headers = [
    *_ALWAYS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    def __call__(self, scope: Scope, found: Exchange) -> None:
        del scope
        found.response_headers += _ALWAYS if found.proxied else _OWN
        if found.scheme == "https":
            found.response_headers.append(_HSTS)
