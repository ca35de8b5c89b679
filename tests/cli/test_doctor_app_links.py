"""bukhindor doctor --app-links: each fault of the files that phones fetch, shown by a server that has it."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bukhindor.cli.checks import app_links
from tests.cli.conftest import Command
from tests.servers.certificate import Certificate

IOS_APP = "A1B2C3D4E5.com.example.app"
ONES, TWOS = ":".join(["11"] * 32), ":".join(["F2"] * 32)
APPLE, ANDROID, PASSKEYS = (
    f"/.well-known/{name}" for name in ("apple-app-site-association", "assetlinks.json", "webauthn")
)

pytestmark = pytest.mark.usefixtures("unhurried")


def apple(*apps: str) -> Any:
    return {
        "applinks": {"details": [{"appIDs": apps, "components": [{"/": "/account/*"}]}]},
        "webcredentials": {"apps": apps},
    }


def android(*fingerprints: str, package: str = "com.example.app") -> Any:
    target = {"namespace": "android_app", "package_name": package, "sha256_cert_fingerprints": fingerprints}
    return [{"relation": ["delegate_permission/common.handle_all_urls"], "target": target}]


@dataclass
class Site:
    """A web server with files by path; `asked` are the paths that were asked for."""

    port: int
    scheme: str = "http"
    files: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def serve(self, path: str, content: Any, media_type: str = "application/json") -> None:
        self.files[path] = (200, media_type, json.dumps(content).encode())

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"


@contextmanager
def serving(certificate: Certificate | None = None) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked.append(self.path)
            status, described, body = running.files.get(self.path, (404, "application/json", b"{}"))
            self.send_response(status)
            self.send_header("location" if 300 <= status < 400 else "content-type", described)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: standard error belongs to the command."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        if certificate is not None:
            server.socket = certificate.server().wrap_socket(server.socket, server_side=True)
        running = Site(server.server_port, "http" if certificate is None else "https")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield running
        server.shutdown()
        thread.join()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Where PUBLIC_URL leads, with an app of each kind whose file is good."""
    with serving() as running:
        monkeypatch.setenv("PUBLIC_URL", running.url)
        monkeypatch.setenv("IOS_APP_IDS", IOS_APP)
        monkeypatch.setenv("ANDROID_APPS", f"com.example.app={ONES}")
        running.serve(APPLE, apple(IOS_APP))
        running.serve(ANDROID, android(ONES))
        yield running


def lines_of(bukhindor: Command) -> list[str]:
    """What the check found, one line each."""
    result = bukhindor("doctor", "--app-links", "--json")
    assert result.stderr == ""
    report = json.loads(result.stdout)
    found = [each for each in report["checks"] if each["check"] in ("app links", "passkeys")]
    assert all(each["advice"] for each in found if each["state"] != "ok")
    assert result.exit_code == (1 if report["problems"] else 0)
    return [f"{each['state']} {each['found']}" for each in found]


def test_good_files_are_named_and_http_is_a_fault(bukhindor: Command, site: Site) -> None:
    assert lines_of(bukhindor) == [
        f"problem {site.url} is not https",
        f"ok {site.url}{APPLE} is as it should be",
        f"ok {site.url}{ANDROID} is as it should be",
        "ok they are for localhost; 2 pages and apps may use them",
    ]
    assert sorted(site.asked) == [APPLE, ANDROID]


