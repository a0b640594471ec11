"""Ends exchanges that last when the client they are for has left."""

import asyncio
from functools import cached_property

from gateway.asgi import Receive
from gateway.proxy.faults import ClientGone
from gateway.proxy.request import Outgoing

# A client that leaves is looked for where the answer takes longer than this.
_LOOK_EVERY = 0.5


class Watch:
    """Looks at what is under way once in a while: a timer for each would cost each request something."""

    def __init__(self) -> None:
        # With the time each began at, and the task that watches it.
        self._under_way: dict[Outgoing, tuple[float, Receive]] = {}
        self._watching: dict[Outgoing, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        # Asking which it is costs a system call each time.
        return asyncio.get_running_loop()

    def begin(self, request: Outgoing, receive: Receive) -> None:
        loop = self._loop
        self._under_way[request] = (loop.time(), receive)
        if self._timer is None:
            self._timer = loop.call_later(_LOOK_EVERY, self._look)

    def end(self, request: Outgoing) -> asyncio.Task[None] | None:
        """The task to be waited for, if there is one; it is cancelled."""
        del self._under_way[request]
        task = self._watching.pop(request, None) if self._watching else None
        if task is not None:
            task.cancel()
        return task

    def _look(self) -> None:
        loop = self._loop
        self._timer = loop.call_later(_LOOK_EVERY, self._look) if self._under_way else None
        long_ago = loop.time() - _LOOK_EVERY
        for request, (began, receive) in self._under_way.items():
            # Whoever reads a body that still comes hears of it there.
            if began <= long_ago and not request.sending and request not in self._watching:
                self._watching[request] = loop.create_task(_leaving(request, receive))


async def _leaving(request: Outgoing, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    request.gone = True
    if request.connection is not None:
        request.connection.abort(ClientGone())
