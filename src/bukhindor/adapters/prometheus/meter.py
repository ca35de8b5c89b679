"""Counts events: requests, their results for accounts, refusals, failures."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from bukhindor.adapters.prometheus import names
from bukhindor.adapters.prometheus.series import Measurement, Series
from bukhindor.domain.errors import BukhindorError, RateLimited
from bukhindor.domain.mail import Mail, MailNotAccepted
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports.mail import Mailer
from bukhindor.ports.system import RateLimiter

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER_METHOD = "OTHER"
_OTHER_REASON = "other"

_OUTCOMES = ("success", "failure", "refused", "error")
_RESETS = ("requested", "completed", "failed")
_DELIVERIES = ("delivered", "not_accepted", "refused")
_DATABASE_ERRORS = ("timeout", "conflict", "lock", "connection", "read_only", "refused")
UNCOUNTED_REASONS = ("timeout", "unreachable", "evicting", "login", "out_of_memory", "read_only", "refused")
_PROXY_HEADERS = ("x-forwarded-for", "x-real-ip", "forwarded")

_API = "/api/v1"
_REGISTER, _LOGIN, _REFRESH = f"{_API}/auth/register", f"{_API}/auth/login", f"{_API}/auth/refresh"
_RESET_REQUESTS = frozenset(
    {f"{_API}/auth/reset-password", f"{_API}/auth/forgot-password", f"{_API}/users/{{user_id}}/reset-password"}
)
# What a successful answer of the endpoint proves, and the status of that answer.
SIGN_INS = {
    _LOGIN: ("password", 200),
    "/account/sign-in": ("password", 303),
    f"{_API}/auth/sign-in-code/confirm": ("mail", 200),
    "/account/sign-in-code": ("mail", 200),
    "/account/sign-in/code/confirm": ("mail", 303),
    f"{_API}/auth/passkeys/sign-in": ("passkey", 200),
    f"{_API}/auth/identities/{{provider}}/token": ("identity", 200),
    f"{_API}/auth/guest": ("guest", 201),
    f"{_API}/auth/login/factor": ("second_factor", 200),
    "/account/sign-in/factor": ("second_factor", 303),
}
_LOCKDOWNS = frozenset({f"{_API}/auth/lockdown", "/account/lockdown"})
_RESET_COMPLETIONS = frozenset({f"{_API}/auth/reset-password/confirm", "/account/reset-password"})


class PrometheusMeter:
    """The port RequestMeter, and everything else that is counted when it happens. States are recorded as `measurements`
    from time to time.

    Labels come from closed sets: nothing that a client sends can make a new series.
    """

    def __init__(self, version: str, series: Series | None = None) -> None:
        self._series = series or Series()
        self.registry = self._series.registry
        self._in_flight = self._series.of(names.IN_FLIGHT)
        self._request_series: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        outcomes_of = {_REGISTER: names.REGISTRATIONS, _LOGIN: names.LOGINS, _REFRESH: names.TOKENS_REFRESHED}
        self._outcomes = {path: self._series.for_each(metric, _OUTCOMES) for path, metric in outcomes_of.items()}
        self._resets = self._series.for_each(names.PASSWORD_RESETS, _RESETS)
        self._lockdowns = self._series.of(names.LOCKDOWNS)
        self._sign_ins = self._series.for_each(names.SIGN_INS, sorted({label for label, _ in SIGN_INS.values()}))
        self._reasons = self._series.for_each(names.LOGINS_FAILED, [*_domain_words(), _OTHER_REASON])
        self._database_errors = self._series.for_each(names.DATABASE_ERRORS, _DATABASE_ERRORS)
        self._database_wait = self._series.of(names.DATABASE_WAIT)
        self._uncounted = self._series.for_each(names.LIMIT_UNCOUNTED, UNCOUNTED_REASONS)
        self._proxy_unread = self._series.for_each(names.PROXY_UNREAD, _PROXY_HEADERS)
        self._deliveries = self._series.for_each(names.MAILS, _DELIVERIES)
        self._account_paths = frozenset({*self._outcomes, *_RESET_REQUESTS, *_RESET_COMPLETIONS, *_LOCKDOWNS})
        self._series.of(names.INFO, version).set(1)

    def begun(self) -> None:
        self._in_flight.inc()

    def ended(self, method: str, endpoint: str, status: int, seconds: float, error_code: str | None) -> None:
        self._in_flight.dec()
        try:
            count, duration = self._request_series[method, endpoint, status]
        except KeyError:
            count, duration = self._series_for(method, endpoint, status)
        count.inc()
        duration.observe(seconds)
        if method == "POST":
            if endpoint in SIGN_INS and status == SIGN_INS[endpoint][1]:
                self._sign_ins[SIGN_INS[endpoint][0]].inc()
            if endpoint in self._account_paths:
                self._count_for_accounts(endpoint, status, error_code)

    def proxy_unread(self, header: str) -> None:
        self._proxy_unread[header].inc()

    def database_waited(self, seconds: float) -> None:
        """No connection was idle: this is how long it took to get one."""
        self._database_wait.observe(seconds)

    def database_failed(self, kind: str) -> None:
        """`kind` is one of timeout, conflict, lock, connection, read_only, refused."""
        self._database_errors[kind].inc()

    def limit_refused(self, limit: Limit) -> None:
        self._series.of(names.LIMIT_REFUSALS, limit.name).inc()

    def limit_uncounted(self, reason: str) -> None:
        """`reason` is one of timeout, unreachable, evicting, login, out_of_memory, read_only, refused."""
        self._uncounted[reason].inc()

    def mail_tried(self, status: str) -> None:
        """`status` is one of delivered, not_accepted, refused."""
        self._deliveries[status].inc()

    def background_failed(self, task: str) -> None:
        self._series.of(names.BACKGROUND_FAILURES, _label(task)).inc()

    def expect_background(self, *tasks: str) -> None:
        """Show tasks before their first failure."""
        self._series.for_each(names.BACKGROUND_FAILURES, [_label(task) for task in tasks])

    def record(self, *measurements: Measurement) -> None:
        self._series.record(measurements)

    def _series_for(self, method: str, endpoint: str, status: int) -> tuple[Any, Any]:
        shown = method if method in _METHODS else _OTHER_METHOD
        count = self._series.of(names.REQUESTS, shown, endpoint, str(status))
        found = (count, self._series.of(names.REQUEST_SECONDS, shown, endpoint))
        if shown == method:
            # The number of other methods is unlimited.
            self._request_series[method, endpoint, status] = found
        return found

    def _count_for_accounts(self, endpoint: str, status: int, error_code: str | None) -> None:
        if endpoint in self._outcomes:
            outcome = _outcome(status)
            self._outcomes[endpoint][outcome].inc()
            if endpoint == _LOGIN and outcome != "success":
                self._reasons[error_code if error_code in self._reasons else _OTHER_REASON].inc()
        elif endpoint in _LOCKDOWNS:
            self._lockdowns.inc(200 <= status < 300)
        elif not 200 <= status < 400:
            self._resets["failed"].inc()
        else:
            self._resets["requested" if endpoint in _RESET_REQUESTS else "completed"].inc()


class MeteredRateLimiter:
    """A rate limiter whose refusals are counted."""

    def __init__(self, limiter: RateLimiter, meter: PrometheusMeter) -> None:
        self._limiter = limiter
        self._meter = meter

    async def take(self, limit: Limit, key: str) -> None:
        try:
            await self._limiter.take(limit, key)
        except RateLimited:
            self._meter.limit_refused(limit)
            raise

    async def give_back(self, limit: Limit, key: str) -> None:
        await self._limiter.give_back(limit, key)

    async def clear(self, limit: Limit, key: str) -> None:
        await self._limiter.clear(limit, key)

    def is_degraded(self) -> bool:
        return self._limiter.is_degraded()

    def problem(self) -> str:
        return self._limiter.problem()


class MeteredMailer:
    """A mailer whose tries are counted."""

    def __init__(self, mailer: Mailer, meter: PrometheusMeter) -> None:
        self._mailer = mailer
        self._meter = meter

    async def send(self, mail: Mail, id: UUID) -> None:
        try:
            await self._mailer.send(mail, id)
        except MailNotAccepted as refusal:
            self._meter.mail_tried("refused" if refusal.permanent else "not_accepted")
            raise
        self._meter.mail_tried("delivered")


def _label(task: str) -> str:
    return task.replace(" ", "_")


def _outcome(status: int) -> str:
    """`refused` means too many attempts, `failure` another error of the client, `error` one of the service."""
    if 200 <= status < 400:
        return "success"
    if status == 429:
        return "refused"
    return "failure" if 400 <= status < 500 else "error"


def _domain_words(of: type[BukhindorError] = BukhindorError) -> Iterator[str]:
    for kind in of.__subclasses__():
        if "code" in vars(kind):
            yield kind.code
        yield from _domain_words(kind)
