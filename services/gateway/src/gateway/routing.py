"""Which route a request is for: the gateway's own first, then those of the routes file."""

from collections.abc import Mapping
from typing import Protocol

from gateway.asgi import Scope
from gateway.exchange import Exchange
from gateway.policy import RoutePolicy

Methods = Mapping[str, RoutePolicy]


class ProxiedRoute(Protocol):
    @property
    def policy(self) -> RoutePolicy: ...


class ProxiedRoutes(Protocol):
    @property
    def table(self) -> object:
        """Another one once other routes are in force."""

    def match(self, method: str, path: str) -> ProxiedRoute | None:
        """The route of the longest prefix; the method may not be one of its own."""


class Router:
    """Exact paths by one look-up, templates by their number of parts, then the routes file.

    Args:
        own: policies by path template (`/users/{id}`) and method.
        proxied: the routes file.
        aside: paths that neither of them has a say in.
    """

    def __init__(
        self,
        own: Mapping[str, Methods],
        proxied: ProxiedRoutes | None = None,
        *,
        aside: frozenset[str] = frozenset(),
    ) -> None:
        self._aside = aside
        self._exact = {path: methods for path, methods in own.items() if "{" not in path}
        self._templates: dict[int, list[tuple[list[str], Methods]]] = {}
        for path, methods in own.items():
            if "{" in path:
                parts = path.split("/")
                self._templates.setdefault(len(parts), []).append((parts, methods))
        self._proxied = proxied

    @property
    def table(self) -> object:
        """While this is the same object, the same requests find the same routes."""
        return None if self._proxied is None else self._proxied.table

    def find(self, scope: Scope, found: Exchange) -> None:
        """Fills in policy and target; leaves both empty where nothing matches."""
        path: str = scope["path"]
        if path in self._aside:
            return
        method: str = scope.get("method", "GET")
        methods = self._exact.get(path) or self._templated(path)
        if methods is not None:
            found.policy = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
            if found.policy is None:
                found.allow = _with_head(frozenset(methods))
            return
        if self._proxied is None:
            return
        route = self._proxied.match(method, path)
        if route is None:
            return
        found.proxied, found.target = True, route
        if method in route.policy.methods or (method == "HEAD" and "GET" in route.policy.methods):
            found.policy = route.policy
        else:
            found.allow = _with_head(route.policy.methods)

    def _templated(self, path: str) -> Methods | None:
        parts = path.split("/")
        for template, methods in self._templates.get(len(parts), ()):
            if all(
                part and (want[:1] == "{" or want == part)
                for want, part in zip(template[1:], parts[1:], strict=True)
            ):
                return methods
        return None


def _with_head(methods: frozenset[str]) -> frozenset[str]:
    return methods | {"HEAD"} if "GET" in methods else methods
