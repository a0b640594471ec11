"""Pod logs by the Kubernetes API, container after container.

Least privilege: `list` on pods and `get` on pods/log in one namespace, by the
pod's own service account, whose token is read anew each time since it rotates.
"""

import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError

from triage.sources.failures import InvalidSource, SourceUnavailable
from triage.sources.http import BROKEN, bounded_body, session
from triage.sources.source import Mark, Piece

_MAX_PODS: Final = 100
_MAX_LIST_BYTES: Final = 16 * 1024 * 1024
_LEAST_BYTES: Final = 256 * 1024
_BLOCK: Final = 64 * 1024
_HTTP_OK: Final = 200
_BYTES_A_LINE: Final = 100
"""Fewer than lines have, so that the newest lines asked for fill the share of a log."""
_MAX_TOKEN_BYTES: Final = 16 * 1024


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Meta(_Read):
    name: str


class _ContainerStatus(_Read):
    name: str
    restartCount: int = 0  # noqa: N815  # the API's own name


class _PodStatus(_Read):
    initContainerStatuses: list[_ContainerStatus] = []  # noqa: N815
    containerStatuses: list[_ContainerStatus] = []  # noqa: N815


class _Pod(_Read):
    metadata: _Meta
    status: _PodStatus = _PodStatus()


class _ListMeta(_Read):
    # `continue` is a keyword of Python's; the API sets it where pods are left over.
    remainingItemCount: int = 0  # noqa: N815


class _Pods(_Read):
    metadata: _ListMeta = _ListMeta()
    items: list[_Pod]


@dataclass(frozen=True, slots=True)
class KubernetesQuery:
    namespace: str | None
    selector: str
    previous: bool
    since_seconds: float
    api_url: str | None
    credentials: Path


@dataclass(frozen=True, slots=True)
class _Log:
    pod: str
    container: str
    previous: bool


class KubernetesSource:
    def __init__(self, query: KubernetesQuery) -> None:
        self._query = query
        self.scope = f"kubernetes:{query.namespace or ''}:{query.selector}"

    async def read(self, max_bytes: int) -> AsyncGenerator[Piece]:
        token = self._credential("token")
        namespace = self._query.namespace or self._credential("namespace")
        if not namespace:
            raise InvalidSource("TRIAGE_KUBERNETES_NAMESPACE must be set outside a cluster.")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        pods_url = f"{self._api()}/api/v1/namespaces/{quote(namespace, safe='')}/pods"
        async with session(headers, tls=self._tls()) as http:
            logs, more = await self._logs(http, pods_url)
            if more:
                yield Mark.CUT
            # Each log has its share, so that one talkative pod does not silence the others.
            share = max(_LEAST_BYTES, max_bytes // max(1, len(logs)))
            left, reached = max_bytes, 0
            for log in logs:
                if left <= 0:
                    yield Mark.CUT
                    return
                size = 0
                async for piece in self._log(http, pods_url, log, min(share, left)):
                    if isinstance(piece, bytes):
                        size += len(piece)
                    elif piece is Mark.BOUNDARY:
                        reached += 1
                    yield piece
                left -= size
            if logs and not reached:
                raise SourceUnavailable("No pod's log could be read from the Kubernetes API.")

    async def _logs(self, http: aiohttp.ClientSession, url: str) -> tuple[list[_Log], bool]:
        params = {"limit": str(_MAX_PODS)}
        if self._query.selector:
            params["labelSelector"] = self._query.selector
        body = await bounded_body(http, url, params, max_bytes=_MAX_LIST_BYTES, what="The Kubernetes API")
        try:
            pods = _Pods.model_validate_json(body)
        except ValidationError as error:
            raise SourceUnavailable(
                "The Kubernetes API answered with something that is no list of pods."
            ) from error
        logs = [log for pod in pods.items[:_MAX_PODS] for log in self._logs_of(pod)]
        return logs, pods.metadata.remainingItemCount > 0 or len(pods.items) > _MAX_PODS

    def _logs_of(self, pod: _Pod) -> Iterator[_Log]:
        for container in (*pod.status.initContainerStatuses, *pod.status.containerStatuses):
            if self._query.previous and container.restartCount:
                yield _Log(pod.metadata.name, container.name, previous=True)
            yield _Log(pod.metadata.name, container.name, previous=False)

    async def _log(
        self, http: aiohttp.ClientSession, pods_url: str, log: _Log, max_bytes: int
    ) -> AsyncIterator[Piece]:
        """One container's log: BOUNDARY, then blocks; only CUT where it cannot be had."""
        tail = max_bytes // _BYTES_A_LINE
        params = {
            "container": log.container,
            "tailLines": str(tail),
            "sinceSeconds": str(max(1, int(self._query.since_seconds))),
            "previous": str(log.previous).lower(),
        }
        left, lines = max_bytes, 0
        try:
            url = f"{pods_url}/{quote(log.pod, safe='')}/log"
            async with http.get(url, params=params, allow_redirects=False) as response:
                if response.status != _HTTP_OK:
                    # A pod that went away, or a previous container the node has forgotten.
                    yield Mark.CUT
                    return
                yield Mark.BOUNDARY
                async for chunk in response.content.iter_chunked(_BLOCK):
                    if len(chunk) > left:
                        yield chunk[:left]
                        yield Mark.CUT
                        return
                    left -= len(chunk)
                    lines += chunk.count(b"\n")
                    yield chunk
                if lines >= tail:
                    yield Mark.CUT
        except BROKEN:
            yield Mark.CUT

    def _api(self) -> str:
        if self._query.api_url:
            return self._query.api_url.rstrip("/")
        host, port = (
            os.environ.get("KUBERNETES_SERVICE_HOST"),
            os.environ.get("KUBERNETES_SERVICE_PORT", "443"),
        )
        if not host:
            raise InvalidSource("TRIAGE_KUBERNETES_API_URL must be set outside a cluster.")
        return f"https://{f'[{host}]' if ':' in host else host}:{port}"

    def _credential(self, name: str) -> str:
        try:
            with (self._query.credentials / name).open(encoding="utf-8") as file:
                return file.read(_MAX_TOKEN_BYTES).strip()
        except OSError:
            return ""

    def _tls(self) -> ssl.SSLContext | None:
        authority = self._query.credentials / "ca.crt"
        return ssl.create_default_context(cafile=str(authority)) if authority.is_file() else None
