"""Every metric. Dashboards, alert rules and the operations guide use these names."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Merge(Enum):
    """How the gauges of several workers are merged, in the library's terms."""

    SUM = "livesum"
    MAX = "livemax"
    MIN = "livemin"
    NEWEST = "livemostrecent"


@dataclass(frozen=True, slots=True)
class Definition:
    """`buckets` are seconds, for a histogram; `merge` is for a gauge."""

    kind: Kind
    name: str
    help: str
    labels: tuple[str, ...] = ()
    merge: Merge = Merge.SUM
    buckets: tuple[float, ...] = ()

    def samples(self) -> tuple[str, ...]:
        """The names that a scrape shows."""
        match self.kind:
            case Kind.COUNTER:
                return (self.name if self.name.endswith("_total") else f"{self.name}_total",)
            case Kind.HISTOGRAM:
                return (f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum")
            case Kind.GAUGE:
                return (self.name,)


_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_WAIT_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_COUNTER, _GAUGE, _HISTOGRAM = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

REQUESTS = Definition(
    _COUNTER,
    "http_requests_total",
    "Requests by method, route template and HTTP status; status 0 means that the client left without a response.",
    ("method", "endpoint", "status"),
)
REQUEST_SECONDS = Definition(
    _HISTOGRAM,
    "http_request_duration_seconds",
    "From the request's headers to the end of its answer.",
    ("method", "endpoint"),
    buckets=_REQUEST_SECONDS,
)
IN_FLIGHT = Definition(_GAUGE, "http_requests_in_flight", "Requests that are being answered.")
REGISTRATIONS = Definition(
    _COUNTER, "user_registrations_total", "Registrations: success, failure, refused, error.", ("status",)
)
LOGINS = Definition(_COUNTER, "user_logins_total", "Sign-ins: success, failure, refused, error.", ("status",))
LOGINS_FAILED = Definition(
    _COUNTER,
    "user_logins_failed",
    "Sign-ins that did not succeed, by the word of the refusal; shown as user_logins_failed_total.",
    ("reason",),
)
SIGN_INS = Definition(
    _COUNTER,
    "sign_ins_total",
    "Sessions that began, by what was proved last: password, mail, passkey, identity, second_factor; guest is nothing.",
    ("method",),
)
TOKENS_REFRESHED = Definition(
    _COUNTER, "tokens_refreshed_total", "Renewals of tokens: success, failure, refused, error.", ("status",)
)
PASSWORD_RESETS = Definition(
    _COUNTER, "password_resets_total", "Resets of a password: requested, completed, failed.", ("status",)
)
LOCKDOWNS = Definition(_COUNTER, "account_lockdowns_total", "Accounts that their person has locked.")
LIMIT_REFUSALS = Definition(
    _COUNTER, "rate_limit_refusals_total", "What was refused because it came too often.", ("limit",)
)
LIMIT_UNCOUNTED = Definition(
    _COUNTER,
    "rate_limit_uncounted_total",
    "Calls that Redis did not count and the process counted alone, by reason.",
    ("reason",),
)
PROXY_UNREAD = Definition(
    _COUNTER,
    "proxy_addresses_unread_total",
    "Requests whose trusted proxy named no readable address of the client, by header.",
    ("header",),
)
LIMITER_DEGRADED = Definition(
    _GAUGE,
    "rate_limiter_degraded",
    "1 while each process counts alone, because Redis is away, full, or drops keys.",
    merge=Merge.MAX,
)
SESSIONS = Definition(
    _GAUGE, "active_sessions", "Sessions in the store; those that are over stay for ten minutes.", merge=Merge.NEWEST
)
FACTORS = Definition(_GAUGE, "second_factors", "Confirmed second factors of all accounts.", merge=Merge.NEWEST)
DATABASE_CONNECTIONS = Definition(
    _GAUGE, "database_connections", "Connections to PostgreSQL: idle, in_use, and the max there may be.", ("status",)
)
DATABASE_WAIT = Definition(
    _HISTOGRAM,
    "database_wait_seconds",
    "Waits for a connection to PostgreSQL when none was idle.",
    buckets=_WAIT_SECONDS,
)
DATABASE_ERRORS = Definition(
    _COUNTER, "database_errors_total", "PostgreSQL did not do what it was asked to, by kind.", ("kind",)
)
REDIS_CONNECTIONS = Definition(_GAUGE, "redis_connections", "Connections to Redis: idle, in_use.", ("status",))
HASH_QUEUE = Definition(_GAUGE, "password_hash_queue", "Passwords that wait for a thread to hash them.")
HASH_BUSY = Definition(_GAUGE, "password_hash_busy", "Passwords that are being hashed.")
MAILS = Definition(
    _COUNTER,
    "mails_total",
    "Tries to deliver a mail: delivered, not_accepted (tried again, up to five times), refused for good.",
    ("status",),
)
OUTBOX = Definition(
    _GAUGE, "outbox_mails", "Mails in the outbox: waiting, failed for good.", ("state",), merge=Merge.NEWEST
)
OUTBOX_AGE = Definition(
    _GAUGE, "outbox_oldest_seconds", "For how long the oldest mail that is due has been so.", merge=Merge.NEWEST
)
GROUP_WRITES = Definition(_COUNTER, "group_commit_writes_total", "Use cases that SQLite has written to the disk.")
GROUP_COMMITS = Definition(_COUNTER, "group_commit_commits_total", "Commits of SQLite; many writes share one.")
BACKGROUND_FAILURES = Definition(
    _COUNTER, "background_failures_total", "Turns of background work that failed, by its name.", ("task",)
)
READY = Definition(
    _GAUGE, "bukhindor_ready", "1 while the service can do its work, as /health/ready says.", merge=Merge.MIN
)
INFO = Definition(_GAUGE, "bukhindor_info", "1, with the version that runs.", ("version",), merge=Merge.MAX)

DEFINITIONS = (
    REQUESTS,
    REQUEST_SECONDS,
    IN_FLIGHT,
    REGISTRATIONS,
    LOGINS,
    LOGINS_FAILED,
    TOKENS_REFRESHED,
    PASSWORD_RESETS,
    SIGN_INS,
    LOCKDOWNS,
    LIMIT_REFUSALS,
    LIMIT_UNCOUNTED,
    PROXY_UNREAD,
    LIMITER_DEGRADED,
    SESSIONS,
    FACTORS,
    DATABASE_CONNECTIONS,
    DATABASE_WAIT,
    DATABASE_ERRORS,
    REDIS_CONNECTIONS,
    HASH_QUEUE,
    HASH_BUSY,
    MAILS,
    OUTBOX,
    OUTBOX_AGE,
    GROUP_WRITES,
    GROUP_COMMITS,
    BACKGROUND_FAILURES,
    READY,
    INFO,
)


def exposed_names() -> Iterator[str]:
    """The name of every sample that a scrape can show, such as `http_request_duration_seconds_bucket`."""
    for definition in DEFINITIONS:
        yield from definition.samples()
