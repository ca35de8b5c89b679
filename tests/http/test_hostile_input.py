"""Bodies, queries and headers that were made to hurt"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.http.answers import assert_problem
from tests.http.service import Service

JSON = {"content-type": "application/json"}
MALFORMED = {
    "empty": b"",
    "a word": b"x",
    "cut": b'{"email": "a@example.com"',
    "100,000 levels of arrays": b"[" * 60_000,
    "levels inside a field": b'{"email":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "levels of objects": b'{"a":' * 12_000,
    "invalid UTF-8": b'{"email": "\xff\xfe"}',
    "overlong UTF-8": b'{"email": "\xc0\xaf"}',
    "lone surrogate bytes": b'{"email": "\xed\xa0\x80"}',
    "UTF-16": '{"email": "a"}'.encode("utf-16"),
    "UTF-32": '{"email": "a"}'.encode("utf-32"),
    "byte order mark": b'\xef\xbb\xbf{"email": "a@example.com"}',
    "NaN": b'{"email": NaN}',
    "Infinity": b'{"email": -Infinity}',
    "huge number": b'{"email": 1e9999, "name": 1e9999, "refresh_token": 1e9999}',
    "long number": b'{"email": 1, "refresh_token": ' + b"9" * 60_000 + b"}",
    "single quotes": b"{'email': 'a'}",
    "trailing comma": b'{"email": "a",}',
    "comment": b'{"email": "a" /* b */}',
    "two documents": b'{"email": "a"}{"email": "b"}',
    "raw control character": b'{"email": "a\nb"}',
    "not an object: array": b"[]",
    "not an object: string": b'"email"',
    "not an object: number": b"1",
    "not an object: null": b"null",
    "not an object: true": b"true",
    "form": b"email=a&password=b",
}
INVALID = {
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}",
    "empty object": b"{}",
    "null fields": b'{"email": null, "password": null}',
    "NUL": b'{"email": "a\\u0000@example.com", "password": ""}',
    "duplicate keys": b'{"email": "a@example.com", "password": "x", "email": 1, "password": null}',
    "long address": b'{"email": "' + b"a@" + b"a." * 15_000 + b'", "password": ""}',
    "quoted address": b'{"email": "' + b'\\"' * 10_000 + b'@example.com", "password": ""}',
}
PATHS = ["/auth/login", "/auth/register", "/auth/refresh"]


@contextmanager
def at_once() -> Iterator[None]:
    """Next to nothing has to be done for it. Only this process counts, whatever else the machine is busy with."""
    begin = time.process_time()
    yield
    assert time.process_time() - begin < 0.5


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_no_json_object_is_refused_at_once(service: Service, content: bytes) -> None:
    """IN-03: never a 500, and never slow."""
    for path in PATHS:
        with at_once():
            answer = await service.post(path, content=content, headers=JSON)
        if path == "/auth/refresh" and not content:
            # Then the token may be in a cookie.
            assert_problem(answer, 400, "validation_failed", "refresh_token")
        else:
            assert_problem(answer, 400, "malformed_json")


@pytest.mark.parametrize("content", INVALID.values(), ids=INVALID.keys())
async def test_what_is_json_but_no_credentials_is_refused_at_once(service: Service, content: bytes) -> None:
    """IN-03, IN-04, IN-08"""
    with at_once():
        answer = await service.post("/auth/login", content=content, headers=JSON)
    assert_problem(answer, 400, "validation_failed", "email", "password")


@pytest.mark.parametrize("field", ["name", "email", "password"])
@pytest.mark.parametrize(
    "text", ["\\u0000", "a\\r\\nb", "\\u202eabc", "\\ud800", "\\udfff\\ud800", "\\u2028x", "\\u0085x"]
)
async def test_no_text_holds_what_can_not_be_seen(service: Service, field: str, text: str) -> None:
    """IN-04"""
    parts = {"name": "Anna", "email": "anna@example.org", "password": "violet-otter-41"}
    parts[field] = parts[field][:4] + text + parts[field][4:]
    content = "{" + ",".join(f'"{key}":"{value}"' for key, value in parts.items()) + "}"
    answer = await service.post("/auth/register", content=content.encode(), headers=JSON)
    assert_problem(
        answer, 400, answer.json()["error_code"], *[error["field"] for error in answer.json().get("errors", [])]
    )
    assert answer.json()["error_code"] in {"validation_failed", "malformed_json"}
    assert len(await service.users()) == 6


MEDIA_TYPES = {
    "application/json": True,
    "application/json; charset=utf-8": True,
    "application/json;charset=UTF-8": True,
    'application/json; charset="utf-8"': True,
    "APPLICATION/JSON": True,
    "application/merge-patch+json": True,
    "application/problem+json": True,
    "": False,
    "text/plain": False,
    "text/json": False,
    "text/plain; application/json": False,
    "application/jsonp": False,
    "application/x-www-form-urlencoded": False,
    "multipart/form-data; boundary=x": False,
    "application/json; charset=utf-16": False,
    "application/json; charset=latin-1": False,
    "application/xml": False,
    "application/octet-stream": False,
    "*/*": False,
    "json": False,
}


@pytest.mark.parametrize(("media_type", "is_json"), MEDIA_TYPES.items(), ids=[name or "none" for name in MEDIA_TYPES])
async def test_a_body_is_json_and_says_so(service: Service, media_type: str, is_json: bool) -> None:
    """IN-06"""
    content = b'{"email": "uma@example.com", "password": "violet-otter-41"}'
    headers = {"content-type": media_type} if media_type else {}
    answer = await service.post("/auth/login", content=content, headers=headers)
    if is_json:
        assert answer.status_code == 200
    else:
        assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, identity", "x"])
async def test_a_packed_body_is_not_unpacked(service: Service, encoding: str) -> None:
    """IN-02: no bomb."""
    headers = JSON | {"content-encoding": encoding}
    assert_problem(
        await service.post("/auth/login", content=b"\x1f\x8b", headers=headers), 415, "unsupported_media_type"
    )


async def test_a_thousand_parts_are_not_even_read(service: Service) -> None:
    """IN-07"""
    content = b"".join(b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n' % n for n in range(900))
    headers = {"content-type": "multipart/form-data; boundary=x"}
    with at_once():
        answer = await service.post("/auth/register", content=content, headers=headers)
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "*/*;q=0", "", "x"])
async def test_whatever_is_accepted_the_answer_is_json(service: Service, accept: str) -> None:
    """IN-06"""
    answer = await service.get("/auth/me", by=service.people.user, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize("path", PATHS)
async def test_64_kib_is_the_most(service: Service, path: str) -> None:
    """IN-02: by its length, before anything is read."""
    answer = await service.post(path, content=b" " * 65_537, headers=JSON)
    assert_problem(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"
    answer = await service.post(path, content=b" " * 65_530 + b"{}", headers=JSON)
    assert answer.json()["error_code"] == "validation_failed"


async def test_a_body_without_a_length_is_read_up_to_the_limit(service: Service) -> None:
    """IN-02"""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(3 * 1024):
            sent += 1024
            yield b" " * 1024

    answer = await service.post("/auth/login", content=endless(), headers=JSON)
    assert_problem(answer, 413, "body_too_large")
    assert sent < 128 * 1024


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "", "99999999999999999999"])
async def test_a_length_that_is_none_does_no_harm(service: Service, length: str) -> None:
    headers = JSON | {"content-length": length}
    answer = await service.post("/auth/login", content=b"{}", headers=headers)
    assert answer.status_code in (400, 413)


async def test_a_body_where_none_is_expected_is_ignored(service: Service) -> None:
    """IN-12: clients send a content type with every request."""
    for method, path in (("GET", "/auth/me"), ("GET", "/auth/sessions"), ("GET", "/auth/me/export")):
        by = await service.signed_in(service.people.user)
        answer = await service.ask(method, f"/api/v1{path}", content=b"<not json>", headers=JSON, by=by)
        assert answer.status_code == 200


async def test_a_text_that_reads_like_an_address_is_not_called(service: Service) -> None:
    """IN-13: there is no field that this service would fetch from."""
    name = "http://169.254.169.254/latest/meta-data"
    answer = await service.patch("/auth/me", {"name": name}, by=service.people.user)
    assert answer.json()["name"] == name


async def test_a_crowd_of_query_parameters_is_refused(service: Service) -> None:
    """IN-12"""
    query = "&".join(f"a{n}=1" for n in range(5_000))
    answer = await service.get(f"/users?{query}", by=service.people.admin)
    assert_problem(answer, 400, "validation_failed", "query")
    assert (await service.get(f"/auth/me?{query}", by=service.people.user)).status_code == 200


async def test_a_client_that_hangs_up_is_no_failure_of_ours(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """DOS-05: nothing is done with half a body, and no task is woken up for it."""
    messages: list[Any] = [{"type": "http.request", "body": b'{"name"', "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    path = "/api/v1/auth/register"
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("203.0.113.9", 1),
        "server": ("localhost", 8080), "headers": [(b"content-type", b"application/json"), (b"content-length", b"99")],
    }  # fmt: skip
    await service.application.web(scope, receive, send)
    assert sent[0]["status"] == 400
    log = capsys.readouterr().out
    assert "error_code=incomplete_body" in log
    assert "Traceback" not in log
    assert await service.works(service.people.user)
