"""A PostgreSQL database."""

from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta

from bukhindor.adapters.sql.postgres.inspection import PostgresState, inspect
from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.adapters.sql.schema_version import head, revisions
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.cli.checks.signing_keys import Stored
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config import Settings

PATIENCE_SECONDS = 4.0

_NO_LETTERS = ("C", "POSIX")
_CLOCKS_AGREE = timedelta(seconds=2)
_CLOCKS_DISAGREE = timedelta(minutes=1)


def checks(
    settings: Settings, address: PostgresUrl, now: Callable[[], datetime]
) -> Generator[Finding, None, Stored | None]:
    """The findings, and the content of the database if this program can read it."""
    try:
        found = inspect(address, PATIENCE_SECONDS, now, settings.ways_in.review_accounts)
    except DatabaseUnusable as error:
        advice = error.advice or "Compare DATABASE_URL with what the server says"
        yield Finding("database", State.PROBLEM, error.reason.rstrip("."), advice.rstrip("."))
        return None
    yield database(address, found)
    yield from pooler(address, found)
    yield encryption(address, found)
    yield from letters(found)
    yield schema(settings, found)
    yield connections(settings, found)
    yield from durability(found)
    yield server_clock(found)
    if found.schema is None or not found.schema.serves_us:
        return None
    return Stored(found.signing_keys, found.waiting_mails, found.failed_mails, found.users)


def database(address: PostgresUrl, found: PostgresState) -> Finding:
    place = f"{address} is PostgreSQL {found.version}"
    if found.is_standby:
        advice = "Name the primary; with several hosts in DATABASE_URL, target_session_attrs=read-write finds it"
        return Finding("database", State.PROBLEM, f"{place}, a read-only standby", advice)
    if found.is_read_only:
        advice = "Undo default_transaction_read_only of the server, the database or the role"
        return Finding("database", State.PROBLEM, f"{place}, and is read-only", advice)
    return ok("database", f"{place} and responds")


def pooler(address: PostgresUrl, found: PostgresState) -> Iterator[Finding]:
    if found.is_pooled and not address.is_pooled:
        text = "a pooler may share its connections between clients, and DATABASE_URL does not say so"
        advice = "Add pgbouncer=true to DATABASE_URL, or pgbouncer=false if it keeps a session for each client"
        yield Finding("database pooler", State.WARNING, text, advice)


def encryption(address: PostgresUrl, found: PostgresState) -> Finding:
    check = "database encryption"
    if found.tls:
        checked = {"verify-full": "checked", "verify-ca": "checked, except for the name in it"}
        text = f"{found.tls}, the server's certificate is {checked.get(address.tls, 'not checked')}"
        if address.wants_channel_binding and address.tls not in checked:
            advice = "The driver can't do channel_binding; sslmode=verify-full protects against the same attack"
            return Finding(check, State.WARNING, text, advice)
        return ok(check, text)
    if address.is_local:
        return ok(check, "none, and nothing leaves this machine")
    hidden = "it is unknown whether the connection is encrypted" if found.tls is None else "nothing is encrypted"
    advice = "Add sslmode=verify-full to DATABASE_URL unless the network between is yours alone"
    return Finding(check, State.WARNING, f"{hidden} on the way to {address.hosts}", advice)


def letters(found: PostgresState) -> Iterator[Finding]:
    """What searching for parts of names needs of the server, apart from the encoding, which is always UTF8 here."""
    check = "database letters"
    if found.letters in _NO_LETTERS:
        text = f"LC_CTYPE is {found.letters}: the server knows letters of ASCII only, and pg_trgm finds no other ones"
        advice = "Create the database with a locale of UTF-8, such as `createdb --template template0 --locale C.UTF-8`"
        yield Finding(check, State.WARNING, text, advice)
    else:
        yield ok(check, f"UTF8{found.letters and f', LC_CTYPE {found.letters}'}")
    if found.has_trigrams:
        yield ok("database search", "pg_trgm is there, for an index of parts of names")
    else:
        text = "pg_trgm is missing, so a search for part of a name reads every account"
        advice = 'From 100,000 accounts on, see "Searching many accounts" in docs/operations.md'
        yield Finding("database search", State.WARNING, text, advice)


def schema(settings: Settings, found: PostgresState) -> Finding:
    version = found.schema
    if version is not None and version.serves_us:
        is_newer = version.number not in revisions()
        served = "newer than this program, which it still serves" if is_newer else "as this program needs it"
        return ok("schema", f"{version.number}, {served}")
    if version is not None and version.number not in revisions():
        advice = "A newer version has migrated it: run that one"
        return Finding("schema", State.PROBLEM, f"{version.number} is unknown to this program", advice)
    was = "there is none yet" if version is None else f"{version.number} is too old"
    text = f"{was}, this program needs {head()}"
    if settings.store.migrate_on_start:
        return Finding("schema", State.WARNING, text, "The next start migrates it, or `bukhindor migrate up`")
    return Finding("schema", State.PROBLEM, text, "Run `bukhindor migrate up`")


def connections(settings: Settings, found: PostgresState) -> Finding:
    """Whether the server has room for this program's connections, and for other processes like it."""
    check = "database connections"
    size, workers = settings.store.database_pool_size, settings.server.workers
    wanted = size * workers
    own = f"up to {wanted} from here (DATABASE_POOL_SIZE {size}, WORKERS {workers})"
    if found.is_pooled:
        return ok(check, f"{own}, by way of a pooler, whose own limits count")
    room = f"{own}, the server allows {found.connections} and has {found.in_use}"
    if wanted > found.connections:
        advice = "Lower DATABASE_POOL_SIZE, raise max_connections, or put pgbouncer in between"
        return Finding(check, State.PROBLEM, room, advice)
    if 2 * wanted > found.connections:
        advice = "A second server like this, as during a rolling restart, has no room: lower DATABASE_POOL_SIZE"
        return Finding(check, State.WARNING, room, advice)
    return ok(check, f"{room}; there is room for {found.connections // wanted} servers like this")


def durability(found: PostgresState) -> Iterator[Finding]:
    if not found.is_durable:
        advice = "Switch fsync, full_page_writes and synchronous_commit on"
        text = "acknowledged changes can be lost in a power cut"
        yield Finding("database durability", State.WARNING, text, advice)


def server_clock(found: PostgresState) -> Finding:
    ahead = found.clock_ahead.total_seconds()
    if abs(found.clock_ahead) <= _CLOCKS_AGREE:
        return ok("database clock", f"it differs by {abs(ahead) * 1000:.0f} ms from this machine's")
    state = State.PROBLEM if abs(found.clock_ahead) > _CLOCKS_DISAGREE else State.WARNING
    text = f"it is {abs(ahead):.0f} seconds {'ahead of' if ahead > 0 else 'behind'} this machine's"
    return Finding("database clock", state, text, "Set both clocks by NTP; replicas must agree on the time")
