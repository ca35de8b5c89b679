"""The address of a PostgreSQL database."""

import pytest

from bukhindor.config.database_url import parse_postgres_url


@pytest.mark.parametrize(
    ("text", "dsn", "places", "shown"),
    [
        ("postgresql://ann:pw@db/app", "postgresql://ann:pw@/app", ["db:5432"], "postgresql://db:5432/app"),
        ("postgres://ann@db:6000/app", "postgresql://ann@/app", ["db:6000"], "postgresql://db:6000/app"),
        ("postgresql+asyncpg://ann@db/app", "postgresql://ann@/app", ["db:5432"], "postgresql://db:5432/app"),
        ("postgresql://ann@[::1]/app", "postgresql://ann@/app", ["[::1]:5432"], "postgresql://[::1]:5432/app"),
        (
            "postgresql://ann:p%40w@a:1,b/app",
            "postgresql://ann:p%40w@/app?target_session_attrs=read-write",
            ["a:1", "b:5432"],
            "postgresql://a:1,b:5432/app",
        ),
        (
            "postgresql://ann@a,b/app?target_session_attrs=any",
            "postgresql://ann@/app?target_session_attrs=any",
            ["a:5432", "b:5432"],
            "postgresql://a:5432,b:5432/app",
        ),
        (
            "postgresql://ann@/app?host=/run/postgresql",
            "postgresql://ann@/app",
            ["/run/postgresql:5432"],
            "postgresql:///app?host=/run/postgresql&port=5432",
        ),
        (
            "postgresql://ann@/app?host=a,b&port=7000",
            "postgresql://ann@/app?target_session_attrs=read-write",
            ["a:7000", "b:7000"],
            "postgresql://a:7000,b:7000/app",
        ),
        (
            "postgresql://ann@db/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql://ann@/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            ["db:5432"],
            "postgresql://db:5432/app",
        ),
        ("postgresql://ann@db/app?pgbouncer=true", "postgresql://ann@/app", ["db:5432"], "postgresql://db:5432/app"),
        ("postgresql://ann@db/app?pgbouncer=false", "postgresql://ann@/app", ["db:5432"], "postgresql://db:5432/app"),
    ],
)
def test_a_good_address_becomes_what_the_driver_reads(text: str, dsn: str, places: list[str], shown: str) -> None:
    url = parse_postgres_url(text)
    assert url.dsn == dsn
    assert list(map(str, url.places)) == places
    assert str(url) == repr(url) == shown
    assert url.is_pooled == ("pgbouncer=true" in text)
    assert url.keeps_sessions == ("pgbouncer=false" in text)


@pytest.mark.parametrize(
    ("text", "dsn"),
    [
        (
            "postgresql://ann:pw@ep-cool-1.eu.neon.tech/neondb?sslmode=require&channel_binding=require",
            "postgresql://ann:pw@/neondb?sslmode=require",
        ),
        ("postgres://ann:pw@db/app?connect_timeout=15&sslmode=require", "postgresql://ann:pw@/app?sslmode=require"),
        (
            "postgresql://ann:pw@db/app?options=endpoint%3Dep-cool-1&application_name=my%20shop",
            "postgresql://ann:pw@/app?options=endpoint%3Dep-cool-1&application_name=my%20shop",
        ),
        (
            "postgresql://ann:pw@db/app?options=-c%20search_path%3Dshop%20-c%20work_mem%3D8MB",
            "postgresql://ann:pw@/app?options=-c%20search_path%3Dshop%20-c%20work_mem%3D8MB",
        ),
        ("postgresql://ann:pw@db/app?gssencmode=disable&keepalives=1&keepalives_idle=30", "postgresql://ann:pw@/app"),
        (
            "postgresql://ann:pw@db/app?sslmode=require&sslnegotiation=direct&ssl_min_protocol_version=TLSv1.3",
            "postgresql://ann:pw@/app?sslmode=require&sslnegotiation=direct&ssl_min_protocol_version=TLSv1.3",
        ),
        ("postgresql://postgres.ref:pw@pooler.supabase.com:6543/postgres", "postgresql://postgres.ref:pw@/postgres"),
    ],
)
def test_a_url_is_taken_as_the_provider_prints_it(text: str, dsn: str) -> None:
    assert parse_postgres_url(text).dsn == dsn


