"""What a provider does wrong on the way: each fault is over within the time limit, and harms no one else (IDP-07).

Between the adapter and the provider is the proxy of `tests/faults/`, which makes the way bad.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pytest

from bukhindor.adapters.http.outbound import OutboundHttp
from bukhindor.adapters.oidc.discovery import Discovery, Pace
from bukhindor.adapters.oidc.provider import OidcProvider
from bukhindor.domain.errors import InvalidIdToken, ProviderUnavailable
from bukhindor.domain.identity import ProviderGrant
from tests.adapters.oidc.conftest import Seconds
from tests.fakes.clock import FakeClock
from tests.faults.proxy import FaultProxy
from tests.oidc_provider.keys import rsa
from tests.oidc_provider.provider import DISCOVERY, KEYS, TOKEN, WEB, OwnProvider, Response, running

PATIENCE = 0.6


@dataclass
class Way:
    """The provider, the way to it, the adapter that uses the way, and the timer of its cache."""

    own: OwnProvider
    proxy: FaultProxy
    adapter: OidcProvider
    timer: Seconds


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    clock, timer = FakeClock(), Seconds()
    with running("google", now=clock.now) as own:
        async with FaultProxy(own.port) as proxy:
            own.issuer = f"http://127.0.0.1:{proxy.port}"
            outbound = OutboundHttp(allows_loopback=True, patience=PATIENCE)
            discovery = Discovery("google", own.issuer, outbound, Pace(patience=PATIENCE), timer)
            yield Way(own, proxy, OidcProvider(own.settings, discovery, outbound, clock), timer)


async def refuse(way: Way) -> None:
    await way.proxy.refuse()


def on_the_way(make: Callable[[FaultProxy], None]) -> Callable[[Way], Any]:
    async def spoil(way: Way) -> None:
        make(way.proxy)

    return spoil


def answering(response: Response, *paths: str) -> Callable[[Way], Any]:
    async def spoil(way: Way) -> None:
        way.own.instead |= dict.fromkeys(paths or (DISCOVERY, KEYS, TOKEN), response)

    return spoil


async def name_another_issuer(way: Way) -> None:
    way.own.discovery["issuer"] = "https://accounts.example"
    way.own.instead[TOKEN] = Response(500)


async def publish_keys_for_encryption(way: Way) -> None:
    way.own.key_set = [{**rsa("k1").public, "use": "enc"}]
    way.own.instead[TOKEN] = Response(500)


HUGE = Response(200, b'{"issuer":"' + b"x" * 3_000_000 + b'"}')
ELSEWHERE = Response(302, headers=(("Location", "https://example.com/.well-known/openid-configuration"),))
FAULTS: dict[str, Callable[[Way], Any]] = {
    "it is not there": refuse,
    "it accepts connections and is silent": on_the_way(lambda proxy: proxy.swallow()),
    "it is slow": on_the_way(lambda proxy: proxy.slow_down(PATIENCE, 0.1)),
    "it stops in the middle": on_the_way(lambda proxy: proxy.answer_only(150)),
    "it is cut off in the middle": on_the_way(lambda proxy: proxy.answer_only(150, cut=True)),
    "it is cut off at once": on_the_way(lambda proxy: proxy.answer_only(0, cut=True)),
    "garbage": answering(Response(200, b"\xff\xfe{]")),
    "garbage in place of keys": answering(Response(200, b"[["), KEYS, TOKEN),
    "a page": answering(Response(200, b"<html>", "text/html")),
    "millions of bytes": answering(HUGE),
    "a redirect": answering(ELSEWHERE),
    "a redirect to the keys": answering(ELSEWHERE, KEYS, TOKEN),
    "a failure": answering(Response(500)),
    "no content": answering(Response(204, b"")),
    "keys that sign nothing": publish_keys_for_encryption,
    "another issuer": name_another_issuer,
}


@pytest.mark.parametrize("spoil", FAULTS.values(), ids=FAULTS.keys())
async def test_a_provider_at_fault_is_unavailable_within_the_limit(way: Way, spoil: Callable[[Way], Any]) -> None:
    """A loop that goes on turning meanwhile stands for all the rest of the service."""
    await spoil(way)
    turns = asyncio.create_task(_longest_turn())
    began = monotonic()
    results = await asyncio.gather(
        *(way.adapter.verify(way.own.id_token(), "n") for _ in range(20)),
        way.adapter.redeem("c", redirect_uri=None, code_verifier=None),
        way.adapter.revoke(ProviderGrant(WEB, "r")),
        way.adapter.requires_issuer(),
        return_exceptions=True,
    )
    assert {type(result) for result in results} == {ProviderUnavailable}
    assert monotonic() - began < PATIENCE + 1
    turns.cancel()
    assert await turns < 0.5


@pytest.mark.parametrize("spoil", FAULTS.values(), ids=FAULTS.keys())
async def test_known_keys_go_on_working_and_all_is_well_when_the_fault_is_over(
    way: Way, spoil: Callable[[Way], Any]
) -> None:
    await way.adapter.verify(way.own.id_token(), "n")
    discovery, key_set = dict(way.own.discovery), way.own.key_set
    way.timer.now += 60
    await spoil(way)
    with pytest.raises(ProviderUnavailable):
        await way.adapter.verify(way.own.id_token(rsa("k2")), "n")
    began = monotonic()
    for _ in range(10):
        await way.adapter.verify(way.own.id_token(), "n")
    assert monotonic() - began < 0.5
    with pytest.raises(ProviderUnavailable):
        await way.adapter.redeem("c", redirect_uri=None, code_verifier=None)

    await way.proxy.restore()
    way.own.instead.clear()
    way.own.discovery, way.own.key_set, way.own.keys = discovery, key_set, [rsa("k1"), rsa("k2")]
    way.timer.now += 60
    await way.adapter.verify(way.own.id_token(rsa("k2")), "n")
    code = way.own.code_for(nonce="n")
    assert (await way.adapter.redeem(code, redirect_uri=None, code_verifier=None)).refresh_token


async def test_keys_of_another_provider_verify_nothing_of_the_provider(way: Way) -> None:
    """A key set that was exchanged on the way: no one can tell, but no token is accepted that was not before."""
    way.own.key_set = [rsa("s1").public]
    with pytest.raises(InvalidIdToken):
        await way.adapter.verify(way.own.id_token(), "n")


async def _longest_turn() -> float:
    """Seconds that the event loop needed at most, until this is cancelled."""
    longest, before = 0.0, monotonic()
    try:
        while True:
            await asyncio.sleep(0.01)
            now = monotonic()
            longest, before = max(longest, now - before), now
    except asyncio.CancelledError:
        return longest
