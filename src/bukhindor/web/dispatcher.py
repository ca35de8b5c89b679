"""Which row serves a request: by its path, then by its method."""

from collections.abc import Callable, Iterable, Mapping

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.endpoint.errors import Refusal, refusal
from bukhindor.web.endpoint.refusals import MethodNotAllowed, NoSuchEndpoint
from bukhindor.web.endpoint.row import Row

Refuse = Callable[[Exchange, Refusal], Response]


class Dispatcher:
    """Starlette's router for paths with parameters. Starlette scans its routes in order, so paths without
    parameters are looked up in a dictionary first."""

    def __init__(self, rows: Iterable[Row], application_of: Callable[[Row], ASGIApp], refuse: Refuse) -> None:
        self._refuse = refuse
        by_path: dict[str, dict[str, ASGIApp]] = {}
        for row in rows:
            by_path.setdefault(row.path, {})[row.method] = application_of(row)
        resources = {path: _Resource(methods, refuse) for path, methods in by_path.items()}
        self._static = {path: resource for path, resource in resources.items() if "{" not in path}
        self._routes = [Route(path, resource) for path, resource in resources.items() if "{" in path]
        self._router = Router(self._routes, redirect_slashes=False, default=self._not_found)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        resource = self._static.get(scope.get("path", ""))
        await (resource or self._router)(scope, receive, send)

    def methods_at(self, path: str) -> list[str]:
        """The methods of a canonical path; none for a path that does not exist."""
        resource = self._static.get(path) or next(
            (route.endpoint for route in self._routes if route.path_regex.match(path)), None
        )
        return resource.methods if isinstance(resource, _Resource) else []

    async def _not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        response = self._refuse(exchange, refusal(exchange, NoSuchEndpoint()))
        await response(scope, receive, send)


class _Resource:
    """Everything at one path."""

    def __init__(self, applications: Mapping[str, ASGIApp], refuse: Refuse) -> None:
        self._applications = applications
        self._refuse = refuse
        self.methods = sorted({*applications, "HEAD"} if "GET" in applications else applications)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self._applications.get(scope["method"])
        if application is not None:
            await application(scope, receive, send)
            return
        exchange = Exchange.of(scope)
        response = self._refuse(exchange, refusal(exchange, MethodNotAllowed(self.methods)))
        await response(scope, receive, send)
