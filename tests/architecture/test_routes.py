"""The route table is the whole policy: nothing answers that does not stand there."""

import asyncio
import inspect
from typing import Any, cast

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from bukhindor.adapters.memory.mailbox import DevelopmentMailbox
from bukhindor.adapters.memory.no_rate_limiter import Unlimited
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports import Mailbox
from bukhindor.web.app import create_app
from bukhindor.web.call import Call
from bukhindor.web.cors import CorsPolicy
from bukhindor.web.endpoint import Access, Endpoint
from bukhindor.web.routes import ALIASES, ENDPOINTS, allowed_methods, canonical_path
from bukhindor.web.settings import WebSettings
from bukhindor.web.use_cases import UseCases
from tests.fakes.clock import FakeClock

# Pages, not operations: they stand in no description.
PAGES = {
    ("GET", "/account/account.css"), ("GET", "/account/{page}"), ("POST", "/account/{page}"),
}  # fmt: skip
MAILBOX = {("GET", "/dev/mailbox"), ("GET", "/dev/mailbox.json")}
DOCUMENTATION = {("GET", "/docs"), ("GET", "/docs/{name}"), ("GET", "/openapi.json")}
# The only ones that need no token. Whoever adds one here has thought about it.
PUBLIC = {
    "health", "live", "ready", "jwks", "register", "login", "refresh",
    "reset_password", "forgot_password", "confirm_password_reset", "verify_email", "confirm_email",
    "confirm_email_change",
}  # fmt: skip


class AnyUseCases(UseCases):
    """There are none: nothing is asked here."""

    def of(self, kind: type[Any]) -> Any:
        return None


def name_of(endpoint: Endpoint) -> str:
    return endpoint.operation_id


def framework(mailbox: Mailbox | None = None) -> Litestar:
    """The application inside the edge, over no services at all."""
    policy = SessionPolicy()
    settings = WebSettings("http://localhost:8080", CorsPolicy(), policy, b"key")
    edge = create_app(AnyUseCases(()), settings, Unlimited(), FakeClock(), mailbox=mailbox)
    inner = vars(edge)["_app"]
    assert isinstance(inner, Litestar)
    return inner


def served_by(application: Litestar) -> set[tuple[str, str]]:
    routes = [route for route in application.routes if isinstance(route, HTTPRoute)]
    assert len(routes) == len(application.routes)
    return {(method, route.path_format) for route in routes for method in route.methods if method != "OPTIONS"}


def test_nothing_answers_beside_the_table_and_the_pages() -> None:
    """ERR-05"""
    table = {(endpoint.method, endpoint.template) for endpoint in ENDPOINTS}
    assert served_by(framework()) == table | DOCUMENTATION | PAGES


def test_the_mailbox_is_there_only_where_mails_are_kept() -> None:
    """ERR-05"""
    assert served_by(framework(DevelopmentMailbox(FakeClock()))) - served_by(framework()) == MAILBOX


def test_who_may_call_is_said_of_every_endpoint() -> None:
    for endpoint in ENDPOINTS:
        assert isinstance(endpoint.access, Access)
    assert not hasattr(Endpoint, "access"), "it has no default: whoever adds a row says it"
    assert {name_of(e) for e in ENDPOINTS if e.access is Access.ANYONE} == PUBLIC


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_a_handler_takes_and_gives_shapes(endpoint: Endpoint) -> None:
    signature = inspect.signature(endpoint.handler)
    first, *others = signature.parameters.values()
    assert inspect.iscoroutinefunction(endpoint.handler)
    assert (first.name, first.annotation) == ("call", Call)
    shapes = [parameter for parameter in others if parameter.name in ("body", "query")]
    for shape in (signature.return_annotation, *(parameter.annotation for parameter in shapes)):
        assert issubclass(shape, msgspec.Struct)
    for use_case in endpoint.use_cases.values():
        assert use_case.__module__.startswith("bukhindor.services.")
    assert len(endpoint.use_cases) == len(others) - len(shapes)
    assert (endpoint.handler.__doc__ or "").partition("\n")[0]


def test_names_and_addresses_stand_once() -> None:
    assert len({name_of(endpoint) for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    assert len({(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_the_table_is_under_one_prefix_and_the_probes_beside_it() -> None:
    for endpoint in ENDPOINTS:
        assert endpoint.path.startswith(("/api/v1/", "/health", "/.well-known/"))
        assert not endpoint.path.endswith("/")


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/v1/auth/me", "/api/v1/auth/me"),
        ("/api/health", "/health"),
        ("/api/health/ready", "/health/ready"),
        ("/api/v1/auth/me", "/api/v1/auth/me"),
        ("/health", "/health"),
        ("/v1", "/v1"),
        ("/v2/auth/me", "/v2/auth/me"),
        ("/xv1/auth/me", "/xv1/auth/me"),
    ],
)
def test_every_address_has_one_canonical_form(path: str, canonical: str) -> None:
    assert canonical_path(path) == canonical
    assert canonical_path(canonical) == canonical
    assert len(ALIASES) == 2


def test_methods_are_those_of_the_table() -> None:
    assert allowed_methods("/api/v1/users") == ["GET", "HEAD", "POST"]
    assert allowed_methods("/nowhere") == []


def test_the_edge_is_around_everything() -> None:
    """A request that nothing is known about is still answered in our shape."""
    sent: list[Any] = []

    async def ask() -> None:
        policy = SessionPolicy()
        app = create_app(
            AnyUseCases(()), WebSettings("http://a", CorsPolicy(), policy, b"key"), Unlimited(), FakeClock()
        )
        scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [],
            "client": None,
            "server": None, "scheme": "http", "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip

        async def send(message: Any) -> None:
            sent.append(message)

        await app(cast("Any", scope), cast("Any", None), send)

    asyncio.run(ask())
    assert sent[0]["status"] == 404
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.access is Access.ANYONE], ids=name_of)
def test_what_anyone_may_call_has_a_budget_for_the_network(endpoint: Endpoint) -> None:
    """SES-07, RST-12: but for probes and public keys, which write, mail and hash nothing.

    The use case of signing in counts for the network itself, since a device proof is exempt from that.
    """
    assert bool(endpoint.limits) is (endpoint.is_for_clients and name_of(endpoint) != "login")
