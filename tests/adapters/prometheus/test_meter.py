"""What happens is counted, under labels of closed sets."""

from uuid import uuid4

import pytest

from bukhindor.adapters.prometheus import names
from bukhindor.adapters.prometheus.meter import SIGN_INS, MeteredMailer, MeteredRateLimiter, PrometheusMeter
from bukhindor.adapters.prometheus.names import exposed_names
from bukhindor.adapters.prometheus.series import Measurement
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.mail import MailNotAccepted
from bukhindor.domain.rate_limit import GUESSES_PER_NETWORK
from bukhindor.web.app import rows
from tests.adapters.prometheus.scraping import Samples, names_in, shown, value
from tests.fakes.mailer import FakeMailer
from tests.fakes.rate_limiter import FakeRateLimiter
from tests.makers import make_mail

LOGIN, REGISTER, REFRESH = "/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/refresh"
ME = "/api/v1/auth/me"


def answered(
    meter: PrometheusMeter, endpoint: str, status: int, error_code: str | None = None, method: str = "POST"
) -> Samples:
    """One request from its beginning to its end, and what can be seen then."""
    meter.begun()
    meter.ended(method, endpoint, status, 0.03, error_code)
    return shown(meter.registry)


def test_a_request_is_counted_and_measured_by_its_template() -> None:
    meter = PrometheusMeter("1.2.3")
    meter.begun()
    assert value(shown(meter.registry), "http_requests_in_flight") == 1
    meter.ended("GET", "/api/v1/users/{user_id}", 404, 0.03, "user_not_found")
    samples = shown(meter.registry)
    place = {"method": "GET", "endpoint": "/api/v1/users/{user_id}"}
    assert value(samples, "http_requests_total", **place, status="404") == 1
    assert value(samples, "http_request_duration_seconds_count", **place) == 1
    assert value(samples, "http_request_duration_seconds_bucket", **place, le="0.025") == 0
    assert value(samples, "http_request_duration_seconds_bucket", **place, le="0.05") == 1
    assert value(samples, "http_requests_in_flight") == 0
    assert value(samples, "bukhindor_info", version="1.2.3") == 1


def test_methods_that_clients_make_up_share_one_series() -> None:
    """CFG-04"""
    meter = PrometheusMeter("1")
    answered(meter, "unmatched", 405, "method_not_allowed", method="CANARY0")
    before = len(shown(meter.registry))
    for number in range(1, 99):
        answered(meter, "unmatched", 405, "method_not_allowed", method=f"CANARY{number}")
    samples = answered(meter, "unmatched", 405, "method_not_allowed", method="CANARY99")
    assert len(samples) == before
    assert value(samples, "http_requests_total", method="OTHER", endpoint="unmatched", status="405") == 100


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "success"), (401, "failure"), (429, "refused"), (503, "error"), (0, "error")]
)
@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        (LOGIN, "user_logins_total"),
        (REGISTER, "user_registrations_total"),
        (REFRESH, "tokens_refreshed_total"),
    ],
)
def test_outcomes_of_accounts_are_counted(endpoint: str, name: str, status: int, outcome: str) -> None:
    meter = PrometheusMeter("1")
    assert value(shown(meter.registry), name, status=outcome) == 0
    samples = answered(meter, endpoint, status)
    counted = {other: value(samples, name, status=other) for other in ("success", "failure", "refused", "error")}
    assert counted == {"success": 0, "failure": 0, "refused": 0, "error": 0} | {outcome: 1}


def test_failed_sign_ins_are_counted_by_the_word_of_the_refusal() -> None:
    meter = PrometheusMeter("1")
    answered(meter, LOGIN, 200)
    answered(meter, LOGIN, 401, "invalid_credentials")
    answered(meter, LOGIN, 403, "account_banned")
    answered(meter, LOGIN, 400, "malformed_json")
    samples = answered(meter, LOGIN, 405, "account_banned", method="PUT")
    failed = {key[1][0][1]: count for key, count in samples.items() if key[0] == "user_logins_failed_total" and count}
    assert failed == {"invalid_credentials": 1, "account_banned": 1, "other": 1}


@pytest.mark.parametrize(
    ("endpoint", "status", "outcome"),
    [
        ("/api/v1/auth/reset-password", 200, "requested"),
        ("/api/v1/auth/forgot-password", 200, "requested"),
        ("/api/v1/users/{user_id}/reset-password", 200, "requested"),
        ("/api/v1/auth/reset-password", 503, "failed"),
        ("/api/v1/auth/reset-password/confirm", 200, "completed"),
        ("/api/v1/auth/reset-password/confirm", 400, "failed"),
        ("/account/reset-password", 200, "completed"),
    ],
)
def test_resets_of_passwords_are_counted(endpoint: str, status: int, outcome: str) -> None:
    samples = answered(PrometheusMeter("1"), endpoint, status)
    counted = {other: value(samples, "password_resets_total", status=other) for other in (
        "requested", "completed", "failed"
    )}  # fmt: skip
    assert counted == {"requested": 0, "completed": 0, "failed": 0} | {outcome: 1}


def test_to_look_at_the_page_of_a_reset_is_no_reset() -> None:
    samples = answered(PrometheusMeter("1"), "/account/reset-password", 200, method="GET")
    assert value(samples, "password_resets_total", status="completed") == 0


