"""Whether phones and browsers find the files that connect the team's apps and pages with this service."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bukhindor.adapters.http.fetching import Fetched, NotFetched, fetch
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config import Settings
from bukhindor.domain.client_app import ClientApps
from bukhindor.web.addresses import ANDROID_APPS, APPLE_APPS, RELATED_ORIGINS

PATIENCE_SECONDS = 8.0

_FOUND, _NOT_FOUND = 200, 404
_REDIRECTS = range(300, 400)
_FINGERPRINT = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){31}")
_CHECK, _PASSKEYS = "app links", "passkeys"
_FORM_OF_FINGERPRINTS = "Write it as keytool prints it: 32 pairs of hexadecimal digits in capital letters, with colons"


def checks(settings: Settings) -> Iterator[Finding]:
    """Fetch the files from the hosts of PUBLIC_URL and of APP_URL, and from nowhere else."""
    apps, party = settings.apps.client_apps, settings.apps.relying_party
    if not apps.ios and not apps.android and not party.related_origins:
        advice = "Set IOS_APP_IDS and ANDROID_APPS if there are apps"
        yield Finding(_CHECK, State.WARNING, "there is nothing to fetch: no app is named", advice)
    for site in _sites(settings):
        if site.startswith("http:"):
            advice = "Serve it over https: phones and browsers fetch these files, and use passkeys, over https alone"
            yield Finding(_CHECK, State.PROBLEM, f"{site} is not https", advice)
        if apps.ios:
            yield from _file(site + APPLE_APPS, lambda content: _names_ios(content, apps))
        if apps.android:
            yield from _file(site + ANDROID_APPS, lambda content: _names_android(content, apps))
        if party.related_origins and _host(site) == party.id:
            yield from _file(site + RELATED_ORIGINS, lambda content: _names_origins(content, party.related_origins))
    yield from _relying_party(settings)


def _sites(settings: Settings) -> list[str]:
    """The origins of PUBLIC_URL, and of APP_URL if it is a web address of another host."""
    pages = [settings.server.public_url]
    app_url = settings.mail.app_url
    if app_url is not None and app_url.is_web:
        pages.append(app_url)
    return list(dict.fromkeys(f"{page.scheme}://{page.host}" for page in pages))


def _host(site: str) -> str:
    return site.partition("://")[2].partition(":")[0]


def _relying_party(settings: Settings) -> Iterator[Finding]:
    party = settings.apps.relying_party
    is_own_host = party.id in map(_host, _sites(settings))
    for origin in party.related_origins:
        found = (
            f"PASSKEY_RP_ID {party.id} is not a suffix of the host of {origin}, where older browsers refuse passkeys"
        )
        advice = f"Set PASSKEY_RP_ID to a domain that all pages share, or serve https://{party.id}{RELATED_ORIGINS}"
        # With the list, which has a finding of its own, new browsers admit the page.
        yield Finding(_PASSKEYS, State.WARNING if is_own_host else State.PROBLEM, found, advice)
    if not is_own_host:
        found = f"passkeys are for {party.id}, not for the host of PUBLIC_URL or APP_URL"
        advice = (
            f"Let https://{party.id} serve the same files below /.well-known/: phones ask there; this check does not"
        )
        yield Finding(_PASSKEYS, State.WARNING, found, advice)
    elif not party.related_origins:
        yield ok(_PASSKEYS, f"they are for {party.id}; {len(party.origins)} pages and apps may use them")


def _file(url: str, faults_of: Callable[[Any], Iterable[tuple[str, str]]]) -> Iterator[Finding]:
    try:
        fetched = fetch(url, PATIENCE_SECONDS)
    except NotFetched as error:
        advice = "Phones fetch it from this very address; let the proxy forward it to this service"
        yield Finding(_CHECK, State.PROBLEM, f"{url} can't be fetched: {error}", advice)
        return
    fault = _fault_of_response(url, fetched)
    if fault is not None:
        yield fault
        return
    try:
        found = list(faults_of(json.loads(fetched.body)))
    except (ValueError, LookupError, TypeError, AttributeError):
        found = [("is not the JSON that is needed", "Serve the file that this service makes")]
    if not found:
        yield ok(_CHECK, f"{url} is as it should be")
    for what, advice in found:
        yield Finding(_CHECK, State.PROBLEM, f"{url} {what}", advice)


def _fault_of_response(url: str, fetched: Fetched) -> Finding | None:
    if fetched.status in _REDIRECTS:
        where = f" to {fetched.location[:200]}" if fetched.location.isprintable() and fetched.location else ""
        advice = "Serve it at this address itself: phones follow no redirect"
        return Finding(_CHECK, State.PROBLEM, f"{url} is a redirect{where}", advice)
    if fetched.status != _FOUND:
        is_missing = fetched.status == _NOT_FOUND
        found = f"{url} is missing" if is_missing else f"{url} answers with status {fetched.status}"
        advice = (
            "Let the proxy in front forward /.well-known/ to this service, and restart it after a change of settings"
        )
        return Finding(_CHECK, State.PROBLEM, found, advice)
    if fetched.media_type != "application/json":
        shown = fetched.media_type[:60] if fetched.media_type.isprintable() else ""
        found = f"{url} has the wrong media type, {shown or 'none'}"
        return Finding(_CHECK, State.PROBLEM, found, "Serve it as application/json")
    return None


def _names_ios(content: Any, apps: ClientApps) -> Iterator[tuple[str, str]]:
    opening = {app for details in content["applinks"]["details"] for app in details["appIDs"]}
    sharing = set(content["webcredentials"]["apps"])
    for app in apps.ios:
        if app not in opening & sharing:
            what = "applinks" if app not in opening else "webcredentials"
            yield f"does not name {app} under {what}", "Add it, or correct IOS_APP_IDS"


def _names_android(content: Any, apps: ClientApps) -> Iterator[tuple[str, str]]:
    named: dict[str, set[str]] = {}
    for statement in content:
        target = statement["target"]
        named.setdefault(target.get("package_name", ""), set()).update(target.get("sha256_cert_fingerprints", ()))
    malformed = {text for prints in named.values() for text in prints if not _FINGERPRINT.fullmatch(text)}
    for text in sorted(malformed):
        shown = text[:100] if text.isprintable() else "with control characters"
        yield f"has a fingerprint of the wrong form, {shown}", _FORM_OF_FINGERPRINTS
    for app in apps.android:
        missing = set(app.fingerprints) - named.get(app.package, set())
        if missing and not malformed:
            yield f"does not name {app.package} with {min(missing)}", "Add it, or correct ANDROID_APPS"


def _names_origins(content: Any, origins: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for origin in sorted(set(origins) - set(content["origins"])):
        yield f"does not name {origin}", "Add it, or correct PASSKEY_ORIGINS"
