"""Who is calling: the holder of a live access token, and where a right is needed, one who has it."""

import uuid
from collections.abc import Callable
from typing import Any

from auth.domain.accounts import Client
from auth.domain.sessions import Caller
from auth.feed import RevocationFeed
from auth.signing.keyring import Keyring
from chassis.clock import Clock
from chassis.errors import Forbidden, Unauthenticated
from chassis.security.tokens import Principal, current_principal, verify
from reliability.auth.v1 import auth_pb2 as pb

_SCHEME = "Bearer "
_ATTEMPTS = "grpc-previous-rpc-attempts"


class Verifier:
    """Proves access tokens with our own keys and our own revocations."""

    def __init__(
        self, *, keyring: Keyring, feed: RevocationFeed, issuer: str, audience: str, clock: Clock
    ) -> None:
        self._keyring = keyring
        self._feed = feed
        self._issuer = issuer
        self._audience = audience
        self._clock = clock

    async def live(self, token: str) -> Principal:
        """For whatever surrounds a call.

        Raises:
            Unauthenticated: INVALID_TOKEN, UNKNOWN_KEY, TOKEN_EXPIRED, TOKEN_REVOKED.
        """
        who = self.genuine(token)
        if self.is_revoked(who):
            raise Unauthenticated("The access token has been revoked; sign in again.", reason="TOKEN_REVOKED")
        return who

    def is_revoked(self, who: Principal) -> bool:
        return self._feed.is_revoked(who)

    def genuine(self, token: str) -> Principal:
        """Revoked or not: for signing out, which may be asked for twice."""
        return verify(
            token,
            keys=self._keyring.verifying,
            issuer=self._issuer,
            audience=self._audience,
            now=self._clock.now().timestamp(),
        )


def admin() -> Principal:
    """The caller, who has to be an admin.

    Raises:
        Forbidden: ADMIN_REQUIRED.
    """
    who = current_principal()
    if who.role != "admin":
        raise Forbidden("Only an admin may do this.", reason="ADMIN_REQUIRED")
    return who


def caller(who: Principal) -> Caller:
    return Caller(user=uuid.UUID(who.sub), session=who.sid, token=who.jti)


def bearer(context: Any, genuine: Callable[[str], Principal]) -> Principal:
    """The caller of a method that is public and asks for a token itself."""
    given = [value for name, value in context.invocation_metadata() or () if name == "authorization"]
    if len(given) != 1 or not isinstance(given[0], str) or not given[0].startswith(_SCHEME):
        raise Unauthenticated
    return genuine(given[0].removeprefix(_SCHEME))


def repeated(context: Any) -> bool:
    """Whether a channel asks again by itself, after an attempt that may have been carried out (gRFC A6)."""
    return any(name == _ATTEMPTS for name, _ in context.invocation_metadata() or ())


def client(message: pb.ClientContext) -> Client:
    """What the gateway says of the client, cut to what is kept."""
    return Client(
        address=_printable(message.address[:64]),
        user_agent=_printable(message.user_agent[:256]),
        device_token=message.device_token[:256],
    )


def _printable(text: str) -> str:
    """Without what neither the database nor a log line can hold."""
    return "".join(character for character in text if character.isprintable())
