"""What every provider of identities does (IDP-02, IDP-06)."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import pytest

from bukhindor.adapters.http.outbound import OutboundHttp
from bukhindor.adapters.oidc.discovery import Discovery
from bukhindor.adapters.oidc.provider import OidcProvider
from bukhindor.domain.errors import InvalidAuthorizationCode, InvalidIdToken, ProviderUnavailable
from bukhindor.domain.identity import IdentityClaims, ProviderGrant
from bukhindor.ports.identity_provider import IdentityProvider, Redeemed
from tests.fakes.clock import FakeClock
from tests.fakes.identity_provider import FakeIdentityProvider
from tests.makers import T0, address
from tests.oidc_provider.provider import DISCOVERY, OwnProvider, Response, running

GRANT = ProviderGrant("web.example", "refresh-1")


class Stage(Protocol):
    """A provider, and what a test can have it do."""

    @property
    def provider(self) -> IdentityProvider: ...

    def id_token(self, subject: str, nonce: str) -> str:
        """A right token."""

    def code(self, nonce: str) -> str:
        """A code for the first client, as a native sheet hands it out."""

    def revoked(self) -> list[str]:
        """The refresh tokens that were revoked."""

    def name_issuer(self) -> None:
        """From now on callbacks name the issuer."""

    def leave(self) -> None:
        """Answer nothing from now on."""


class OfFake:
    def __init__(self) -> None:
        self.provider = FakeIdentityProvider()

    def id_token(self, subject: str, nonce: str) -> str:
        claims = IdentityClaims(
            provider="google",
            issuer="https://accounts.google.com",
            subject=subject,
            audience="web-client",
            email=address("ann@gmail.example"),
            is_email_verified=True,
            is_private_email=False,
            name="Ann",
            amr=(),
            token_hash=b"",
            expires_at=T0,
        )
        return self.provider.issue(claims, nonce)

    def code(self, nonce: str) -> str:
        code = f"code-{len(self.provider.codes)}"
        self.provider.codes[code] = Redeemed(self.id_token("subject-1", nonce), "refresh-1")
        return code

    def revoked(self) -> list[str]:
        return [grant.refresh_token for grant in self.provider.revoked]

    def name_issuer(self) -> None:
        self.provider.names_issuer = True

    def leave(self) -> None:
        self.provider.is_away = True


class OfOidc:
    def __init__(self, own: OwnProvider, clock: FakeClock) -> None:
        self.own = own
        outbound = OutboundHttp(allows_loopback=True)
        settings = own.settings
        discovery = Discovery(settings.name, settings.issuer, outbound)
        self.provider = OidcProvider(settings, discovery, outbound, clock)

    def id_token(self, subject: str, nonce: str) -> str:
        return self.own.id_token(sub=subject, nonce=nonce)

    def code(self, nonce: str) -> str:
        return self.own.code_for(nonce=nonce)

    def revoked(self) -> list[str]:
        return self.own.revoked

    def name_issuer(self) -> None:
        self.own.discovery["authorization_response_iss_parameter_supported"] = True

    def leave(self) -> None:
        self.own.instead[DISCOVERY] = Response(500)


@pytest.fixture(params=["fake", "oidc"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "fake":
        yield OfFake()
        return
    clock = FakeClock()
    with running("google", now=clock.now) as own:
        yield OfOidc(own, clock)


async def test_a_right_token_says_who_it_is(stage: Stage) -> None:
    settings = stage.provider.settings
    claims = await stage.provider.verify(stage.id_token("subject-1", "n"), "n")
    assert (claims.provider, claims.issuer, claims.subject) == (settings.name, settings.issuer, "subject-1")
    assert claims.audience == settings.client_ids[0]
    assert claims.email == address("ann@gmail.example")
    assert claims.is_email_verified
    assert len(claims.token_hash) == 32


async def test_a_token_has_the_same_hash_each_time_and_no_other_token_has_it(stage: Stage) -> None:
    """That it is used once is the business of the store."""
    token = stage.id_token("subject-1", "n")
    first, again = await stage.provider.verify(token, "n"), await stage.provider.verify(token, "n")
    assert first == again
    other = await stage.provider.verify(stage.id_token("subject-2", "n"), "n")
    assert replace(other, subject="subject-1") != first
    assert other.token_hash != first.token_hash


@pytest.mark.parametrize("nonce", ["", "another"])
async def test_a_token_with_another_nonce_is_refused(stage: Stage, nonce: str) -> None:
    with pytest.raises(InvalidIdToken) as refused:
        await stage.provider.verify(stage.id_token("subject-1", "n"), nonce)
    assert refused.value.reason


@pytest.mark.parametrize("token", ["", "a.b.c", "\0", "x" * 100_000])
async def test_what_is_no_token_is_refused(stage: Stage, token: str) -> None:
    with pytest.raises(InvalidIdToken):
        await stage.provider.verify(token, "n")


async def test_the_browser_is_sent_off_with_what_comes_back(stage: Stage) -> None:
    url = await stage.provider.authorization_url(
        redirect_uri="https://a.example/callback", state="s", nonce="n", code_challenge="c" * 43
    )
    query = parse_qs(urlsplit(url).query)
    assert (query["state"], query["nonce"]) == (["s"], ["n"])
    assert query["redirect_uri"] == ["https://a.example/callback"]


async def test_a_code_is_exchanged_once(stage: Stage) -> None:
    code = stage.code("n")
    redeemed = await stage.provider.redeem(code, redirect_uri=None, code_verifier=None)
    assert (await stage.provider.verify(redeemed.id_token, "n")).subject == "subject-1"
    assert redeemed.refresh_token
    for used in (code, "never issued"):
        with pytest.raises(InvalidAuthorizationCode):
            await stage.provider.redeem(used, redirect_uri=None, code_verifier=None)


async def test_access_is_withdrawn_and_may_be_again(stage: Stage) -> None:
    await stage.provider.revoke(GRANT)
    await stage.provider.revoke(GRANT)
    assert set(stage.revoked()) == {"refresh-1"}


async def test_it_is_known_whether_callbacks_name_the_issuer(stage: Stage) -> None:
    stage.name_issuer()
    assert await stage.provider.requires_issuer()


async def test_callbacks_need_not_name_the_issuer(stage: Stage) -> None:
    assert not await stage.provider.requires_issuer()


async def test_a_provider_that_is_away_is_away_for_everything(stage: Stage) -> None:
    token, code, provider = stage.id_token("subject-1", "n"), stage.code("n"), stage.provider
    stage.leave()
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: provider.verify(token, "n"),
        lambda: provider.authorization_url(redirect_uri="https://a.example/", state="s", nonce="n", code_challenge="c"),
        lambda: provider.redeem(code, redirect_uri=None, code_verifier=None),
        lambda: provider.revoke(GRANT),
        provider.requires_issuer,
    ]
    for call in calls:
        with pytest.raises(ProviderUnavailable) as away:
            await call()
        assert away.value.reason
