"""Signing keys in the database: changed by one replica at a time, told to all by the commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select, text, update

from auth.domain.signing_keys import SigningKey, State
from auth.storage.lease import Statements
from auth.storage.locks import SIGNING_KEYS
from auth.storage.tables import signing_keys

CHANNEL: Final = "auth_signing_keys"


@dataclass(frozen=True, slots=True)
class StoredKey:
    key: SigningKey
    public_jwk: Mapping[str, str]
    private_sealed: bytes = field(repr=False)


class SigningKeys:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def take_turn(self) -> None:
        """Nobody else changes keys until this transaction ends."""
        await self._statements.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SIGNING_KEYS})

    async def all(self) -> Sequence[StoredKey]:
        c = signing_keys.c
        result = await self._statements.execute(select(signing_keys).order_by(c.created_at, c.kid))
        return [
            StoredKey(
                SigningKey(
                    kid=row.kid,
                    algorithm=row.algorithm,
                    state=row.state,
                    created_at=row.created_at,
                    activated_at=row.activated_at,
                    retired_at=row.retired_at,
                    expires_at=row.expires_at,
                ),
                row.public_jwk,
                row.private_sealed,
            )
            for row in result
        ]

    async def add(
        self,
        *,
        kid: str,
        algorithm: str,
        state: State,
        public_jwk: Mapping[str, str],
        sealed: bytes,
        now: datetime,
    ) -> None:
        await self._statements.execute(
            insert(signing_keys).values(
                kid=kid,
                algorithm=algorithm,
                state=state,
                public_jwk=dict(public_jwk),
                private_sealed=sealed,
                created_at=now,
                activated_at=now if state == "active" else None,
            )
        )

    async def activate(self, kid: str, *, now: datetime) -> None:
        await self._change(kid, state="active", activated_at=now)

    async def retire(self, kid: str, *, now: datetime, expires_at: datetime) -> None:
        # Whoever has it in memory may sign on for a moment; nobody needs to load it again.
        await self._change(kid, state="retired", retired_at=now, expires_at=expires_at, private_sealed=b"")

    async def reseal(self, kid: str, sealed: bytes) -> None:
        await self._change(kid, private_sealed=sealed)

    async def forget(self, kids: Sequence[str]) -> None:
        await self._statements.execute(delete(signing_keys).where(signing_keys.c.kid.in_(kids)))

    async def tell(self) -> None:
        await self._statements.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})

    async def _change(self, kid: str, **values: object) -> None:
        await self._statements.execute(update(signing_keys).where(signing_keys.c.kid == kid).values(**values))
