"""bukhindor users: how a person proves their identity, and the sessions that follow."""

import click

from bukhindor.cli.access import read_settings, with_services
from bukhindor.cli.named_user import OPERATOR, find_user, shape_of
from bukhindor.cli.passwords import made_password, password_from_stdin
from bukhindor.cli.printing import json_option, moment, print_json, print_table, say
from bukhindor.domain.factor import Factor
from bukhindor.domain.user import User
from bukhindor.services.assembly import Services
from bukhindor.web.api.second_factors import FactorList, FactorShape


@click.command("set-password")
@click.argument("user")
@click.option("--password-stdin", is_flag=True, help="Read the password from a line of standard input.")
@json_option
def set_password(user: str, password_stdin: bool, as_json: bool) -> None:
    """Set the password of USER and end all of its sessions.

    Without --password-stdin a password is generated and printed once.
    """
    settings = read_settings()
    password = password_from_stdin() if password_stdin else made_password(settings.accounts.min_password_length)

    async def change(services: Services) -> User:
        found = await find_user(services, user)
        return await services.user_admin.set_password(OPERATOR, found.id, password)

    changed = with_services(change)
    if as_json:
        shown = {} if password_stdin else {"password": password.reveal()}
        print_json({"user": shape_of(changed), **shown})
        return
    say(f"Changed the password of {changed.email}; all its sessions have ended.")
    if not password_stdin:
        say(f"Password, shown only this once: {password.reveal()}")


@click.command("revoke-sessions")
@click.argument("user")
@json_option
def revoke_sessions(user: str, as_json: bool) -> None:
    """Revoke all sessions of USER."""

    async def revoke(services: Services) -> tuple[User, int]:
        found = await find_user(services, user)
        return found, await services.user_admin.end_sessions(OPERATOR, found.id)

    found, ended = with_services(revoke)
    if as_json:
        print_json({"revoked": ended})
    else:
        say(
            f"Ended {ended} sessions of {found.email.shown}."
            if ended != 1
            else f"Ended 1 session of {found.email.shown}."
        )


@click.command()
@click.argument("user")
@json_option
def factors(user: str, as_json: bool) -> None:
    """List the second factors of USER, and how many recovery codes are left."""

    async def listed(services: Services) -> tuple[list[Factor], int]:
        return await services.factor_reset.factors_of(OPERATOR, (await find_user(services, user)).id)

    found, left = with_services(listed)
    if as_json:
        print_json(FactorList([FactorShape.of(factor) for factor in found], left))
        return
    rows = [
        (str(factor.id), factor.name or "", moment(factor.created_at), moment(factor.last_used_at)) for factor in found
    ]
    print_table(("id", "name", "created", "last used"), rows)
    say(f"Recovery codes left: {left}")


@click.command("reset-factors")
@click.argument("user")
def reset_factors(user: str) -> None:
    """Remove all second factors, recovery codes and passkeys of USER, and end all sessions.

    A mail notifies the person.
    """

    async def reset(services: Services) -> User:
        found = await find_user(services, user)
        await services.factor_reset.reset(OPERATOR, found.id)
        return found

    say(f"Removed the second factors of {with_services(reset).email.shown}; all sessions have ended.")


COMMANDS = (set_password, revoke_sessions, factors, reset_factors)
