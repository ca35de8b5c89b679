"""The address of a PostgreSQL database."""

import pytest

from bukhindor.config.database_url import parse_postgres_url


@pytest.mark.parametrize(
    ("text", "dsn", "shown"),
    [
        ("postgresql://ann:pw@db/app", "postgresql://ann:pw@db/app", "postgresql://db/app"),
        ("postgres://ann@db:6000/app", "postgresql://ann@db:6000/app", "postgresql://db/app"),
        ("postgresql+asyncpg://ann@db/app", "postgresql://ann@db/app", "postgresql://db/app"),
        ("postgresql://ann:p%40w@a:1,b:2/app", "postgresql://ann:p%40w@a:1,b:2/app", "postgresql://a,b/app"),
        (
            "postgresql://ann@/app?host=/run/postgresql",
            "postgresql://ann@/app?host=/run/postgresql",
            "postgresql:///run/postgresql/app",
        ),
        (
            "postgresql://ann@db/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql://ann@db/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql://db/app",
        ),
        ("postgresql://ann@db/app?pgbouncer=true", "postgresql://ann@db/app", "postgresql://db/app"),
    ],
)
def test_a_good_address_becomes_what_the_driver_reads(text: str, dsn: str, shown: str) -> None:
    url = parse_postgres_url(text)
    assert url.dsn == dsn
    assert str(url) == repr(url) == shown
    assert url.is_pooled == ("pgbouncer=true" in text)


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
        ("mysql://ann:hunter22@db/app", "begins with postgresql://"),
        ("postgresql://ann:hunter22@[::1/app", "not a URL"),
        ("postgresql://ann:hunter22@db", "names one database"),
        ("postgresql://ann:hunter22@db/a/b", "names one database"),
        ("postgresql://ann:hunter22@db/app#x", "control characters"),
        ("postgresql://ann:hunter22@db/app\n", "control characters"),
        ("postgresql://:hunter22@db/app", "names the user"),
        ("postgresql://ann:hunter22@/app", "names a host"),
        ("postgresql://ann:hunter22@db:0/app", "host and port"),
        ("postgresql://ann:hunter22@db:http/app", "host and port"),
        ("postgresql://ann:hunter22@db/app?sslmode", "list of option=value"),
        ("postgresql://ann:hunter22@db/app?sslmode=yes", "sslmode is not one of"),
        ("postgresql://ann:hunter22@db/app?sslmode=require&sslmode=disable", "given twice"),
        ("postgresql://ann:hunter22@db/app?pgbouncer=1", "pgbouncer is not one of true, false"),
        ("postgresql://ann:hunter22@db/app?target_session_attrs=best", "target_session_attrs is not one of"),
        ("postgresql://ann:hunter22@db/app?sslrootcert=", "sslrootcert is not the path of a file"),
        ("postgresql://ann:hunter22@db/app?application_name=a%20b", "application_name is not a name"),
        ("postgresql://ann@db/app?password=hunter22", "unknown option"),
        ("postgresql://ann:hunter22@rest@db/app", "written %40"),
        ("postgresql://ann:hunter22@db/app?port=http", "port is not a number"),
        ("postgresql://ann:hunter22@db/" + "a" * 5000, "exceed 4096"),
    ],
)
def test_a_bad_address_is_refused_without_repeating_it(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        parse_postgres_url(text)
    assert "hunter22" not in str(refused.value)