def test_over_https_everything_is_well(
    bukhindor: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    certificate = Certificate.make(tmp_path)
    with serving(certificate) as secure:
        secure.files = site.files
        monkeypatch.setenv("PUBLIC_URL", secure.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        assert [line.partition(" ")[0] for line in lines_of(bukhindor)] == ["ok", "ok", "ok"]
        monkeypatch.delenv("SSL_CERT_FILE")
        first, *_ = lines_of(bukhindor)
    assert f"problem {secure.url}{APPLE} can't be fetched: the certificate is not trusted" in first


def test_without_the_option_nothing_is_fetched(bukhindor: Command, site: Site) -> None:
    result = bukhindor("doctor")
    assert "app links" not in result.stdout
    assert site.asked == []


def test_a_missing_file_is_named(bukhindor: Command, site: Site) -> None:
    del site.files[APPLE]
    assert f"problem {site.url}{APPLE} is missing" in lines_of(bukhindor)
    site.files[APPLE] = (500, "text/html", b"")
    assert f"problem {site.url}{APPLE} answers with status 500" in lines_of(bukhindor)


def test_a_redirect_is_named_and_not_followed(bukhindor: Command, site: Site) -> None:
    with serving() as elsewhere:
        site.files[ANDROID] = (301, f"{elsewhere.url}/", b"")
        assert f"problem {site.url}{ANDROID} is a redirect to {elsewhere.url}/" in lines_of(bukhindor)
        assert elsewhere.asked == []


def test_a_wrong_media_type_is_named(bukhindor: Command, site: Site) -> None:
    site.serve(APPLE, apple(IOS_APP), "text/html; charset=utf-8")
    site.files[ANDROID] = (200, "\x07", site.files[ANDROID][2])
    found = lines_of(bukhindor)
    assert f"problem {site.url}{APPLE} has the wrong media type, text/html" in found
    assert f"problem {site.url}{ANDROID} has the wrong media type, none" in found


@pytest.mark.parametrize("wrong", [ONES.replace(":", ""), TWOS.lower(), ONES[:-3], "x\ny"])
def test_a_fingerprint_of_the_wrong_form_is_named(bukhindor: Command, site: Site, wrong: str) -> None:
    site.serve(ANDROID, android(wrong))
    shown = wrong if wrong.isprintable() else "with control characters"
    (line,) = (line for line in lines_of(bukhindor) if ANDROID in line)
    assert line == f"problem {site.url}{ANDROID} has a fingerprint of the wrong form, {shown}"


def test_an_app_that_a_file_does_not_name_is_named_here(bukhindor: Command, site: Site) -> None:
    site.serve(APPLE, apple("A1B2C3D4E5.com.example.other"))
    site.serve(ANDROID, android(TWOS))
    found = lines_of(bukhindor)
    assert f"problem {site.url}{APPLE} does not name {IOS_APP} under applinks" in found
    assert f"problem {site.url}{ANDROID} does not name com.example.app with {ONES}" in found
    site.serve(APPLE, apple(IOS_APP) | {"webcredentials": {"apps": []}})
    assert f"problem {site.url}{APPLE} does not name {IOS_APP} under webcredentials" in lines_of(bukhindor)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"applinks": 1}', b"\xff", b"[[]]", b"[1]"])
def test_a_file_of_another_kind_is_named(bukhindor: Command, site: Site, body: bytes) -> None:
    site.files[APPLE] = (200, "application/json", body)
    assert f"problem {site.url}{APPLE} is not the JSON that is needed" in lines_of(bukhindor)


def test_a_page_on_another_domain_than_the_passkeys_is_named(
    bukhindor: Command, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSKEY_ORIGINS", f"{site.url},https://example.org")
    site.serve(PASSKEYS, {"origins": []})
    found = lines_of(bukhindor)
    assert f"problem {site.url}{PASSKEYS} does not name https://example.org" in found
    assert "warning PASSKEY_RP_ID localhost is not a suffix of the host of https://example.org" in found[-1]


def test_passkeys_for_a_host_that_is_not_asked_are_named(
    bukhindor: Command, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSKEY_RP_ID", "example.com")
    monkeypatch.setenv("PASSKEY_ORIGINS", "https://www.example.com,https://example.org")
    *_, suffix, elsewhere = lines_of(bukhindor)
    assert suffix.startswith("problem PASSKEY_RP_ID example.com is not a suffix of the host of https://example.org")
    assert elsewhere.startswith("warning passkeys are for example.com, not for the host of PUBLIC_URL")
    assert sorted(site.asked) == [APPLE, ANDROID]


def test_the_app_on_the_web_is_asked_too(bukhindor: Command, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as app:
        monkeypatch.setenv("APP_URL", f"{app.url}/account")
        app.serve(ANDROID, android(ONES))
        found = lines_of(bukhindor)
        assert sorted(app.asked) == [APPLE, ANDROID]
    assert f"problem {app.url}{APPLE} is missing" in found
    assert f"ok {app.url}{ANDROID} is as it should be" in found


def test_a_server_that_is_away_or_silent_ends_the_wait(
    bukhindor: Command, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:1")
    assert f"problem http://localhost:1{APPLE} can't be fetched: Connection refused" in lines_of(bukhindor)
    monkeypatch.setenv("PUBLIC_URL", f"https://localhost:{site.port}")
    assert any("can't be fetched: TLS failed" in line for line in lines_of(bukhindor))
    silent = socket.create_server(("localhost", 0))
    monkeypatch.setattr(app_links, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setenv("PUBLIC_URL", f"http://localhost:{silent.getsockname()[1]}")
    with silent:
        assert any("can't be fetched: no response in 0.2 seconds" in line for line in lines_of(bukhindor))


def test_without_apps_there_is_nothing_to_fetch(
    bukhindor: Command, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IOS_APP_IDS")
    monkeypatch.delenv("ANDROID_APPS")
    assert "warning there is nothing to fetch: no app is named" in lines_of(bukhindor)
    assert site.asked == []
