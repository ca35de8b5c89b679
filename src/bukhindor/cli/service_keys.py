"""bukhindor service-keys: the keys with which other services call."""

from datetime import datetime, timedelta
from typing import Any

import click

from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.access import with_services
from bukhindor.cli.duration import Duration
from bukhindor.cli.printing import json_option, moment, print_json, print_table, say
from bukhindor.cli.refusal import Commands, parsed
from bukhindor.domain.caller import Operator
from bukhindor.domain.service_key import Scope, ServiceKey, ServiceKeyName, in_order

_OPERATOR = Operator()


@click.group("service-keys", cls=Commands)
def group() -> None:
    """Create, list and revoke the keys with which other services call."""


@group.command()
@click.argument("name")
@click.option(
    "--scope", "words", multiple=True, required=True, help=f"What the key is for, once or more: {', '.join(Scope)}."
)
@click.option(
    "--expires", "life", type=Duration(), help="How long it is valid: 90d, …; without it until it is revoked."
)
@json_option
def create(name: str, words: tuple[str, ...], life: timedelta | None, as_json: bool) -> None:
    """Create a key for the service NAME, and print it once.

    A service sends it as `Authorization: Bearer bk_…`, or by HTTP Basic with NAME as user and the key as password.
    """
    service, scopes = parsed("NAME", ServiceKeyName, name), frozenset(parsed("--scope", Scope, word) for word in words)
    key, secret = with_services(lambda services: services.service_keys.create(_OPERATOR, service, scopes, life))
    if as_json:
        print_json({"service_key": _as_json(key, SystemClock().now()), "secret": secret.reveal()})
        return
    say(f"Created service key {key.name} for {', '.join(in_order(key.scopes))}; it expires: {moment(key.expires_at)}.")
    say(f"Key, shown only this once: {secret.reveal()}")


@group.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """Print all keys by name, without their secrets. The last use is recorded once an hour."""
    keys = with_services(lambda services: services.service_keys.all(_OPERATOR))
    now = SystemClock().now()
    if as_json:
        print_json({"service_keys": [_as_json(key, now) for key in keys]})
        return
    rows = [(key.name, " ".join(in_order(key.scopes)), _expiry(key, now), moment(key.last_used_at)) for key in keys]
    print_table(("NAME", "SCOPES", "EXPIRES", "LAST USED"), rows)


@group.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke the key NAME: requests with it are refused from now on."""
    with_services(lambda services: services.service_keys.revoke(_OPERATOR, name))
    say(f"Revoked service key {name}.")


def _expiry(key: ServiceKey, now: datetime) -> str:
    return "expired" if key.has_expired_at(now) else moment(key.expires_at)


def _as_json(key: ServiceKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": in_order(key.scopes),
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "expired": key.has_expired_at(now),
        "last_used_at": key.last_used_at,
    }
