"""Service errors become statuses; anything else is a bug, logged once and told to nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from grpc_status import rpc_status

from chassis.errors import ServiceError
from chassis.grpc.interceptors.handlers import Context, Surrounding
from chassis.grpc.status import INTERNAL, to_status

log = logging.getLogger(__name__)


class ErrorsInterceptor(Surrounding):
    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        try:
            yield
        except ServiceError as error:
            await context.abort_with_status(rpc_status.to_status(to_status(error)))
        except (grpc.aio.AbortError, asyncio.CancelledError, GeneratorExit):
            raise
        except Exception:
            log.exception("rpc.bug", extra={"method": method})
            await context.abort_with_status(rpc_status.to_status(INTERNAL))
