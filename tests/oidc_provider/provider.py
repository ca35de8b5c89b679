"""An OpenID provider on a free loopback port: it does what those of Apple and Google do, or what a test wants done."""

import json
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc.jws import JWSRegistry

from bukhindor.domain.identity import AppleKey, ProviderSettings
from tests.oidc_provider.keys import SigningKey, apple_key_file, ec, packed, rsa, unpacked

DISCOVERY, KEYS, AUTHORIZE, TOKEN, REVOKE = (
    "/.well-known/openid-configuration",
    "/keys",
    "/authorize",
    "/token",
    "/revoke",
)
WEB, ANDROID = "web.example", "android.example"
SECRET = "a secret: with/odd characters"
TEAM = "A1B2C3D4E5"


@dataclass(frozen=True)
class Response:
    status: int = 200
    body: bytes = b"{}"
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, content: object, status: int = 200) -> "Response":
        return cls(status, json.dumps(content).encode())


@dataclass
class OwnProvider:
    """`shape` is "google", "apple" or "general". `asked` are the paths of all requests, in their order.

    A path in `instead` gets this response, or the one that a function makes. `discovery` replaces parts of the
    discovery document; None leaves them out. `person` is who signs in at the page, `revoked` what was revoked.
    `kept_back` are what a code stands for, until it is redeemed.
    """

    shape: str
    issuer: str
    now: Callable[[], datetime]
    keys: list[SigningKey]
    port: int = 0
    asked: list[str] = field(default_factory=list)
    instead: dict[str, Response | Callable[[], Response]] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    key_set: list[Any] | None = None
    person: dict[str, Any] = field(default_factory=dict)
    kept_back: dict[str, dict[str, str]] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    apple_key: SigningKey = field(default_factory=lambda: ec("AK1"))

    @property
    def settings(self) -> ProviderSettings:
        """What the operator of a service would say about this provider."""
        is_apple = self.shape == "apple"
        return ProviderSettings(
            name=self.shape if self.shape != "general" else "keycloak",
            label=self.shape.title(),
            issuer=self.issuer,
            client_ids=(WEB, ANDROID),
            client_secret=None if is_apple else SECRET,
            scopes=("openid", "email", "name") if is_apple else ("openid", "email", "profile"),
            apple_key=AppleKey(TEAM, self.apple_key.kid, apple_key_file(self.apple_key)) if is_apple else None,
        )

    def id_token(self, key: SigningKey | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A right token for the web client with the nonce "n", except for the changes; None leaves a claim out."""
        return (key or self.keys[0]).sign(self.claims(**changes), **(header or {}))

    def claims(self, **changes: Any) -> dict[str, Any]:
        issued = int(self.now().timestamp())
        whole = {
            "iss": self.issuer,
            "aud": WEB,
            "sub": "subject-1",
            "iat": issued,
            "exp": issued + 3600,
            "nonce": "n",
            **self._shaped(),
            **self.person,
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def respond(self, method: str, target: str, headers: Any, body: bytes) -> Response:
        parts = urlsplit(target)
        self.asked.append(parts.path)
        instead = self.instead.get(parts.path)
        if instead is not None:
            return instead if isinstance(instead, Response) else instead()
        form = dict(parse_qsl(body.decode() if method == "POST" else parts.query))
        match method, parts.path:
            case "GET", "/.well-known/openid-configuration":
                return Response.of(self.document())
            case "GET", "/keys":
                published = self.key_set if self.key_set is not None else [key.public for key in self.keys]
                return Response.of({"keys": published})
            case "GET", "/authorize":
                return self._authorized(form)
            case "POST", "/token":
                return self._redeemed(form, headers)
            case "POST", "/revoke":
                if self._client(form, headers) is None:
                    return Response.of({"error": "invalid_client"}, 401)
                self.revoked.append(form["token"])
                return Response(body=b"", media_type="text/plain")
        return Response.of({}, 404)

    def document(self) -> dict[str, Any]:
        whole: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + AUTHORIZE,
            "token_endpoint": self.issuer + TOKEN,
            "revocation_endpoint": self.issuer + REVOKE,
            "jwks_uri": self.issuer + KEYS,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": sorted({key.algorithm for key in self.keys}),
        }
        if self.shape == "apple":
            whole["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
            whole["response_modes_supported"] = ["query", "fragment", "form_post"]
        if self.shape == "google":
            whole["token_endpoint_auth_methods_supported"] = ["client_secret_post", "client_secret_basic"]
            whole["code_challenge_methods_supported"] = ["plain", "S256"]
        if self.shape == "general":
            whole["authorization_response_iss_parameter_supported"] = True
        whole |= self.discovery
        return {name: value for name, value in whole.items() if value is not None}

    def code_for(self, client_id: str = WEB, **asked: str) -> str:
        """A code as the page would hand it out, or the sheet of a phone, which asks for no redirect."""
        code = token_urlsafe(8)
        self.kept_back[code] = {"client_id": client_id, **asked}
        return code

    def _shaped(self) -> dict[str, Any]:
        if self.shape == "apple":
            relay = "a1b2c3@privaterelay.appleid.com"
            return {"email": relay, "email_verified": "true", "is_private_email": "true", "nonce_supported": True}
        if self.shape == "google":
            return {"email": "ann@gmail.example", "email_verified": True, "name": "Ann", "azp": WEB, "hd": "example"}
        return {"email": "ann@example.com", "email_verified": True, "name": "Ann", "azp": WEB, "amr": ["pwd", "otp"]}

    def _authorized(self, asked: dict[str, str]) -> Response:
        """The person agrees at once; Apple's page sends a form, the others redirect."""
        wanted = ("redirect_uri", "nonce", "code_challenge")
        code = self.code_for(asked["client_id"], **{name: asked[name] for name in wanted if name in asked})
        answer = {"code": code, "state": asked["state"]}
        if self.document().get("authorization_response_iss_parameter_supported"):
            answer["iss"] = self.issuer
        if asked.get("response_mode") == "form_post":
            fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in answer.items())
            page = f'<form method="post" action="{asked["redirect_uri"]}">{fields}<button>Continue</button></form>'
            return Response(body=page.encode(), media_type="text/html")
        mark = "&" if "?" in asked["redirect_uri"] else "?"
        where = f"{asked['redirect_uri']}{mark}{urlencode(answer)}"
        return Response(302, b"", "text/plain", (("Location", where),))

    def _redeemed(self, form: dict[str, str], headers: Any) -> Response:
        client_id = self._client(form, headers)
        if client_id is None:
            return Response.of({"error": "invalid_client"}, 401)
        asked = self.kept_back.pop(form.get("code", ""), None)
        if asked is None or asked["client_id"] != client_id or asked.get("redirect_uri") != form.get("redirect_uri"):
            return Response.of({"error": "invalid_grant"}, 400)
        verifier = form.get("code_verifier")
        challenge = None if verifier is None else packed(sha256(verifier.encode()).digest())
        if asked.get("code_challenge") != challenge:
            return Response.of({"error": "invalid_grant"}, 400)
        azp = client_id if self.shape != "apple" else None
        token = self.id_token(aud=client_id, azp=azp, nonce=asked.get("nonce"))
        return Response.of(
            {"access_token": "a", "token_type": "Bearer", "id_token": token, "refresh_token": f"refresh-{client_id}"}
        )

    def _client(self, form: dict[str, str], headers: Any) -> str | None:
        """Who asks, if they prove it in one of the ways that discovery names."""
        methods = self.document().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = headers.get("authorization", "")
        if basic and "client_secret_basic" in methods and "client_secret" not in form:
            client_id, _, secret = b64decode(basic.removeprefix("Basic ")).decode().partition(":")
            is_right = unquote_plus(secret) == SECRET
            return unquote_plus(client_id) if is_right else None
        if basic or "client_secret_post" not in methods:
            return None
        secret = form.get("client_secret", "")
        is_right = self._is_apples(secret, form["client_id"]) if self.shape == "apple" else secret == SECRET
        return form["client_id"] if is_right else None

    def _is_apples(self, secret: str, client_id: str) -> bool:
        """Whether it is what Apple asks for: a JWT of the team's key, for this client, that is valid now."""
        header, payload, signature = secret.split(".")
        covered = f"{header}.{payload}".encode()
        if not JWSRegistry.algorithms["ES256"].verify(covered, unpacked(signature), self.apple_key.key):
            return False
        claims, now = json.loads(unpacked(payload)), self.now().timestamp()
        return (
            json.loads(unpacked(header)) == {"alg": "ES256", "kid": self.apple_key.kid}
            and (claims["iss"], claims["aud"], claims["sub"]) == (TEAM, self.issuer, client_id)
            and now - 60 < claims["iat"] <= now < claims["exp"] <= claims["iat"] + 600
        )


@contextmanager
def running(
    shape: str = "google", *, now: Callable[[], datetime] | None = None, issuer: str | None = None
) -> Iterator[OwnProvider]:
    """A provider until the end of the block; `issuer` is how it is reached, if not at its own port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do("GET")

        def do_POST(self) -> None:
            self._do("POST")

        def _do(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            response = provider.respond(method, self.path, self.headers, body)
            self.send_response(response.status)
            self.send_header("Content-Type", response.media_type)
            self.send_header("Content-Length", str(len(response.body)))
            for name, value in response.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hung up is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        provider = OwnProvider(
            shape, issuer or f"http://127.0.0.1:{server.server_port}", now or (lambda: datetime.now(UTC)), [rsa("k1")]
        )
        provider.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
