"""GET /docs: Swagger UI, every file from this process, and GET /openapi.json"""

from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import Response

from bukhindor.web.addresses import DOCS, OPENAPI
from bukhindor.web.api.openapi import openapi_json
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.refusals import NoSuchEndpoint
from bukhindor.web.endpoint.row import Access, Page, as_problem

_OWN = Path(__file__).parent / "assets"
_MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".png": "image/png"}

# Scripts come from here only, none inline; Swagger UI draws its icons from data URLs.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def swagger_ui(call: Call, settings: WebSettings) -> Response:
    """Show the API in Swagger UI"""
    headers = {"content-security-policy": _PAGE_POLICY, "cross-origin-opener-policy": "same-origin"}
    text = (_OWN / "docs.html").read_text("utf-8").replace('"/docs/', f'"{settings.public_path}{DOCS}/')
    return Response(text, headers=headers, media_type="text/html")


async def swagger_ui_file(call: Call) -> Response:
    """Return a file that Swagger UI needs"""
    path = _files().get(call.path_parameters["name"])
    if path is None:
        raise NoSuchEndpoint
    return _file(path, {"cache-control": "public, max-age=86400"})


async def openapi_document(call: Call, settings: WebSettings) -> Response:
    """Return the OpenAPI document

    In development the server has many names (localhost, 127.0.0.1, …); the page calls the one it was opened with.
    """
    public_url = settings.public_url
    server = (urlsplit(public_url).path or "/") if settings.is_development else None
    return Response(openapi_json(public_url, server), media_type="application/json")


@cache
def _files() -> dict[str, Path]:
    packaged = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
    return {name: _OWN / name for name in ("docs.js", "docs.css")} | {name: _swagger_ui() / name for name in packaged}


def _swagger_ui() -> Path:
    """Return the folder of the packaged files, found without importing the package."""
    spec = find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("swagger_ui")
    return Path(spec.origin).parent / "static"


def _file(path: Path, headers: dict[str, str]) -> Response:
    # The framework adds the character set to texts.
    return Response(path.read_bytes(), headers=headers, media_type=_MEDIA_TYPES[path.suffix])


PAGES = (
    Page("GET", DOCS, swagger_ui, Access.ANYONE, as_problem),
    Page("GET", f"{DOCS}/{{name}}", swagger_ui_file, Access.ANYONE, as_problem, refuses=(NoSuchEndpoint,)),
    Page("GET", OPENAPI, openapi_document, Access.ANYONE, as_problem, cache_life=timedelta(minutes=5)),
)
