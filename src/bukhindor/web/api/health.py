"""Health probes"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bukhindor import BUILD, __version__
from bukhindor.services.health import Health
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.refusals import NotReady

_SERVICE = "bukhindor-backend"


class HealthStatus(msgspec.Struct, frozen=True):
    status: Literal["ok"]
    service: Annotated[str, Meta(examples=[_SERVICE])]
    version: Annotated[str, Meta(examples=[__version__])]


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """`degraded` names, by part, what the service does without for now; its work is still correct."""

    status: Literal["ok", "degraded"]
    service: Annotated[str, Meta(examples=[_SERVICE])]
    version: Annotated[str, Meta(examples=[__version__])]
    degraded: dict[str, str] = {}


async def health(call: Call) -> HealthStatus:
    """Check that the service responds

    For people and for load balancers that know one address only.
    """
    return HealthStatus("ok", _SERVICE, BUILD)


async def live(call: Call) -> HealthStatus:
    """Check that the process is alive

    Depends on nothing else, so an unavailable database does not cause a restart.
    """
    return HealthStatus("ok", _SERVICE, BUILD)


async def ready(call: Call, health: Health) -> Readiness:
    """Check whether the service can do its work

    It needs its database and a key to sign with. A load balancer sends requests only where this is 200.
    """
    problems = await health.problems()
    if problems:
        raise NotReady(problems)
    restrictions = health.restrictions()
    return Readiness("degraded" if restrictions else "ok", _SERVICE, BUILD, restrictions)
