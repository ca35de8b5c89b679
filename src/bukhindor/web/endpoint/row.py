"""One row of the route tables: an endpoint of the API or a page."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from bukhindor.domain.act import Act
from bukhindor.domain.errors import BukhindorError
from bukhindor.domain.service_key import Scope
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint import decoding
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal, problem_response
from bukhindor.web.endpoint.form_token import is_form_token
from bukhindor.web.endpoint.limits import NetworkLimit
from bukhindor.web.endpoint.refusals import FormExpired, WebRefusal

# The parameters of a handler that a request fills in.
_OF_THE_REQUEST = frozenset({"call", "body", "query"})

Handler = Callable[..., Awaitable[Any]]

# Checked texts of the domain are strings with a type of their own.
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Access(Enum):
    """Who may call. Rules that depend on the user in question belong to the services.

    With TOKEN_HOLDER the handler decides about a token that has expired or whose session has ended. DEVELOPER admits
    requests whose Host header names this machine, so that no page of another site reads the response (DNS rebinding).
    """

    ANYONE = "anyone"
    TOKEN_HOLDER = "holders of a token that the server signed"
    SIGNED_IN = "signed in"
    ADMIN = "administrators"
    SERVICE = "services with a key"
    DEVELOPER = "developers on this machine"


@dataclass(frozen=True)
class Row(ABC):
    """`refuses` names what the operation can refuse besides what its access and body imply. Clients may keep the
    response for `cache_life`. A service key with `scope` may call too, in the place of a person. With `keeps_response`
    a request that is sent twice gets the first response again. With `recognises_caller` the handler learns who is
    signed in, at an endpoint that anyone may call. `acts` are the dangerous acts that it carries out, for which the
    service asks for a fresh sign-in or the password. With `accepts_single_factor` it is open to sessions that must add
    a second factor before they may do anything else.

    The handler's signature names the shapes of body and query, and the use cases and settings that it needs.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    refuses: tuple[type[BukhindorError | WebRefusal], ...] = field(default=(), kw_only=True)
    limits: tuple[NetworkLimit, ...] = field(default=(), kw_only=True)
    cache_life: timedelta | None = field(default=None, kw_only=True)
    scope: Scope | None = field(default=None, kw_only=True)
    keeps_response: bool = field(default=False, kw_only=True)
    recognises_caller: bool = field(default=False, kw_only=True)
    acts: tuple[Act, ...] = field(default=(), kw_only=True)
    accepts_single_factor: bool = field(default=False, kw_only=True)

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.handler)

    @property
    def collaborators(self) -> dict[str, type[Any]]:
        """The use cases and settings that the handler names as parameters, by parameter name."""
        parameters = self._signature.parameters
        return {name: parameters[name].annotation for name in parameters if name not in _OF_THE_REQUEST}

    @property
    def body(self) -> type[msgspec.Struct] | None:
        return self._shape_of("body")

    @property
    def query(self) -> type[msgspec.Struct] | None:
        return self._shape_of("query")

    def _shape_of(self, parameter: str) -> type[msgspec.Struct] | None:
        found = self._signature.parameters.get(parameter)
        return None if found is None else found.annotation

    @property
    def body_is_optional(self) -> bool:
        """Whether the handler has a default for its body, so that a request may come without one."""
        return self._signature.parameters["body"].default is not inspect.Parameter.empty

    @property
    @abstractmethod
    def is_for_clients(self) -> bool:
        """Whether people's applications call this; then their client headers are checked."""

    def repeats_response(self, call: Call) -> bool:
        """Whether this request gets the first response again if it is sent twice."""
        return self.keeps_response

    @property
    def renews_session(self) -> bool:
        """Whether a browser whose access token has expired is signed in again with its refresh token."""
        return False

    @property
    def accepts_superseded(self) -> bool:
        """Whether the operation admits an access token that a newer one of the same session has superseded."""
        return False

    @abstractmethod
    def decode(self, raw: bytes, call: Call, settings: WebSettings, shape: type[msgspec.Struct]) -> msgspec.Struct:
        """Return the body in its shape. Raises InvalidInput, MalformedJson, UnsupportedMediaType."""

    @abstractmethod
    def encode(self, answer: Any) -> Response:
        """Return the response with the handler's result."""

    @abstractmethod
    def refuse(self, call: Call, settings: WebSettings, refusal: Refusal) -> Response:
        """Return the response for a refusal."""


