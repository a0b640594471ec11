"""A server that takes no handler as it is: what is registered through it is surrounded first."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import grpc

# What grpc's types say of handlers holds for threads, not for asyncio.
Handler = Any
Surround = Callable[[Handler, str], Handler]


def surrounding(server: grpc.aio.Server, surround: Surround) -> grpc.aio.Server:
    """The server, for whoever adds services to it.

    Args:
        server: gets what was added.
        surround: makes of a handler and the full name of its method what is called in its place.
    """
    # Generated code asks a server for these two methods and for nothing else.
    return cast("grpc.aio.Server", _Registering(server, surround))


class _Registering:
    def __init__(self, server: grpc.aio.Server, surround: Surround) -> None:
        self._server = server
        self._surround = surround

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        self._server.add_generic_rpc_handlers([_Surrounded(each, self._surround) for each in handlers])

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        around = {name: self._surround(each, f"/{service}/{name}") for name, each in handlers.items()}
        self._server.add_registered_method_handlers(service, around)


class _Surrounded(grpc.GenericRpcHandler):
    def __init__(self, inner: Any, surround: Surround) -> None:
        self._inner = inner
        self._surround = surround
        self._known: dict[str, Handler] = {}

    def service(self, handler_call_details: Any) -> Handler | None:
        method: str = handler_call_details.method
        known = self._known.get(method)
        if known is None:
            handler = self._inner.service(handler_call_details)
            if handler is None:
                return None
            known = self._known[method] = self._surround(handler, method)
        return known
