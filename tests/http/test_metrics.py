"""What operators can see of requests, and what stays hidden from them."""

import asyncio
import urllib.request
from ipaddress import ip_network
from pathlib import Path

import pytest

from bukhindor import BUILD
from bukhindor.bootstrap.application import create_application
from tests.adapters.prometheus.scraping import samples_in, scraped, scraped_when, value
from tests.http.conftest import StartService
from tests.http.databases import SqliteDatabases
from tests.http.service import PASSWORD, Service, cheap_settings, started, tokens_in
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def metered(start_service: StartService, port: int) -> Service:
    return await start_service(metrics_port=port)


async def test_requests_are_counted_under_the_route_and_not_the_path(metered: Service, port: int) -> None:
    user = metered.people.user
    for path in (f"/api/v1/users/{user.id}", f"/v1/users/{user.id}", f"/api/v1/users/{metered.people.other.id}"):
        await metered.ask("GET", path, by=user)
    await metered.ask("GET", "/api/health")
    samples = await scraped(port)
    place = {"method": "GET", "endpoint": "/api/v1/users/{user_id}"}
    assert value(samples, "http_requests_total", **place, status="200") == 2
    assert value(samples, "http_requests_total", **place, status="404") == 1
    assert value(samples, "http_request_duration_seconds_count", **place) == 3
    assert value(samples, "http_requests_total", method="GET", endpoint="/health", status="200") == 1
    assert value(samples, "http_requests_in_flight") == 0


async def test_what_happens_to_accounts_is_counted(metered: Service, port: int) -> None:
    user, banned = metered.people.user, metered.people.banned
    await metered.post("/auth/register", {"name": "Maria", "email": "maria@example.com", "password": "tabby-fern-73"})
    await metered.post("/auth/register", {"name": "Maria", "email": "maria@example.com", "password": "tabby-fern-73"})
    tokens = tokens_in(await metered.log_in(user.email))
    await metered.log_in(user.email, "wrong-password")
    await metered.log_in(banned.email)
    await metered.ask("POST", "/v1/auth/login", {"email": user.email, "password": PASSWORD})
    await metered.refreshed(tokens)
    await metered.refresh("not a token")
    await metered.post("/auth/reset-password", {"email": user.email})
    proof = await metered.proof(user.email)
    await metered.post("/auth/reset-password/confirm", {"token": "x" * 43, "new_password": "tabby-fern-73"})
    await metered.post("/auth/reset-password/confirm", {"token": proof.token, "new_password": "tabby-fern-73"})
    samples = await scraped(port)
    counted = {
        (name, label): value(samples, name, **{label.partition("=")[0]: label.partition("=")[2]})
        for name, label in [
            ("user_registrations_total", "status=success"),
            ("user_registrations_total", "status=failure"),
            ("user_logins_total", "status=success"),
            ("user_logins_total", "status=failure"),
            ("user_logins_failed_total", "reason=invalid_credentials"),
            ("user_logins_failed_total", "reason=account_banned"),
            ("tokens_refreshed_total", "status=success"),
            ("tokens_refreshed_total", "status=failure"),
            ("password_resets_total", "status=requested"),
            ("password_resets_total", "status=completed"),
            ("password_resets_total", "status=failed"),
        ]
    }
    assert list(counted.values()) == [1, 1, 2, 2, 1, 1, 1, 1, 1, 1, 1]


async def test_refusals_of_limits_are_counted(start_service: StartService, port: int) -> None:
    service = await start_service(metrics_port=port, rate_limits=True)
    guess = {"token": "x" * 43}
    answers = [(await service.post("/auth/verify-email/confirm", guess)).status_code for _ in range(31)]
    assert answers == [400] * 30 + [429]
    assert value(await scraped(port), "rate_limit_refusals_total", limit="guesses_per_network") == 1


async def test_a_proxy_that_names_no_address_is_counted(start_service: StartService, port: int) -> None:
    service = await start_service(metrics_port=port, trusted_proxies=(ip_network("10.0.0.0/8"),))
    await service.ask("GET", "/health", headers={"x-forwarded-for": "unknown"}, peer="10.0.0.5")
    samples = await scraped(port)
    assert value(samples, "proxy_addresses_unread_total", header="x-forwarded-for") == 1
    assert value(samples, "proxy_addresses_unread_total", header="forwarded") == 0


async def test_what_is_not_a_request_is_measured_now_and_then(start_service: StartService, port: int) -> None:
    service = await start_service(metrics_port=port, smtp_url="smtp://127.0.0.1:9")
    samples = await scraped_when(port, lambda now: value(now, "active_sessions") is not None)
    (count,) = service.sql("SELECT count(*) FROM user_sessions")[0]
    assert value(samples, "active_sessions") == count > 0
    assert value(samples, "second_factors") == 0
    assert value(samples, "outbox_mails", state="waiting") is not None
    assert value(samples, "outbox_mails", state="failed") == 0
    assert value(samples, "outbox_oldest_seconds") is not None
    assert (value(samples, "password_hash_busy"), value(samples, "password_hash_queue")) == (0, 0)
    assert value(samples, "rate_limiter_degraded") == 0
    assert value(samples, "group_commit_commits_total") is not None
    assert value(samples, "background_failures_total", task="mail_delivery") == 0
    assert value(samples, "bukhindor_ready") == 1


