"""What other replicas commit, heard at once; and asked about again whenever hearing was interrupted."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

log = logging.getLogger(__name__)

_BACKOFF_FIRST: Final = 0.2
_BACKOFF_MOST: Final = 5.0
_CONNECT_SECONDS: Final = 3


async def listen(url: URL, channels: Mapping[str, asyncio.Event]) -> None:
    """Sets the event of a channel for each notification, for ever.

    All of them after each connecting: nobody knows what was said meanwhile.
    """
    wait, told = _BACKOFF_FIRST, False
    while True:
        try:
            async with await _connected(url, channels) as connection:
                if told:
                    log.info("notifications.resumed")
                wait, told = _BACKOFF_FIRST, False
                for event in channels.values():
                    event.set()
                async for notification in connection.notifies():
                    channels[notification.channel].set()
        except (psycopg.Error, OSError):
            if not told:
                log.warning("notifications.interrupted", extra={"effect": "polling until they are back"})
                told = True
        await asyncio.sleep(wait)
        wait = min(wait * 2, _BACKOFF_MOST)


async def _connected(
    url: URL, channels: Mapping[str, asyncio.Event]
) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    given = url.translate_connect_args(username="user", database="dbname") | dict(url.query)
    connection = await psycopg.AsyncConnection.connect(
        **given,
        autocommit=True,
        connect_timeout=_CONNECT_SECONDS,
        application_name="auth notifications",
        keepalives_idle=10,
        keepalives_interval=2,
        keepalives_count=3,
    )
    try:
        for channel in channels:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
    except BaseException:
        await connection.close()
        raise
    return connection
