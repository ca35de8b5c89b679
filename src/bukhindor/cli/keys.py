"""bukhindor keys: the keys that sign access tokens."""

from datetime import datetime

import click

from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.access import read_settings, with_services
from bukhindor.cli.printing import json_option, moment, print_json, print_table, say
from bukhindor.cli.refusal import Commands
from bukhindor.domain.signing_key import SigningKey


@click.group("keys", cls=Commands)
def group() -> None:
    """List and rotate the keys that sign access tokens."""


@group.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """Print all keys, newest first. The newest signs; retired keys verify until their last token has expired."""
    found = with_services(lambda services: services.signing_key_ring.keys())
    now, life = SystemClock().now(), read_settings().accounts.jwt_expiration
    states = [_state(key, verifies=key.verifies_at(now, life)) for key in found]
    if as_json:
        print_json({"keys": [_as_json(key, state) for key, state in zip(found, states, strict=True)]})
    else:
        rows = [
            (key.kid, state, moment(key.created_at), "" if key.retired_at is None else moment(key.retired_at))
            for key, state in zip(found, states, strict=True)
        ]
        print_table(("KEY", "STATE", "CREATED", "RETIRED"), rows)


@group.command()
@json_option
def rotate(as_json: bool) -> None:
    """Sign with a new key from now on. No session ends."""
    key = with_services(lambda services: services.signing_key_ring.rotate())
    if as_json:
        print_json(_as_json(key, "signs"))
    else:
        say(f"Made signing key {key.kid}; the one before verifies until its last token has expired.")


def _state(key: SigningKey, *, verifies: bool) -> str:
    if key.retired_at is None:
        return "signs"
    return "verifies" if verifies else "expired"


def _as_json(key: SigningKey, state: str) -> dict[str, str | datetime | None]:
    return {"kid": key.kid, "state": state, "created_at": key.created_at, "retired_at": key.retired_at}