async def test_refusals_of_a_limit_are_counted_and_nothing_else_of_it() -> None:
    meter, inner = PrometheusMeter("1"), FakeRateLimiter()
    limiter = MeteredRateLimiter(inner, meter)
    await limiter.take(GUESSES_PER_NETWORK, "canary")
    await limiter.give_back(GUESSES_PER_NETWORK, "canary")
    await limiter.clear(GUESSES_PER_NETWORK, "canary")
    for _ in range(GUESSES_PER_NETWORK.hits):
        await limiter.take(GUESSES_PER_NETWORK, "canary")
    with pytest.raises(RateLimited):
        await limiter.take(GUESSES_PER_NETWORK, "canary")
    samples = shown(meter.registry)
    assert value(samples, "rate_limit_refusals_total", limit=GUESSES_PER_NETWORK.name) == 1
    assert "canary" not in str(samples)
    inner.degraded = True
    assert limiter.is_degraded()


async def test_tries_to_deliver_a_mail_are_counted_by_how_they_ended() -> None:
    meter, inner = PrometheusMeter("1"), FakeMailer()
    mailer = MeteredMailer(inner, meter)
    statuses = ("delivered", "not_accepted", "refused")
    assert [value(shown(meter.registry), "mails_total", status=status) for status in statuses] == [0, 0, 0]
    await mailer.send(make_mail(), uuid4())
    inner.refuse_for_now = True
    for _ in range(2):
        with pytest.raises(MailNotAccepted):
            await mailer.send(make_mail(), uuid4())
    inner.refuse_for_ever = True
    for _ in range(3):
        with pytest.raises(MailNotAccepted):
            await mailer.send(make_mail(), uuid4())
    assert [value(shown(meter.registry), "mails_total", status=status) for status in statuses] == [1, 2, 3]
    assert len(inner.sent) == 1


def test_gauges_follow_and_sums_only_grow() -> None:
    meter = PrometheusMeter("1")
    for queue, writes in ((3, 10), (1, 14), (0, 14)):
        meter.record(Measurement(names.HASH_QUEUE, queue), Measurement(names.GROUP_WRITES, writes))
        samples = shown(meter.registry)
        assert value(samples, "password_hash_queue") == queue
        assert value(samples, "group_commit_writes_total") == writes
    meter.record(Measurement(names.OUTBOX, 7, ("waiting",)))
    assert value(shown(meter.registry), "outbox_mails", state="waiting") == 7


def test_what_was_never_measured_is_not_shown_as_nothing() -> None:
    samples = shown(PrometheusMeter("1").registry)
    assert value(samples, "active_sessions") is None
    assert value(samples, "group_commit_writes_total") is None


def test_failures_of_the_database_and_of_background_work_are_counted() -> None:
    meter = PrometheusMeter("1")
    meter.expect_background("key reload", "purge")
    meter.background_failed("key reload")
    meter.database_failed("timeout")
    meter.database_waited(0.3)
    samples = shown(meter.registry)
    assert value(samples, "background_failures_total", task="key_reload") == 1
    assert value(samples, "background_failures_total", task="purge") == 0
    assert value(samples, "database_errors_total", kind="timeout") == 1
    assert value(samples, "database_errors_total", kind="connection") == 0
    assert value(samples, "database_wait_seconds_sum") == pytest.approx(0.3)


def test_the_list_of_names_is_what_can_be_seen() -> None:
    meter = PrometheusMeter("1")
    answered(meter, ME, 200, method="GET")
    meter.background_failed("purge")
    meter.limit_refused(GUESSES_PER_NETWORK)
    counters = (names.GROUP_WRITES, names.GROUP_COMMITS)
    for definition in names.DEFINITIONS:
        if definition in counters or (definition.kind is names.Kind.GAUGE and definition is not names.INFO):
            meter.record(Measurement(definition, 1, ("x",) * len(definition.labels)))
    assert names_in(shown(meter.registry)) == set(exposed_names())


def test_every_metric_says_what_it_is_once() -> None:
    assert len({definition.name for definition in names.DEFINITIONS}) == len(names.DEFINITIONS)
    assert all(definition.help.endswith(".") or definition is names.INFO for definition in names.DEFINITIONS)


@pytest.mark.parametrize(
    ("endpoint", "status", "method"),
    [
        (LOGIN, 200, "password"),
        ("/account/sign-in", 303, "password"),
        ("/api/v1/auth/sign-in-code/confirm", 200, "mail"),
        ("/account/sign-in/code/confirm", 303, "mail"),
        ("/account/sign-in-code", 200, "mail"),
        ("/api/v1/auth/passkeys/sign-in", 200, "passkey"),
        ("/api/v1/auth/login/factor", 200, "second_factor"),
        ("/account/sign-in/factor", 303, "second_factor"),
        ("/api/v1/auth/guest", 201, "guest"),
    ],
)
def test_sign_ins_are_counted_by_what_was_proved_last(endpoint: str, status: int, method: str) -> None:
    samples = answered(PrometheusMeter("1"), endpoint, status)
    counted = {name: value(samples, "sign_ins_total", method=name) for name in ("password", "mail", "passkey")}
    counted |= {name: value(samples, "sign_ins_total", method=name) for name in ("second_factor", "guest")}
    assert counted == dict.fromkeys(counted, 0) | {method: 1}


@pytest.mark.parametrize(
    ("endpoint", "status", "method"), [(LOGIN, 403, "POST"), ("/account/sign-in", 200, "POST"), (LOGIN, 200, "GET")]
)
def test_a_sign_in_that_starts_no_session_is_not_counted_as_one(endpoint: str, status: int, method: str) -> None:
    """The page that asks for the second factor is 200."""
    samples = answered(PrometheusMeter("1"), endpoint, status, method=method)
    assert value(samples, "sign_ins_total", method="password") == 0


def test_the_counted_sign_ins_are_rows_of_the_tables() -> None:
    paths = {row.path for row in rows(with_home=True, with_mailbox=True) if row.method == "POST"}
    assert set(SIGN_INS) <= paths
