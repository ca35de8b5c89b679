"""The route table is the whole policy: nothing answers that does not stand there."""

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any, cast

import msgspec
import pytest

from bukhindor.adapters.memory.no_rate_limiter import Unlimited
from bukhindor.domain.mail import ReceivedMail
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports.mail import Mailbox
from bukhindor.web.addresses import ALIASES, canonical_path
from bukhindor.web.api.cursor import Cursors
from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.app import create_app, rows
from bukhindor.web.edge.cors import CorsPolicy
from bukhindor.web.edge.middleware import Edge
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.collaborators import Collaborators
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.row import Access, BrowserEndpoint, Endpoint
from bukhindor.web.pages.routes import DEVELOPER_PAGES
from tests.fakes.clock import FakeClock

# The only ones that need no token. Think before you add one here.
PUBLIC = {
    "health", "live", "ready", "jwks", "openid_configuration", "oauth_authorization_server",
    "register", "begin_as_guest", "accept_invitation", "lock_account", "login", "login_with_factor", "refresh",
    "reset_password", "forgot_password", "confirm_password_reset", "verify_email", "confirm_email",
    "passkey_sign_in_options", "sign_in_with_passkey", "sign_in_with_id_token",
    "start_identity_sign_in", "complete_identity_sign_in", "receive_identity_form", "exchange_identity_code",
    "receive_apple_notification",
    "confirm_email_change", "revoke_token", "mail_sign_in_code", "confirm_sign_in",
}  # fmt: skip


# What handlers name besides use cases.
OF_HTTP = {Cookies, Cursors, SessionPolicy, WebSettings}


class AnyCollaborators(Collaborators):
    """There are none: nothing is asked here."""

    def of(self, kind: type[Any]) -> Any:
        return None

    def with_more(self, more: Mapping[type[Any], object]) -> "AnyCollaborators":
        return self


class NoMails:
    async def messages(self) -> list[ReceivedMail]:
        return []

    async def message(self, number: int) -> ReceivedMail | None:
        return None


def name_of(endpoint: Endpoint) -> str:
    return endpoint.operation_id


def application(mailbox: Mailbox | None = None) -> Edge:
    """The application over no services at all."""
    settings = WebSettings("http://localhost:8080", CorsPolicy(), SessionPolicy(), b"key", b"form key")
    edge = create_app(AnyCollaborators(()), settings, Unlimited(), FakeClock(), mailbox=mailbox)
    assert isinstance(edge, Edge)
    return edge


def served_by(edge: Edge) -> set[tuple[str, str]]:
    """Every method and path that the dispatcher knows, read from its insides and not from the table."""
    dispatcher = vars(edge)["_app"]
    routes = {route.path: route.endpoint for route in vars(dispatcher)["_routes"]}
    resources = vars(dispatcher)["_static"] | routes
    assert vars(dispatcher)["_router"].routes == vars(dispatcher)["_routes"]
    return {(method, path) for path, resource in resources.items() for method in resource.methods if method != "HEAD"}


def test_nothing_answers_beside_the_tables() -> None:
    """ERR-05"""
    assert served_by(application()) == {(row.method, row.path) for row in rows(with_home=False, with_mailbox=False)}


def test_the_mailbox_is_there_only_where_mails_are_kept() -> None:
    """ERR-05"""
    pages = {(row.method, row.path) for row in DEVELOPER_PAGES}
    assert served_by(application(NoMails())) - served_by(application()) == pages


def test_only_developers_open_what_shows_mails() -> None:
    assert {row.access for row in DEVELOPER_PAGES} == {Access.DEVELOPER}
    assert Access.DEVELOPER not in {row.access for row in rows(with_home=False, with_mailbox=False)}


def test_who_may_call_is_said_of_every_endpoint() -> None:
    for endpoint in ENDPOINTS:
        assert isinstance(endpoint.access, Access)
    assert not hasattr(Endpoint, "access"), "it has no default: every row must name it"
    assert {name_of(e) for e in ENDPOINTS if e.access is Access.ANYONE} == PUBLIC
    assert {name_of(e) for e in ENDPOINTS if e.recognises_caller} == {"confirm_email", "lock_account"}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_a_handler_takes_and_gives_shapes(endpoint: Endpoint) -> None:
    signature = inspect.signature(endpoint.handler)
    first, *others = signature.parameters.values()
    assert inspect.iscoroutinefunction(endpoint.handler)
    assert (first.name, first.annotation) == ("call", Call)
    shapes = [parameter for parameter in others if parameter.name in ("body", "query")]
    answers = [] if signature.return_annotation is None else [signature.return_annotation]
    for shape in (*answers, *(parameter.annotation for parameter in shapes)):
        assert issubclass(shape, msgspec.Struct)
    for collaborator in endpoint.collaborators.values():
        assert collaborator in OF_HTTP or collaborator.__module__.startswith("bukhindor.services.")
    assert len(endpoint.collaborators) == len(others) - len(shapes)
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
    methods_at = vars(application())["_app"].methods_at
    assert methods_at("/api/v1/users") == ["GET", "HEAD", "POST"]
    assert methods_at("/api/v1/users/1") == ["DELETE", "GET", "HEAD", "PATCH", "PUT"]
    assert methods_at("/nowhere") == []


def test_the_edge_is_around_everything() -> None:
    """A request that nothing is known about is still answered in our shape."""
    sent: list[Any] = []

    async def ask() -> None:
        policy = SessionPolicy()
        app = create_app(
            AnyCollaborators(()),
            WebSettings("http://a", CorsPolicy(), policy, b"key", b"form key"),
            Unlimited(),
            FakeClock(),
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
    assert (b"content-type", b"application/problem+json; charset=utf-8") in sent[0]["headers"]


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.access is Access.ANYONE], ids=name_of)
def test_what_anyone_may_call_has_a_budget_for_the_network(endpoint: Endpoint) -> None:
    """SES-07, RST-12: but for probes, public keys, options for passkeys and forms of providers. They write, mail and
    hash nothing.

    The use case of signing in counts for the network itself, since a device proof is exempt from that. Of what only
    other services call, Apple's notifications can be forged.
    """
    name = name_of(endpoint)
    is_exempt = name in ("login", "passkey_sign_in_options", "receive_identity_form")
    is_for_people = endpoint.is_for_clients or isinstance(endpoint, BrowserEndpoint)
    has_budget = is_for_people and not is_exempt
    assert bool(endpoint.limits) is (has_budget or name == "receive_apple_notification")