@pytest.mark.parametrize(
    ("option", "usual", "limited"),
    [("", 5, 2), ("?connect_timeout=15", 15, 2), ("?connect_timeout=1", 1, 1), ("?connect_timeout=-1", 5, 2)],
)
def test_the_url_says_how_long_a_connection_may_take(option: str, usual: float, limited: float) -> None:
    url = parse_postgres_url(f"postgresql://ann@db/app{option}")
    assert url.connecting_within(5) == usual
    assert url.connecting_within(2, at_most=2) == limited


def test_a_wish_that_the_driver_can_not_fulfil_is_remembered() -> None:
    for value, is_wanted in (("require", True), ("prefer", False)):
        assert parse_postgres_url(f"postgresql://a@db/app?channel_binding={value}").wants_channel_binding is is_wanted


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ("postgresql://ann@localhost/app", True),
        ("postgresql://ann@127.0.0.1:5432/app", True),
        ("postgresql://ann@[::1]/app", True),
        ("postgresql://ann@/app?host=/run/postgresql", True),
        ("postgresql://ann@db/app", False),
        ("postgresql://ann@localhost,db/app", False),
    ],
)
def test_what_stays_on_this_machine_is_told_apart(text: str, is_local: bool) -> None:
    assert parse_postgres_url(text).is_local == is_local


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mysql://ann:hunter22@db/app", "must begin with postgresql://"),
        ("postgresql://ann:hunter22@[::1/app", "must be of the form"),
        ("postgresql://ann:hunter22@db", "must name one database"),
        ("postgresql://ann:hunter22@db/a/b", "must name one database"),
        ("postgresql://ann:hunter22@db/app#x", "control characters"),
        ("postgresql://ann:hunter22@db/app\n", "control characters"),
        ("postgresql://:hunter22@db/app", "must name the user"),
        ("postgresql://ann:hunter22@/app", "must name a host"),
        ("postgresql://ann:hunter22@db:0/app", "host and port"),
        ("postgresql://ann:hunter22@db:http/app", "host and port"),
        ("postgresql://ann:hunter22@db/app?sslmode", "list of option=value"),
        ("postgresql://ann:hunter22@db/app?sslmode=yes", "sslmode must be one of"),
        ("postgresql://ann:hunter22@db/app?sslmode=require&sslmode=disable", "must be given once"),
        ("postgresql://ann:hunter22@db/app?pgbouncer=1", "pgbouncer must be one of true, false"),
        ("postgresql://ann:hunter22@db/app?target_session_attrs=best", "target_session_attrs must be one of"),
        ("postgresql://ann:hunter22@db/app?sslrootcert=", "sslrootcert must be the path of a file"),
        ("postgresql://ann:hunter22@db/app?application_name=" + "a" * 64, "application_name must be a name"),
        ("postgresql://ann:hunter22@db/app?channel_binding=yes", "channel_binding must be one of"),
        ("postgresql://ann:hunter22@db/app?connect_timeout=soon", "connect_timeout must be a number of seconds"),
        ("postgresql://ann:hunter22@a,b/app?port=1,2,3", "must have a port from 1 to 65535 for each host"),
        ("postgresql://ann:hunter22@db/app?port=0", "must have a port from 1 to 65535"),
        ("postgresql://ann@db/app?password=hunter22", "unknown option"),
        ("postgresql://ann:hunter22@rest@db/app", "must be written %40"),
        ("postgresql://ann:hunter22@db/app?port=http", "port must be a number"),
        ("postgresql://ann:hunter22@db/" + "a" * 5000, "at most 4096"),
    ],
)
def test_a_bad_address_is_refused_without_repeating_it(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        parse_postgres_url(text)
    assert "hunter22" not in str(refused.value)
