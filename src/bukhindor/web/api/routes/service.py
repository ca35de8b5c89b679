"""What programs and probes call: health, keys, metadata."""

from datetime import timedelta

from bukhindor.domain.errors import StoreUnavailable
from bukhindor.web.addresses import DISCOVERY, HEALTH, JWKS
from bukhindor.web.api import discovery, health, signing_key_ring
from bukhindor.web.endpoint.refusals import NotReady
from bukhindor.web.endpoint.row import Access, Endpoint

_ANYONE = Access.ANYONE
_CACHE_LIFE = timedelta(minutes=5)

# fmt: off
SERVICE = (
    Endpoint("GET", HEALTH, health.health, _ANYONE, "Service"),
    Endpoint("GET", f"{HEALTH}/live", health.live, _ANYONE, "Service"),
    Endpoint("GET", f"{HEALTH}/ready", health.ready, _ANYONE, "Service", refuses=(NotReady,)),
    Endpoint("GET", JWKS, signing_key_ring.jwks, _ANYONE, "Service", refuses=(StoreUnavailable,),
             cache_life=_CACHE_LIFE),
    Endpoint("GET", DISCOVERY[0], discovery.openid_configuration, _ANYONE, "Service", cache_life=_CACHE_LIFE),
    Endpoint("GET", DISCOVERY[1], discovery.oauth_authorization_server, _ANYONE, "Service", cache_life=_CACHE_LIFE),
)
# fmt: on
