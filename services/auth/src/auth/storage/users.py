"""Accounts: looked up to sign in, and held still while what they hold is voided."""

import uuid
from datetime import datetime

from sqlalchemy import func, select, update

from auth.domain.accounts import Candidate, Holder
from auth.storage.lease import Statements
from auth.storage.tables import users


class Users:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def candidate(self, username_key: str) -> Candidate | None:
        c = users.c
        result = await self._statements.execute(
            select(c.id, c.username, c.role, c.password, c.disabled, c.service_account).where(
                c.username_key == username_key
            )
        )
        row = result.one_or_none()
        if row is None:
            return None
        return Candidate(
            holder=Holder(row.id, row.username, row.role),
            password=row.password,
            disabled=row.disabled,
            service_account=row.service_account,
        )

    async def hold(self, user: uuid.UUID) -> bool:
        result = await self._statements.execute(
            select(users.c.id).where(users.c.id == user).with_for_update(key_share=True)
        )
        return result.one_or_none() is not None

    async def void_tokens(self, user: uuid.UUID, *, until: datetime) -> None:
        await self._statements.execute(
            update(users)
            .where(users.c.id == user)
            .values(not_before=func.greatest(users.c.not_before, until))
        )