async def test_a_redis_that_is_full_is_degraded_in_readiness_and_counted(
    start_service: StartService, port: int
) -> None:
    """REL-12: what it does not count is counted by the process, and no request fails."""
    redis = RedisServer()
    redis.start()
    try:
        service = await start_service(metrics_port=port, rate_limits=True, redis_url=redis.url)
        assert value(await scraped(port), "rate_limit_uncounted_total", reason="out_of_memory") == 0
        redis.command("CONFIG", "SET", "maxmemory", "1")
        await scraped_when(port, lambda now: value(now, "rate_limiter_degraded") == 1)
        ready = (await service.ask("GET", "/health/ready")).json()
        assert ready["status"] == "degraded"
        assert ready["degraded"]["rate_limits"].endswith("alone, and stricter: the server is out of memory")
        assert await service.works(service.people.user)
        assert (await service.log_in(service.people.user.email)).status_code == 200
        samples = await scraped(port)
        assert (value(samples, "rate_limit_uncounted_total", reason="out_of_memory") or 0) >= 2
        assert value(samples, "rate_limit_uncounted_total", reason="evicting") == 0
    finally:
        redis.close()


async def test_a_service_that_is_up_and_not_ready_says_so(metered: Service, port: int) -> None:
    metered.application.services.health.drain()
    samples = await scraped_when(port, lambda now: value(now, "bukhindor_ready") == 0)
    assert value(samples, "bukhindor_info", version=BUILD) == 1


async def test_a_mail_server_that_is_away_is_seen(start_service: StartService, port: int) -> None:
    service = await start_service(metrics_port=port, smtp_url="smtp://127.0.0.1:9")
    await service.post("/auth/register", {"name": "Maria", "email": "maria@example.com", "password": "tabby-fern-73"})
    samples = await scraped_when(port, lambda now: value(now, "mails_total", status="not_accepted"))
    assert value(samples, "mails_total", status="delivered") == 0


async def test_random_paths_and_methods_make_no_series(metered: Service, port: int) -> None:
    """CFG-04"""
    await metered.get("/auth/canary")
    await metered.ask("CANARY", "/api/v1/auth/me")
    await metered.ask("OPTIONS", "/api/v1/auth/me")
    await metered.ask("GET", "/docs/canary")
    before = set(await scraped_when(port, lambda now: value(now, "active_sessions") is not None))
    for number in range(300):
        await metered.ask("GET", f"/canary-{number}/{number}?canary={number}")
        await metered.ask(f"CANARY{number}", "/api/v1/auth/me")
        await metered.ask("GET", f"/docs/canary-{number}")
    after = await scraped(port)
    assert set(after) == before
    assert "canary" not in str(after).lower()


async def test_no_address_id_or_secret_can_be_seen(metered: Service, port: int) -> None:
    """CFG-03, CFG-04"""
    canary, secret = "canary-person@example.com", "canary-secret-41"
    made = (await metered.post("/auth/register", {"name": "Canary", "email": canary, "password": secret})).json()
    tokens = tokens_in(await metered.log_in(canary, secret))
    await metered.log_in(canary, "canary-wrong-42")
    user_id = str(tokens.claims["sub"])
    await metered.get(f"/users/{user_id}?canary={secret}", by=tokens, headers={"user-agent": "canary-agent"})
    await metered.delete(f"/auth/sessions/{tokens.session_id}", by=tokens)
    await metered.ask("GET", f"/account/reset-password?token={secret}", headers={"x-request-id": "canary-id"})
    url = f"http://127.0.0.1:{port}/metrics"
    with await asyncio.to_thread(urllib.request.urlopen, url) as answer:
        text = answer.read().decode()
    assert samples_in(text)
    assert made
    for word in ("canary", "example.com", user_id, tokens.session_id, tokens.access_token, tokens.refresh_token):
        assert word.lower() not in text.lower()


async def test_metrics_are_not_on_the_public_port(metered: Service, service: Service) -> None:
    """CFG-04"""
    for each in (metered, service):
        assert (await each.ask("GET", "/metrics")).status_code == 404


async def test_the_port_is_free_when_the_service_has_ended(start_service: StartService, port: int) -> None:
    await start_service(metrics_port=port)
    with pytest.raises(OSError, match="set METRICS_PORT"):
        await start_service(metrics_port=port)


async def test_a_start_that_is_refused_leaves_nothing_behind(
    metered: Service, port: int, sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    """The database belongs to the next process that starts, which may be this one."""
    folder = tmp_path / "another"
    folder.mkdir()
    database = sqlite_databases.lend(folder)
    with pytest.raises(OSError, match="set METRICS_PORT"):
        create_application(cheap_settings(folder, database.url, metrics_port=port), metered.clock)
    async with started(database, sqlite_databases.people, folder) as service:
        assert await service.works(service.people.user)
