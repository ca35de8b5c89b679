"""The cookies of browsers (RFC 6265bis; ASVS 3.3): access token, refresh token and device proof.

Browsers send a cookie for every page that asks, so it acts for certain pages only (OWASP CSRF cheat sheet).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bukhindor.domain.password_attempt import DEVICE_PROOF_LIFE
from bukhindor.domain.tokens import TokenPair
from bukhindor.web.edge.cors import CorsPolicy
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.endpoint.refusals import CrossSiteRequest

_DEVICE_PROOF_SECONDS = round(DEVICE_PROOF_LIFE.total_seconds())

# A scheme, a host, optionally a port, and nothing after them: browsers send no more (RFC 6454).
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9a-f:.]+\](?::[0-9]{1,5})?)")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie that scripts can't read and that requests of other sites don't carry.

    With `on_links` they do when a person follows a link. Over https the name begins with __Host-, which makes browsers
    refuse the cookie from other hosts, or where the service has only a path of its host with __Secure-.
    """

    plain_name: str
    on_links: bool = True

    def name_for(self, *, is_https: bool, path: str) -> str:
        """The name where the service has this path of its host."""
        if not is_https:
            return self.plain_name
        return f"{'__Secure-' if path else '__Host-'}{self.plain_name}"


ACCESS_TOKEN = Cookie("access_token")
REFRESH_TOKEN = Cookie("refresh_token", on_links=False)
DEVICE_PROOF = Cookie("device_proof")
# A link of another provider leads back with it.
FLOW_BROWSER = Cookie("identity_flow")

_FLOW_BROWSER_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of this service, which is at `public_url`, below `path` of its host.

    They act for its own pages; the cookie of the refresh token also for pages of the origins that `cors` names.
    """

    public_url: str
    path: str
    cors: CorsPolicy

    def access_token(self, exchange: Exchange) -> str | None:
        """The access token of a browser; None without one."""
        return self._read(exchange, ACCESS_TOKEN)

    def has_refresh_token(self, exchange: Exchange) -> bool:
        return self._read(exchange, REFRESH_TOKEN) is not None

    def refresh_token(self, exchange: Exchange) -> str | None:
        """The refresh token of a browser. Raises CrossSiteRequest when it comes from the page of another site."""
        token = self._read(exchange, REFRESH_TOKEN)
        if token is not None and not self.cors.allows_cookies(exchange.headers.get("origin", "")):
            self.require_own_page(exchange)
        return token

    def refresh_token_of_page(self, exchange: Exchange) -> str | None:
        """The refresh token of a browser that opens a page here, also by a link or a bookmark: that changes nothing."""
        return self._read(exchange, REFRESH_TOKEN)

    def device_proof(self, exchange: Exchange) -> str:
        """The client's device proof: a header of apps, else the cookie of a browser, else ""."""
        return exchange.headers.get("x-device-proof") or self._read(exchange, DEVICE_PROOF) or ""

    def hand_over(self, exchange: Exchange, tokens: TokenPair, *, in_cookie: bool) -> TokenPair:
        """Have a browser store tokens where scripts can't read them, and return those that the body may name.

        The refresh token is in the body, or with `in_cookie` in its cookie only.
        """
        self._set(exchange, ACCESS_TOKEN, tokens.access_token, tokens.expires_in)
        self.set_device_proof(exchange, tokens.device_proof)
        if in_cookie:
            self._set(exchange, REFRESH_TOKEN, tokens.refresh_token, tokens.refresh_expires_in)
            return replace(tokens, refresh_token="")
        if self.has_refresh_token(exchange):
            # It belongs to a session that this one follows.
            self._clear(exchange, REFRESH_TOKEN)
        return tokens

    def set_device_proof(self, exchange: Exchange, device_proof: str) -> None:
        self._set(exchange, DEVICE_PROOF, device_proof, _DEVICE_PROOF_SECONDS)

    def flow_browser(self, exchange: Exchange) -> str | None:
        """What tells this browser from all others while its person is at another provider; None when there is none."""
        browser = self._read(exchange, FLOW_BROWSER)
        return browser if browser is not None and _FLOW_BROWSER_FORM.fullmatch(browser) else None

    def set_flow_browser(self, exchange: Exchange, browser: str, max_age: int) -> None:
        self._set(exchange, FLOW_BROWSER, browser, max_age)

    def sign_out(self, exchange: Exchange) -> None:
        """Remove the cookies of the session (ASVS 14.3.1). The device proof stays for the next sign-in.

        Clear-Site-Data would remove the cookies of sister sites too; nothing of ours is in a cache.
        """
        self._clear(exchange, ACCESS_TOKEN)
        if self.has_refresh_token(exchange):
            self._clear(exchange, REFRESH_TOKEN)

    def remove_all(self, exchange: Exchange) -> None:
        """Remove all cookies of this service: the account is deleted."""
        self.sign_out(exchange)
        self._clear(exchange, DEVICE_PROOF)

    def require_own_page(self, exchange: Exchange) -> None:
        """Raise CrossSiteRequest unless a page of the service's own origin asks."""
        fetch_site = exchange.headers.get("sec-fetch-site")
        is_own = self._is_own(exchange.headers) if fetch_site is None else fetch_site == "same-origin"
        if not is_own:
            raise CrossSiteRequest

    def _is_own(self, headers: Mapping[str, str]) -> bool:
        """Whether Origin is the address of the service, for browsers that send no Sec-Fetch-Site."""
        match = _ORIGIN.fullmatch(headers.get("origin", "").lower())
        scheme, _, rest = self.public_url.partition("://")
        if match is None or match[1] != scheme:
            return False
        default_port = ":443" if scheme == "https" else ":80"
        # Behind a front end that serves both, Host names the page's own origin.
        own = (rest.partition("/")[0], headers.get("host", ""))
        return match[2].removesuffix(default_port) in [place.lower().removesuffix(default_port) for place in own]

    @property
    def _is_https(self) -> bool:
        return self.public_url.startswith("https://")

    def _name(self, cookie: Cookie) -> str:
        return cookie.name_for(is_https=self._is_https, path=self.path)

    def _read(self, exchange: Exchange, cookie: Cookie) -> str | None:
        return cookie_named(self._name(cookie), exchange.headers.get("cookie", ""))

    def _set(self, exchange: Exchange, cookie: Cookie, value: str, max_age: int) -> None:
        """Have the browser store the cookie for `max_age` seconds."""
        same_site = "Lax" if cookie.on_links else "Strict"
        attributes = f"Max-Age={max_age}; Path={self.path or '/'}; HttpOnly; SameSite={same_site}"
        attributes += "; Secure" if self._is_https else ""
        header = f"{self._name(cookie)}={value}; {attributes}"
        exchange.response_headers.append((b"set-cookie", header.encode("ascii")))

    def _clear(self, exchange: Exchange, cookie: Cookie) -> None:
        self._set(exchange, cookie, "", 0)


def cookie_named(name: str, header: str) -> str | None:
    """The value of a cookie without white space and quotes around it; None when it is missing or empty.

    Other cookies of the same site may contain anything: no rule of form is applied to them. Of two with one name the
    last counts (RFC 6265bis section 5.6).
    """
    for pair in reversed(header.split(";")):
        own_name, equals, value = pair.partition("=")
        if equals and own_name.strip(" \t") == name:
            return value.strip(' \t"') or None
    return None
