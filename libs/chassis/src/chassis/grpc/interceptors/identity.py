"""Deny by default: a method nobody named public needs the caller's own access token."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from chassis.errors import Unauthenticated
from chassis.grpc.interceptors.handlers import Context, Surrounding
from chassis.security.tokens import Principal, set_current

VerifyToken = Callable[[str], Awaitable[Principal]]

_SCHEME: Final = "Bearer "


class IdentityInterceptor(Surrounding):
    """Establishes who is calling.

    Args:
        verify: proves a token or raises Unauthenticated.
        public: full names of the methods that need none.
    """

    def __init__(self, verify: VerifyToken, public: frozenset[str]) -> None:
        self._verify = verify
        self._public = public

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        if method not in self._public:
            token = _bearer(context)
            set_current(await self._verify(token), token)
        yield


def _bearer(context: Context) -> str:
    given = [value for name, value in context.invocation_metadata() or () if name == "authorization"]
    if len(given) != 1 or not isinstance(given[0], str) or not given[0].startswith(_SCHEME):
        raise Unauthenticated
    return given[0][len(_SCHEME) :]
