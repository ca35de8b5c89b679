"""Whether each provider of identities can be used as it is set up, and what to click if not."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from bukhindor.adapters.http.outbound import OutboundHttp
from bukhindor.adapters.oidc.client import Client
from bukhindor.adapters.oidc.client_secret import read_apple_key
from bukhindor.adapters.oidc.discovery import look
from bukhindor.adapters.oidc.metadata import Metadata, WrongIssuer, discovery_url
from bukhindor.adapters.oidc.outbound import NotFetched, Outbound, Unusable
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config import Settings
from bukhindor.domain.errors import InvalidAuthorizationCode
from bukhindor.domain.identity import APPLE, ProviderSettings
from bukhindor.web.addresses import API

PATIENCE_SECONDS = 8.0

GOOGLE = "google"
_CONSOLE = "console.cloud.google.com, Google Auth Platform, Clients"
_PORTAL = "developer.apple.com, Certificates, Identifiers & Profiles"
_GOOGLE_ID = re.compile(r"[\w-]+\.apps\.googleusercontent\.com")
_WITH_TEAM = re.compile(r"[A-Z0-9]{10}\..+")
# No provider has handed out such a code.
_NO_CODE = "bukhindor-doctor"


def checks(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Ask each provider for what sign-ins will need. Nothing is sent but a code that can't be right."""
    outbound = OutboundHttp(allows_loopback=not settings.is_production, patience=PATIENCE_SECONDS)
    for provider in settings.identities.providers:
        callback = f"{settings.server.public_url}{API}/auth/identities/{provider.name}/callback"
        yield from asyncio.run(_findings(_Look(provider, outbound, callback, now)))


async def _findings(look: "_Look") -> list[Finding]:
    return [finding async for finding in look.all()]


class _Look:
    """One provider under examination."""

    def __init__(self, provider: ProviderSettings, outbound: Outbound, callback: str, now: datetime) -> None:
        self._provider, self._outbound, self._callback, self._now = provider, outbound, callback, now
        self._check = f"provider {provider.name}"
        self._prefix = f"OIDC_{provider.name.upper()}"

    async def all(self) -> AsyncIterator[Finding]:
        for finding in self._client_ids():
            yield finding
        key_fault = self._key_fault()
        if key_fault is not None:
            yield key_fault
        try:
            metadata, count = await self._documents()
        except _Fault as fault:
            yield fault.finding
            return
        found = f"{self._provider.issuer} is reached, names itself so, and has {count} key{'s' * (count > 1)} to verify"
        yield ok(self._check, found)
        if key_fault is None:
            for client_id in self._proving():
                yield await self._proof(metadata, client_id)

    def _client_ids(self) -> Iterator[Finding]:
        name, ids = self._provider.name, self._provider.client_ids
        for client_id in ids:
            if name == GOOGLE and _GOOGLE_ID.fullmatch(client_id) is None:
                found = f"{client_id} in {self._prefix}_CLIENT_IDS is not a client id of Google"
                advice = f"Copy the client id, which ends in .apps.googleusercontent.com, from {_CONSOLE}"
                yield self._problem(found, advice)
            if name == APPLE and _WITH_TEAM.fullmatch(client_id):
                found = f"{client_id} in {self._prefix}_CLIENT_IDS begins with the team"
                yield self._problem(found, f"Write {client_id[11:]}: Apple's tokens name the bundle id alone")

    def _key_fault(self) -> Finding | None:
        """What keeps this service from proving that it is the client."""
        key = self._provider.apple_key
        if key is not None:
            try:
                read_apple_key(key.pem)
            except Unusable as unusable:
                advice = f"Download a new key from {_PORTAL}, Keys, with Sign in with Apple enabled"
                return self._problem(str(unusable), f"{advice}, and name it in {self._prefix}_PRIVATE_KEY_FILE")
        elif self._provider.name == APPLE:
            found = "without a key only native sheets work, and access is not revoked when an account is deleted"
            advice = f"Create a key at {_PORTAL}, Keys; set {self._prefix}_TEAM_ID, _KEY_ID and _PRIVATE_KEY_FILE"
            return Finding(self._check, State.WARNING, found, advice)
        elif self._provider.name == GOOGLE and self._provider.client_secret is None:
            found = "without a client secret only native sheets work: Google redeems no code of a web client"
            advice = f"Set {self._prefix}_CLIENT_SECRET to the secret of the web client, from {_CONSOLE}"
            return Finding(self._check, State.WARNING, found, advice)
        return None

    async def _documents(self) -> tuple[Metadata, int]:
        """What discovery says, and how many keys verify. Raises _Fault."""
        try:
            metadata, keys = await look(self._outbound, self._provider.issuer)
        except Unusable as unusable:
            raise _Fault(self._problem(str(unusable), self._advice_on(unusable))) from None
        return metadata, len(keys.keys)

    def _advice_on(self, unusable: Unusable) -> str:
        setting = f"{self._prefix}_ISSUER"
        if isinstance(unusable, NotFetched) and unusable.url == discovery_url(self._provider.issuer):
            advice = f"Open that address in a browser; if it is wrong, correct {setting}"
            return f"{advice}; if it is right, let this machine reach it"
        if isinstance(unusable, WrongIssuer) and "{" in unusable.named:
            return f"Name one tenant in {setting}: each tenant signs as an issuer of its own"
        if isinstance(unusable, WrongIssuer) and unusable.named:
            return f"Set {setting} to exactly that, every slash included"
        return f"Show this to those who run {self._provider.label}: no one signs in with it until it is mended"

    def _proving(self) -> tuple[str, ...]:
        """The clients that have something to prove: Apple's key is for all of them, a secret for the first."""
        if self._provider.apple_key is not None:
            return self._provider.client_ids
        return self._provider.client_ids[:1] if self._provider.client_secret is not None else ()

    async def _proof(self, metadata: Metadata, client_id: str) -> Finding:
        """Whether the provider takes this service for its client: then it finds fault with the code alone."""
        fields = {"code": _NO_CODE, "redirect_uri": self._callback, "code_verifier": _NO_CODE * 3}
        try:
            await Client(self._provider, self._outbound).redeem(metadata, client_id, fields, self._now)
        except InvalidAuthorizationCode:
            return ok(self._check, f"it knows this service as {client_id}; its callback is {self._callback}")
        except Unusable as unusable:
            if "refuses this client" in str(unusable):
                return self._problem(f"{client_id}: {unusable}", self._advice_on_client())
            found = f"it doesn't say whether it knows this service as {client_id}: {unusable}"
            return Finding(self._check, State.WARNING, found, f"Register {self._callback} as redirect address there")
        return self._problem(
            f"{client_id}: it gives tokens for a code that it never made", "Remove it: it would sign anyone in"
        )

    def _advice_on_client(self) -> str:
        if self._provider.name == APPLE:
            return (
                f"Compare {self._prefix}_TEAM_ID, _KEY_ID and the key file with {_PORTAL}; each client id must be an"
                " App ID or a Services ID of that team with Sign in with Apple"
            )
        where = _CONSOLE if self._provider.name == GOOGLE else "the page of the client there"
        return f"Copy client id and secret once more from {where}; the secret belongs to the first client id"

    def _problem(self, found: str, advice: str) -> Finding:
        return Finding(self._check, State.PROBLEM, found, advice)


class _Fault(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.found)
        self.finding = finding
