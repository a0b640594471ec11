"""One shape for the four kinds of gRPC handlers, so that each interceptor is written once."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import grpc

# What grpc's types say of handlers and contexts holds for threads, not for asyncio.
Handler = Any
Context = Any

_GRPC_OWN: Final = "/grpc."


class Surrounding(grpc.aio.ServerInterceptor):
    """Runs each call of our own services inside `around`, whatever the call streams.

    Health and reflection pass untouched: they must answer whatever we think of a call.
    """

    @abstractmethod
    def around(self, method: str, context: Context) -> AbstractAsyncContextManager[None]:
        """Entered before the handler, left after its last message."""

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Handler]],
        handler_call_details: Any,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        # None where there is no such method; grpc answers UNIMPLEMENTED itself.
        if handler is None or handler_call_details.method.startswith(_GRPC_OWN):
            return handler
        return self._surround(handler, handler_call_details.method)

    def _surround(self, handler: Handler, method: str) -> Handler:
        inner = handler.unary_unary or handler.stream_unary or handler.unary_stream or handler.stream_stream
        if handler.response_streaming:

            async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
                async with self.around(method, context):
                    async for message in inner(request, context):
                        yield message

            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else (grpc.unary_stream_rpc_method_handler)
            )
            return make(stream, handler.request_deserializer, handler.response_serializer)

        async def unary(request: Any, context: Context) -> Any:
            async with self.around(method, context):
                return await inner(request, context)

        make = (
            grpc.stream_unary_rpc_method_handler
            if handler.request_streaming
            else (grpc.unary_unary_rpc_method_handler)
        )
        return make(unary, handler.request_deserializer, handler.response_serializer)
