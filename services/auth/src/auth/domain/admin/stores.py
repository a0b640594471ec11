"""What administration needs remembered, in the same unit of work as sessions and the trail."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from auth.domain.accounts import Holder, Role
from auth.domain.stores import Work


@dataclass(frozen=True, slots=True)
class User:
    id: uuid.UUID
    username: str
    role: Role
    disabled: bool
    service_account: bool
    created_at: datetime
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewUser:
    id: uuid.UUID
    username: str
    username_key: str
    role: Role
    service_account: bool
    created_at: datetime
    password: str | None = field(repr=False)

    def made(self) -> User:
        return User(
            self.id,
            self.username,
            self.role,
            disabled=False,
            service_account=self.service_account,
            created_at=self.created_at,
            last_sign_in_at=None,
        )


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose password is about to be changed, and what it is now."""

    id: uuid.UUID
    username: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: uuid.UUID
    prefix: str
    scopes: Sequence[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A live API key of a live service account, and the time to date its access token."""

    key: uuid.UUID
    scopes: Sequence[str]
    holder: Holder
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    name: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiveRefresh:
    """The session of a refresh token that may still be spent."""

    session: uuid.UUID
    holder: Holder
    issued_at: datetime
    expires_at: datetime


class AccountStore(Protocol):
    async def add(self, user: NewUser) -> bool:
        """False where the name is taken."""

    async def get(self, user: uuid.UUID) -> User | None: ...

    async def after(self, username_key: str, limit: int) -> Sequence[tuple[str, User]]:
        """In the order of names, each with the key it is ordered by."""

    async def hold_admins(self) -> Sequence[uuid.UUID]:
        """The people who are admins and may sign in; they stay so until the commit."""

    async def change(self, user: uuid.UUID, *, role: Role, disabled: bool) -> None: ...

    async def set_password(self, user: uuid.UUID, password: str | None, *, now: datetime) -> None:
        """And forgets every reset token of theirs."""

    async def delete(self, user: uuid.UUID) -> None: ...

    async def owner(self, user: uuid.UUID) -> Owner | None: ...

    async def bootstrapped(self, user: uuid.UUID, *, now: datetime) -> bool:
        """Records it once for good; False where that was done before."""


class ResetStore(Protocol):
    async def add(self, user: uuid.UUID, digest: bytes, *, now: datetime, expires_at: datetime) -> None: ...

    async def owner(self, digests: Sequence[bytes], *, now: datetime) -> Owner | None:
        """Of a reset token that may still be spent."""

    async def spend(self, digests: Sequence[bytes], *, now: datetime) -> bool: ...


class ApiKeyStore(Protocol):
    async def add(self, user: uuid.UUID, key: ApiKey, digest: bytes) -> None: ...

    async def of(self, user: uuid.UUID) -> Sequence[ApiKey]: ...

    async def delete(self, user: uuid.UUID, key: uuid.UUID) -> bool: ...

    async def use(self, digests: Sequence[bytes], *, now: datetime) -> Exchange | None: ...


class ClientStore(Protocol):
    async def add(self, client: Client, *, now: datetime) -> None: ...

    async def get(self, client: str) -> Client | None: ...

    async def renew(self, client: str, secret: bytes) -> None: ...

    async def delete(self, client: str) -> bool: ...


class IntrospectionStore(Protocol):
    async def live(
        self, session: uuid.UUID, digests: Sequence[bytes], *, now: datetime
    ) -> LiveRefresh | None: ...

    async def session_owner(self, session: uuid.UUID) -> uuid.UUID | None: ...


class AdminWork(Work, Protocol):
    @property
    def accounts(self) -> AccountStore: ...
    @property
    def resets(self) -> ResetStore: ...
    @property
    def api_keys(self) -> ApiKeyStore: ...
    @property
    def clients(self) -> ClientStore: ...
    @property
    def introspection(self) -> IntrospectionStore: ...


BeginAdmin = Callable[[], AbstractAsyncContextManager[AdminWork]]
