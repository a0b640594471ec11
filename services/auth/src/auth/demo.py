"""The demo admin: there after every start, with the password that was asked for."""

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Final

from sqlalchemy import text

from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.usernames import username_key
from auth.storage.database import Database
from chassis.clock import Clock
from chassis.errors import Unavailable

log = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 0.5
_ENSURE: Final = text(
    """
    INSERT INTO users (id, username, username_key, password, password_changed_at, role, created_at)
    VALUES (:id, :username, :key, :password, :now, 'admin', :now)
    ON CONFLICT (username_key) DO UPDATE
    SET password = excluded.password, role = 'admin', disabled = false
    """
)


async def ensure_demo_admin(
    database: Database,
    passwords: PasswordHasher,
    *,
    username: str,
    password: str,
    clock: Clock,
    ensured: Callable[[], None],
) -> None:
    """Waits for the database as long as it takes; says `ensured` when the admin can sign in."""
    values = {
        "id": uuid.uuid4(),
        "username": username,
        "key": username_key(username) or username,
        "password": await passwords.hash(password),
    }
    while True:
        try:
            await database.execute(_ENSURE, {**values, "now": clock.now()}, repeatable=True)
        except Unavailable:
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            log.info("demo_admin.ready")
            ensured()
            return
