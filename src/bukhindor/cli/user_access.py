"""bukhindor users: what an account may do, decided by the server's operator."""

from datetime import timedelta

import click

from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.access import with_services
from bukhindor.cli.duration import Duration
from bukhindor.cli.named_user import OPERATOR, change_user, find_user, report, status_of
from bukhindor.cli.printing import json_option
from bukhindor.cli.refusal import parsed
from bukhindor.domain.user import Role, Status, StatusReason, User, UserChanges
from bukhindor.services.assembly import Services

_ROLE = click.Choice([role.value for role in Role])


@click.command("set-role")
@click.argument("user")
@click.argument("role", type=_ROLE)
@json_option
def set_role(user: str, role: str, as_json: bool) -> None:
    """Make USER an admin, a user or a guest, from the next request on."""
    changed = change_user(user, UserChanges(role=Role(role)))
    report(changed, f"{changed.email.shown} is {changed.role} now.", as_json)


@click.command()
@click.argument("user")
@click.option("--reason", help="The reason, for the person and administrators to read.")
@click.option("--for", "duration", type=Duration(), help="The duration: 7d, 12h, …; without it until unban.")
@json_option
def ban(user: str, reason: str | None, duration: timedelta | None, as_json: bool) -> None:
    """Ban USER and end all of its sessions."""
    text = None if reason is None else parsed("reason", StatusReason, reason)
    until = None if duration is None else SystemClock().now() + duration
    changed = change_user(user, UserChanges(status=Status.BANNED, status_reason=text, status_until=until))
    report(changed, f"{changed.email.shown} is {status_of(changed)}; all its sessions have ended.", as_json)


@click.command()
@click.argument("user")
@json_option
def unban(user: str, as_json: bool) -> None:
    """Lift the ban of USER."""
    changed = change_user(user, UserChanges(status=Status.ACTIVE))
    report(changed, f"{changed.email.shown} is {status_of(changed)}.", as_json)


@click.command()
@click.argument("user")
@json_option
def unlock(user: str, as_json: bool) -> None:
    """Unlock the account of USER, which its person has locked, without a reset by mail."""

    async def change(services: Services) -> User:
        found = await find_user(services, user)
        return await services.lockdown.unlock(OPERATOR, found.id)

    changed = with_services(change)
    report(changed, f"{changed.email.shown} is not locked.", as_json)


@click.command()
@click.argument("user")
@json_option
def verify(user: str, as_json: bool) -> None:
    """Mark the address of USER as verified, without a mail: you know that the person reads it.

    The password and the sessions stay: you also say that the account is that person's.
    """

    async def vouch(services: Services) -> User:
        found = await find_user(services, user)
        return await services.email_verification.vouch(OPERATOR, found.id)

    changed = with_services(vouch)
    report(changed, f"{changed.email.shown} is verified.", as_json)


COMMANDS = (set_role, ban, unban, unlock, verify)
