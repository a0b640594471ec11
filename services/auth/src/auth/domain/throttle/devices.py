"""Device tokens: proof that somebody signed in to this account here before, and nothing else.

Stateless: `ard_` and base64url of version, device id, time of issue and an HMAC-SHA-256 over those
and the account, so that it is worth nothing for another account and nobody can make one who has not
signed in. It opens no door; it only says in whose queue a try waits.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_PREFIX: Final = "ard_"
_VERSION: Final = 1
_BODY: Final = struct.Struct(">B16sQ")
_MAC_BYTES: Final = 32
_LONGEST: Final = 128

LIFETIME_SECONDS: Final = 180 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Device:
    id: bytes


class DeviceTokens:
    """Signs with the first of `keys`, accepts any: give the previous key after a rotation."""

    def __init__(self, *, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def issue(self, account: str, *, now: float, device: Device | None = None) -> str:
        """A token for this device, which keeps its id while it keeps its token."""
        body = _BODY.pack(_VERSION, device.id if device else secrets.token_bytes(16), int(now))
        token = body + _mac(self._keys[0], body, account)
        return _PREFIX + base64.urlsafe_b64encode(token).rstrip(b"=").decode("ascii")

    def recognise(self, token: str, account: str, *, now: float) -> Device | None:
        """The device, if the token is ours, of this account, and not too old."""
        raw = _decoded(token)
        if raw is None:
            return None
        body, mac = raw[: _BODY.size], raw[_BODY.size :]
        # Every key is tried, whichever fits: how long it takes says nothing.
        genuine = [hmac.compare_digest(_mac(key, body, account), mac) for key in self._keys]
        version, device_id, issued_at = _BODY.unpack(body)
        if not any(genuine) or version != _VERSION or not 0 <= now - issued_at + 60 <= LIFETIME_SECONDS:
            return None
        return Device(id=device_id)


def _mac(key: bytes, body: bytes, account: str) -> bytes:
    return hmac.digest(key, b"device\0" + body + account.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _decoded(token: str) -> bytes | None:
    if not token.startswith(_PREFIX) or len(token) > _LONGEST or not token.isascii():
        return None
    text = token.removeprefix(_PREFIX)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == _BODY.size + _MAC_BYTES else None
