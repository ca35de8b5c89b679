"""A provider of our own, and the adapter that is set up for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from bukhindor.adapters.http.outbound import OutboundHttp
from bukhindor.adapters.oidc.discovery import Discovery, Pace
from bukhindor.adapters.oidc.provider import OidcProvider
from bukhindor.domain.identity import ProviderSettings
from tests.fakes.clock import FakeClock
from tests.oidc_provider.provider import OwnProvider, running


@dataclass
class Seconds:
    """A timer in the hand of the test."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """The provider, the adapter for it, and both times."""

    own: OwnProvider
    clock: FakeClock = field(default_factory=FakeClock)
    timer: Seconds = field(default_factory=Seconds)

    def adapter(self, *, patience: float = 4.0, **changes: object) -> OidcProvider:
        """A new adapter that knows nothing yet; `changes` are fields of its settings."""
        settings: ProviderSettings = replace(self.own.settings, **changes)  # type: ignore[arg-type]
        outbound = OutboundHttp(allows_loopback=True, patience=patience)
        discovery = Discovery(settings.name, settings.issuer, outbound, Pace(patience=patience), self.timer)
        return OidcProvider(settings, discovery, outbound, self.clock)


Starting = Callable[[str], Stage]


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A provider in the shape of Google's."""
    yield from _stage("google")


@pytest.fixture
def apple() -> Iterator[Stage]:
    yield from _stage("apple")


@pytest.fixture
def general() -> Iterator[Stage]:
    yield from _stage("general")


def _stage(shape: str) -> Iterator[Stage]:
    clock = FakeClock()
    with running(shape, now=clock.now) as own:
        yield Stage(own, clock)
