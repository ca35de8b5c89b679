"""/.well-known/…: the files by which iOS, Android and browsers learn which apps and pages belong to this service.

Systems fetch them without following redirects, and want `application/json`.
"""

from typing import Any

import msgspec
from starlette.responses import Response

from bukhindor.web.addresses import ACCOUNT
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.refusals import NoSuchEndpoint

_ANDROID_RELATIONS = ["delegate_permission/common.handle_all_urls", "delegate_permission/common.get_login_creds"]


async def apple_app_site_association(call: Call, settings: WebSettings) -> Response:
    """Name the iOS apps that open the pages of accounts and share passwords and passkeys

    Apple, "Supporting associated domains".
    """
    apps = settings.client_apps.ios
    if not apps:
        raise NoSuchEndpoint
    links = [{"appIDs": apps, "components": [{"/": f"{settings.public_path}{ACCOUNT}/*"}]}]
    return _json({"applinks": {"details": links}, "webcredentials": {"apps": apps}})


async def asset_links(call: Call, settings: WebSettings) -> Response:
    """Name the Android apps that open the pages of accounts and share passwords and passkeys

    Google, "Digital Asset Links".
    """
    apps = settings.client_apps.android
    if not apps:
        raise NoSuchEndpoint
    targets = [
        {"namespace": "android_app", "package_name": app.package, "sha256_cert_fingerprints": app.fingerprints}
        for app in apps
    ]
    return _json([{"relation": _ANDROID_RELATIONS, "target": target} for target in targets])


async def related_origins(call: Call, settings: WebSettings) -> Response:
    """Name the pages on other domains that may use the passkeys of this service

    WebAuthn Level 3, section 5.11.
    """
    origins = settings.relying_party.related_origins
    if not origins:
        raise NoSuchEndpoint
    return _json({"origins": origins})


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
