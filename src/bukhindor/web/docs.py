"""GET /docs: Swagger UI, every file from this process, and GET /openapi.json"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from bukhindor.web.errors import NoSuchEndpoint
from bukhindor.web.exchange import Exchange
from bukhindor.web.openapi import openapi_json

LitestarRequest = Request[Any, Any, Any]

_OWN = Path(__file__).parent / "assets"
_MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".png": "image/png"}

# Scripts come from here only, none inline; Swagger UI draws its icons from data addresses.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def documentation_handlers(public_url: str) -> list[HTTPRouteHandler]:
    files = {
        "docs.js": _OWN / "docs.js",
        **{name: _swagger_ui() / name for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")},
    }

    @get("/docs", sync_to_thread=False)
    def page(request: LitestarRequest) -> Response[bytes]:
        Exchange.of(request.scope).route = "/docs"
        headers = {"content-security-policy": _PAGE_POLICY, "cross-origin-opener-policy": "same-origin"}
        return _file(_OWN / "docs.html", headers)

    @get("/docs/{name:str}", sync_to_thread=True)
    def asset(request: LitestarRequest) -> Response[bytes]:
        Exchange.of(request.scope).route = "/docs/{name}"
        name = request.path_params["name"]
        if name not in files:
            raise NoSuchEndpoint
        return _file(files[name], {"cache-control": "public, max-age=86400"})

    @get("/openapi.json", sync_to_thread=False)
    def document(request: LitestarRequest) -> Response[bytes]:
        Exchange.of(request.scope).route = "/openapi.json"
        return Response(openapi_json(public_url), media_type="application/json")

    return [page, asset, document]


def _swagger_ui() -> Path:
    """The folder of the packaged files, found without importing the package."""
    spec = find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("swagger_ui")
    return Path(spec.origin).parent / "static"


def _file(path: Path, headers: dict[str, str]) -> Response[bytes]:
    # The framework adds the character set to texts.
    return Response(path.read_bytes(), media_type=_MEDIA_TYPES[path.suffix], headers=headers)
