"""bukhindor keys: the keys that sign access tokens."""

from datetime import datetime

import click

from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.access import read_settings, with_services
from bukhindor.cli.printing import json_option, moment, print_json, print_table, say
from bukhindor.cli.refusal import Commands
from bukhindor.domain.signing_key import KeyRing, KeyState, SigningKey


@click.group("keys", cls=Commands)
def group() -> None:
    """List and rotate the keys that sign access tokens."""


@group.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """Print all keys, newest first.

    A key is published before it signs, so that other services know it in time; retired keys verify until their last
    token has expired.
    """
    found = with_services(lambda services: services.signing_key_ring.keys())
    ring = _ring(found)
    keys = [(key, ring.state_of(key)) for key in found]
    if as_json:
        print_json({"keys": [_as_json(key, state) for key, state in keys]})
    else:
        rows = [
            (key.kid, state, moment(key.created_at), "" if key.retired_at is None else moment(key.retired_at))
            for key, state in keys
        ]
        print_table(("KEY", "STATE", "CREATED", "RETIRED"), rows)


@group.command()
@click.option("--now", "at_once", is_flag=True, help="Sign with the new key at once, as after a leak.")
@json_option
def rotate(at_once: bool, as_json: bool) -> None:
    """Publish a new key, which signs once other services have had KEY_PUBLICATION_LEAD to read it.

    No session ends. With --now, services that have cached the published keys refuse new tokens until they read the keys
    again, some for a quarter of an hour.
    """

    key = with_services(lambda services: services.signing_key_ring.rotate(at_once=at_once))
    state = _ring(with_services(lambda services: services.signing_key_ring.keys())).state_of(key)
    if as_json:
        print_json(_as_json(key, state))
    elif state is KeyState.PUBLISHED:
        say(f"Published signing key {key.kid}; it signs after KEY_PUBLICATION_LEAD.")
    else:
        say(f"Made signing key {key.kid}; it signs from now on. Keys before it verify until their last token expires.")


def _ring(keys: list[SigningKey]) -> KeyRing:
    return KeyRing.at(SystemClock().now(), keys, read_settings().accounts.jwt_expiration)


def _as_json(key: SigningKey, state: str) -> dict[str, str | datetime | None]:
    return {"kid": key.kid, "state": state, "created_at": key.created_at, "retired_at": key.retired_at}
