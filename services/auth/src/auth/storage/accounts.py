"""Accounts as administration sees them, and the reset tokens that belong to them."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.domain.accounts import Role
from auth.domain.admin.stores import NewUser, Owner, User
from auth.storage.lease import Statements
from auth.storage.tables import bootstrap, password_resets, users

_c = users.c
_SHOWN = (
    _c.id, _c.username, _c.role, _c.disabled, _c.service_account, _c.created_at, _c.last_sign_in_at,
)  # fmt: skip


class Accounts:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, user: NewUser) -> bool:
        result = await self._statements.execute(
            insert(users)
            .values(
                id=user.id,
                username=user.username,
                username_key=user.username_key,
                password=user.password,
                password_changed_at=user.created_at if user.password else None,
                role=user.role,
                service_account=user.service_account,
                created_at=user.created_at,
            )
            .on_conflict_do_nothing(index_elements=[_c.username_key])
            .returning(_c.id)
        )
        return result.one_or_none() is not None

    async def get(self, user: uuid.UUID) -> User | None:
        result = await self._statements.execute(select(*_SHOWN).where(_c.id == user))
        row = result.one_or_none()
        return _user(row) if row is not None else None

    async def after(self, username_key: str, limit: int) -> Sequence[tuple[str, User]]:
        # By code point, whatever collation the database was made with.
        by_name = _c.username_key.collate("C")
        result = await self._statements.execute(
            select(*_SHOWN, _c.username_key).where(by_name > username_key).order_by(by_name).limit(limit)
        )
        return [(row.username_key, _user(row)) for row in result]

    async def hold_admins(self) -> Sequence[uuid.UUID]:
        result = await self._statements.execute(
            select(_c.id)
            .where(_c.role == "admin", ~_c.disabled, ~_c.service_account)
            .order_by(_c.id)
            .with_for_update(key_share=True)
        )
        return list(result.scalars())

    async def change(self, user: uuid.UUID, *, role: Role, disabled: bool) -> None:
        await self._statements.execute(
            update(users).where(_c.id == user).values(role=role, disabled=disabled)
        )

    async def set_password(self, user: uuid.UUID, password: str | None, *, now: datetime) -> None:
        await self._statements.execute(
            update(users).where(_c.id == user).values(password=password, password_changed_at=now)
        )
        await self._statements.execute(
            delete(password_resets).where(
                password_resets.c.user_id == user, password_resets.c.spent_at.is_(None)
            )
        )

    async def delete(self, user: uuid.UUID) -> None:
        await self._statements.execute(delete(users).where(_c.id == user))

    async def owner(self, user: uuid.UUID) -> Owner | None:
        result = await self._statements.execute(
            select(_c.id, _c.username, _c.password).where(_c.id == user, ~_c.service_account)
        )
        row = result.one_or_none()
        return Owner(row.id, row.username, row.password) if row is not None else None

    async def bootstrapped(self, user: uuid.UUID, *, now: datetime) -> bool:
        result = await self._statements.execute(
            insert(bootstrap)
            .values(id=1, user_id=user, spent_at=now)
            .on_conflict_do_nothing()
            .returning(bootstrap.c.id)
        )
        return result.one_or_none() is not None


class PasswordResets:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, user: uuid.UUID, digest: bytes, *, now: datetime, expires_at: datetime) -> None:
        await self._statements.execute(
            insert(password_resets).values(
                id=func.gen_random_uuid(),
                user_id=user,
                token_hash=digest,
                created_at=now,
                expires_at=expires_at,
            )
        )

    async def owner(self, digests: Sequence[bytes], *, now: datetime) -> Owner | None:
        c = password_resets.c
        result = await self._statements.execute(
            select(_c.id, _c.username, _c.password)
            .join(password_resets, c.user_id == _c.id)
            .where(c.token_hash.in_(digests), c.spent_at.is_(None), c.expires_at > now, ~_c.disabled)
        )
        row = result.one_or_none()
        return Owner(row.id, row.username, row.password) if row is not None else None

    async def spend(self, digests: Sequence[bytes], *, now: datetime) -> bool:
        c = password_resets.c
        result = await self._statements.execute(
            update(password_resets)
            .where(c.token_hash.in_(digests), c.spent_at.is_(None), c.expires_at > now)
            .values(spent_at=now)
        )
        return result.rowcount == 1


def _user(row: Row[Any]) -> User:
    return User(
        row.id,
        row.username,
        row.role,
        disabled=row.disabled,
        service_account=row.service_account,
        created_at=row.created_at,
        last_sign_in_at=row.last_sign_in_at,
    )
