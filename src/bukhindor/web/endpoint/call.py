"""What a handler receives: one admitted request."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bukhindor.domain.caller import Actor, Caller, CallingService
from bukhindor.domain.device import AppType, AppVersion, Device, DeviceId, shown_user_agent
from bukhindor.domain.errors import (
    FactorNotFound,
    FieldError,
    IdentityNotFound,
    InvalidInput,
    InvalidValue,
    InvitationNotFound,
    NotSignedIn,
    PasskeyNotFound,
    ServiceKeyRequired,
    SessionNotFound,
    UserNotFound,
)
from bukhindor.domain.origin import Origin
from bukhindor.web.edge.exchange import Exchange

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRANSPORT = "X-Token-Transport"
_CLIENT_HEADERS: dict[str, Any] = {"X-Device-ID": DeviceId, "X-App-Type": AppType, "X-App-Version": AppVersion}


@dataclass(slots=True)
class Call:
    """`signed_in` is None where anyone may call; handlers of other endpoints read `caller`. `calling_service` is
    another service that called with its key; handlers read `service`, or `actor` where people may call too.
    `recognised_caller` is who is signed in where the row recognises callers but requires none.

    `arguments` are the decoded body and query. `mailbox` is the masked address that a page names. `created` is
    the account that the handler has made, if any.
    """

    exchange: Exchange
    path_parameters: dict[str, str]
    now: datetime
    signed_in: Caller | None = None
    calling_service: CallingService | None = None
    recognised_caller: Caller | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    mailbox: str = ""
    created: UUID | None = None

    @property
    def caller(self) -> Caller:
        if self.signed_in is None:
            raise NotSignedIn
        return self.signed_in

    @property
    def service(self) -> CallingService:
        if self.calling_service is None:
            raise ServiceKeyRequired
        return self.calling_service

    @property
    def actor(self) -> Actor:
        """The service or the person who calls, at endpoints that both may call."""
        return self.calling_service or self.caller

    @property
    def sees_as_admin(self) -> bool:
        """Whether the response may contain what only administrators and services see."""
        return self.calling_service is not None or self.caller.is_admin

    @property
    def origin(self) -> Origin:
        """Where the request came from, for the audit and for mails."""
        headers = self.exchange.headers
        return Origin(
            self.exchange.client_ip,
            shown_user_agent(headers.get("user-agent", "")),
            self._understood("X-Device-ID"),
            self.exchange.request_id,
            self.exchange.language,
            self.exchange.trace,
        )

    @property
    def is_from_own_page(self) -> bool:
        """Whether no page of another site has sent this, as far as the browser says."""
        return self.exchange.headers.get("sec-fetch-site", "same-origin") == "same-origin"

    @property
    def user_id(self) -> UUID:
        """The user in the path, in canonical form only. Raises UserNotFound."""
        raw = self.path_parameters["user_id"]
        if not _CANONICAL_UUID.fullmatch(raw):
            raise UserNotFound
        return UUID(raw)

    @property
    def session_id(self) -> UUID:
        """The session in the path, in canonical form only. Raises SessionNotFound."""
        raw = self.path_parameters["session_id"]
        if not _CANONICAL_UUID.fullmatch(raw):
            raise SessionNotFound
        return UUID(raw)

    @property
    def factor_id(self) -> UUID:
        """The second factor in the path, in canonical form only. Raises FactorNotFound."""
        raw = self.path_parameters["factor_id"]
        if not _CANONICAL_UUID.fullmatch(raw):
            raise FactorNotFound
        return UUID(raw)

    @property
    def invitation_id(self) -> UUID:
        """The invitation in the path, in canonical form only. Raises InvitationNotFound."""
        raw = self.path_parameters["invitation_id"]
        if not _CANONICAL_UUID.fullmatch(raw):
            raise InvitationNotFound
        return UUID(raw)

    @property
    def passkey_id(self) -> UUID:
        """The passkey in the path, in canonical form only. Raises PasskeyNotFound."""
        raw = self.path_parameters["passkey_id"]
        if not _CANONICAL_UUID.fullmatch(raw):
            raise PasskeyNotFound
        return UUID(raw)

    @property
    def identity_id(self) -> UUID:
        """The linked identity in the path, in canonical form only. Raises IdentityNotFound."""
        raw = self.path_parameters["identity"]
        if not _CANONICAL_UUID.fullmatch(raw):
            raise IdentityNotFound
        return UUID(raw)

    @property
    def provider(self) -> str:
        """The name of a provider in the path, as the client wrote it."""
        return self.path_parameters["provider"]

    @property
    def device(self) -> Device:
        """The client's device as its headers tell. Raises InvalidInput that names every header in question."""
        headers, values, errors = self.exchange.headers, [], []
        for name, kind in _CLIENT_HEADERS.items():
            raw = headers.get(name.lower())
            try:
                values.append(None if raw is None else kind.parse(raw))
            except InvalidValue as invalid:
                errors.append(FieldError(name, invalid.message, invalid.code))
        if errors:
            raise InvalidInput(*errors)
        device_id, app_type, app_version = values
        user_agent = shown_user_agent(headers.get("user-agent", ""))
        return Device(device_id, app_type, app_version, self.exchange.client_ip, user_agent)

    @property
    def app_version(self) -> str | None:
        """The version that the client's app sends now; None when there is none, or none that is understood."""
        version: str | None = self._understood("X-App-Version")
        return version

    def _understood(self, name: str) -> Any:
        """The value of a client header. A session that goes on does not fail because of one that is not understood."""
        raw = self.exchange.headers.get(name.lower())
        try:
            return None if raw is None else _CLIENT_HEADERS[name].parse(raw)
        except InvalidValue:
            return None

    def require_client_headers(self) -> None:
        """Raise InvalidInput for a client header that is missing."""
        missing = [name for name in _CLIENT_HEADERS if name.lower() not in self.exchange.headers]
        if missing:
            raise InvalidInput(*(FieldError(name, "This header is required.", "required") for name in missing))

    @property
    def wants_refresh_cookie(self) -> bool:
        """Whether the client asks for its refresh token in a cookie. Raises InvalidInput."""
        transport = self.exchange.headers.get(_TRANSPORT.lower(), "body").lower()
        if transport not in ("body", "cookie"):
            raise InvalidInput(FieldError(_TRANSPORT, "This must be body or cookie.", "invalid_token_transport"))
        return transport == "cookie"