@dataclass(frozen=True)
class Endpoint(Row):
    """An operation of the API: JSON in, JSON out.

    With `starts_session` the client headers are stored, so those that are not understood are refused; elsewhere they
    are ignored. `rules` is the use case whose documentation states the rules. `repeatable` admits the access token that
    the operation itself supersedes, so that a client can repeat the request after a lost response.
    """

    tag: str
    status: int = 200
    rules: Callable[..., Any] | None = field(default=None, kw_only=True)
    repeatable: bool = field(default=False, kw_only=True)
    starts_session: bool = field(default=False, kw_only=True)

    @property
    def operation_id(self) -> str:
        return self.handler.__name__

    @property
    def answer(self) -> type[msgspec.Struct] | None:
        """The shape of the response; None for a response without a body."""
        answer: type[msgspec.Struct] | None = self._signature.return_annotation
        return answer

    @property
    def body_media_types(self) -> tuple[str, ...]:
        return ("application/json",)

    @property
    def is_for_clients(self) -> bool:
        """Probes and other services have no client headers."""
        return self.tag != "Service"

    @property
    def accepts_superseded(self) -> bool:
        return self.repeatable

    def under(self, prefix: str) -> Self:
        return replace(self, path=prefix + self.path)

    def decode(self, raw: bytes, call: Call, settings: WebSettings, shape: type[msgspec.Struct]) -> msgspec.Struct:
        headers = call.exchange.headers
        decoding.check_media_type(headers.get("content-type", ""), headers.get("content-encoding", ""))
        return decoding.decode(raw, shape, settings.check_password)

    def encode(self, answer: Any) -> Response:
        if answer is None:
            return Response(status_code=self.status)
        return Response(_encode(answer), self.status, media_type="application/json")

    def refuse(self, call: Call, settings: WebSettings, refusal: Refusal) -> Response:
        return problem_response(call.exchange, refusal)


@dataclass(frozen=True)
class FormEndpoint(Endpoint):
    """An endpoint of a standard for programs that send forms. They know no headers of ours.

    With `accepts_json` the body may be JSON too.
    """

    accepts_json: bool = field(default=False, kw_only=True)

    @property
    def body_media_types(self) -> tuple[str, ...]:
        form = ("application/x-www-form-urlencoded",)
        return (*form, *super().body_media_types) if self.accepts_json else form

    @property
    def is_for_clients(self) -> bool:
        return False

    def decode(self, raw: bytes, call: Call, settings: WebSettings, shape: type[msgspec.Struct]) -> msgspec.Struct:
        content_type = call.exchange.headers.get("content-type", "")
        if self.accepts_json and decoding.is_json(content_type):
            return super().decode(raw, call, settings, shape)
        return decoding.decode_form(raw, content_type, shape)


@dataclass(frozen=True)
class BrowserEndpoint(FormEndpoint):
    """An endpoint that people's browsers open on their way to another page, to which its response leads them.

    A browser that is refused is led to the page `refusals`, which explains it; programs get the problem.
    """

    refusals: str = field(default="", kw_only=True)

    def refuse(self, call: Call, settings: WebSettings, refusal: Refusal) -> Response:
        if self.refusals and "text/html" in call.exchange.headers.get("accept", ""):
            address = f"{settings.public_path}{self.refusals}?{urlencode({'error': refusal.code})}"
            return Response(status_code=303, headers={"location": address})
        return super().refuse(call, settings, refusal)


class SignedInForm(msgspec.Struct, frozen=True, kw_only=True):
    """What every form of a signed-in page sends."""

    form_token: str = ""


@dataclass(frozen=True)
class Page(Row):
    """A page or a file for browsers: its handler returns the whole response.

    `refused` draws the page that reports a refusal.
    """

    refused: Callable[[Call, WebSettings, Refusal], Response]

    @property
    def is_for_clients(self) -> bool:
        """A browser that follows a link has no client headers."""
        return False

    def repeats_response(self, call: Call) -> bool:
        """The response to a form of another site would set cookies for an account that this site chose."""
        return self.keeps_response and call.is_from_own_page

    @property
    def renews_session(self) -> bool:
        return self.access is Access.SIGNED_IN

    def decode(self, raw: bytes, call: Call, settings: WebSettings, shape: type[msgspec.Struct]) -> msgspec.Struct:
        form = decoding.decode_form(raw, call.exchange.headers.get("content-type", ""), shape)
        if isinstance(form, SignedInForm) and not is_form_token(
            form.form_token, settings.form_key, call.caller.session.id
        ):
            raise FormExpired
        return form

    def encode(self, answer: Any) -> Response:
        response: Response = answer
        return response

    def refuse(self, call: Call, settings: WebSettings, refusal: Refusal) -> Response:
        return self.refused(call, settings, refusal)


def as_problem(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Refuse as the API does: for files and pages that programs read."""
    return problem_response(call.exchange, refusal)
