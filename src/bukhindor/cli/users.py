"""bukhindor users: accounts, managed by the server's operator. A USER is an email address or an id."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import click

from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.access import read_settings, with_services
from bukhindor.cli.duration import Duration
from bukhindor.cli.passwords import made_password, password_from_stdin
from bukhindor.cli.printing import json_option, moment, print_json, print_table, say
from bukhindor.cli.refusal import Commands, parsed, require_confirmation
from bukhindor.domain.caller import Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.factor import Factor
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.user import Name, Role, Status, StatusReason, User, UserChanges
from bukhindor.domain.user_listing import MAX_LIMIT, SearchText, UserQuery
from bukhindor.services.assembly import Services
from bukhindor.web.api.invitations import InvitationShape
from bukhindor.web.api.second_factors import FactorList, FactorShape
from bukhindor.web.api.shapes import UserShape

_OPERATOR = Operator()
_CANONICAL_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROLE = click.Choice([role.value for role in Role])
_STATUS = click.Choice([status.value for status in Status])


class _SearchText(click.ParamType[SearchText]):
    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> SearchText:
        try:
            return SearchText.parse(value)
        except InvalidValue as invalid:
            self.fail(invalid.message, param, ctx)


@click.group("users", cls=Commands)
def group() -> None:
    """Manage accounts. A USER is an email address or an id."""


@group.command()
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", type=_ROLE, default=Role.USER.value, show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from a line of standard input.")
@json_option
def create(email: str, name: str, role: str, password_stdin: bool, as_json: bool) -> None:
    """Create an account. Without --password-stdin a password is generated and printed once."""
    settings = read_settings()
    address, person = parsed("email", EmailAddress, email), parsed("name", Name, name)
    password = password_from_stdin() if password_stdin else made_password(settings.accounts.min_password_length)
    user = with_services(
        lambda services: services.user_admin.create(_OPERATOR, person, address, password, Role(role), Status.ACTIVE)
    )
    if as_json:
        shown = {} if password_stdin else {"password": password.reveal()}
        print_json({"user": _shape(user), **shown})
        return
    say(f"Created {user.role} {user.email.shown} with id {user.id}.")
    if not password_stdin:
        say(f"Password, shown only this once: {password.reveal()}")


@group.command()
@click.option("--email", required=True)
@click.option("--role", type=_ROLE, default=Role.USER.value, show_default=True)
@click.option("--name", help="How the mail greets the person, who may choose another name.")
@click.option("--language", help="The language of the mail and the account: ru, pt-BR, …")
@json_option
def invite(email: str, role: str, name: str | None, language: str | None, as_json: bool) -> None:
    """Invite a person by mail: the link, valid for 7 days, leads to a page that creates the account."""
    address = parsed("email", EmailAddress, email)
    person = None if name is None else parsed("name", Name, name)
    tag = None if language is None else parsed("language", LanguageTag, language)
    invitation = with_services(
        lambda services: services.invitations.invite(_OPERATOR, address, Role(role), person, tag)
    )
    if as_json:
        print_json(InvitationShape.of(invitation))
        return
    say(f"Invited {invitation.email.shown} as {invitation.role} until {moment(invitation.expires_at)}.")


@group.command("list")
@click.option("--search", type=_SearchText(), help="A part of a name or an address.")
@click.option("--email", help="The whole address.")
@click.option("--role", type=_ROLE)
@click.option("--status", type=_STATUS)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="The maximum number of accounts to print.",
)
@json_option
def list_users(
    search: SearchText | None, email: str | None, role: str | None, status: str | None, limit: int, as_json: bool
) -> None:
    """Print accounts, newest first."""
    query = UserQuery(
        search or None,
        None if role is None else Role(role),
        None if status is None else Status(status),
        limit=min(limit, MAX_LIMIT),
        email=None if email is None else parsed("email", EmailAddress, email),
    )

    async def collect(services: Services) -> tuple[list[User], int]:
        page = await services.user_listing.page(_OPERATOR, query)
        found = list(page.users)
        while page.next is not None and len(found) < limit:
            page = await services.user_listing.page(_OPERATOR, replace(query, after=page.next))
            found += page.users
        return found[:limit], page.total

    found, total = with_services(collect)
    if as_json:
        print_json({"users": [_shape(user) for user in found], "total": total})
        return
    rows = [
        (str(user.id), user.email.shown, user.name, user.role, _status(user), moment(user.last_login_at))
        for user in found
    ]
    print_table(("ID", "E-MAIL", "NAME", "ROLE", "STATUS", "LAST SIGN-IN"), rows)
    if len(found) < total:
        click.echo(f"{len(found)} of {total}; --limit shows more, --search fewer.", err=True)


@group.command()
@click.argument("user")
@json_option
def show(user: str, as_json: bool) -> None:
    """Print one account."""
    found = with_services(lambda services: _find(services, user))
    if as_json:
        print_json(_shape(found))
        return
    print_table(
        ("FIELD", "VALUE"),
        (
            ("id", str(found.id)),
            ("email", f"{found.email.shown} ({'verified' if found.email_verified else 'not verified'})"),
            ("name", found.name),
            ("role", found.role),
            ("status", _status(found)),
            ("reason", found.status_reason or ""),
            ("locked", moment(found.locked_at)),
            ("created", moment(found.created_at)),
            ("updated", moment(found.updated_at)),
            ("last sign-in", moment(found.last_login_at)),
        ),
    )


@group.command("set-role")
@click.argument("user")
@click.argument("role", type=_ROLE)
@json_option
def set_role(user: str, role: str, as_json: bool) -> None:
    """Make USER an admin, a user or a guest, from the next request on."""
    changed = _change(user, UserChanges(role=Role(role)))
    _report(changed, f"{changed.email.shown} is {changed.role} now.", as_json)


@group.command("set-password")
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
        found = await _find(services, user)
        return await services.user_admin.set_password(_OPERATOR, found.id, password)

    changed = with_services(change)
    if as_json:
        shown = {} if password_stdin else {"password": password.reveal()}
        print_json({"user": _shape(changed), **shown})
        return
    say(f"Changed the password of {changed.email}; all its sessions have ended.")
    if not password_stdin:
        say(f"Password, shown only this once: {password.reveal()}")


@group.command()
@click.argument("user")
@click.option("--reason", help="The reason, for the person and administrators to read.")
@click.option("--for", "duration", type=Duration(), help="The duration: 7d, 12h, …; without it until unban.")
@json_option
def ban(user: str, reason: str | None, duration: timedelta | None, as_json: bool) -> None:
    """Ban USER and end all of its sessions."""
    text = None if reason is None else parsed("reason", StatusReason, reason)
    until = None if duration is None else SystemClock().now() + duration
    changed = _change(user, UserChanges(status=Status.BANNED, status_reason=text, status_until=until))
    _report(changed, f"{changed.email.shown} is {_status(changed)}; all its sessions have ended.", as_json)


@group.command()
@click.argument("user")
@json_option
def unban(user: str, as_json: bool) -> None:
    """Lift the ban of USER."""
    changed = _change(user, UserChanges(status=Status.ACTIVE))
    _report(changed, f"{changed.email.shown} is {_status(changed)}.", as_json)


@group.command()
@click.argument("user")
@json_option
def unlock(user: str, as_json: bool) -> None:
    """Unlock the account of USER, which its person has locked, without a reset by mail."""

    async def change(services: Services) -> User:
        found = await _find(services, user)
        return await services.lockdown.unlock(_OPERATOR, found.id)

    changed = with_services(change)
    _report(changed, f"{changed.email.shown} is not locked.", as_json)


@group.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def delete(user: str, yes: bool) -> None:
    """Delete USER permanently, with everything that belongs to it."""
    found = with_services(lambda services: _find(services, user))
    if not yes:
        require_confirmation(
            f"Delete {found.email.shown} ({found.name}) permanently?", f"{found.email.shown} was not deleted"
        )
    with_services(lambda services: services.user_admin.remove(_OPERATOR, found.id))
    say(f"Deleted {found.email.shown}.")


@group.command("revoke-sessions")
@click.argument("user")
@json_option
def revoke_sessions(user: str, as_json: bool) -> None:
    """Revoke all sessions of USER."""

    async def revoke(services: Services) -> tuple[User, int]:
        found = await _find(services, user)
        return found, await services.user_admin.end_sessions(_OPERATOR, found.id)

    found, ended = with_services(revoke)
    if as_json:
        print_json({"revoked": ended})
    else:
        say(
            f"Ended {ended} sessions of {found.email.shown}."
            if ended != 1
            else f"Ended 1 session of {found.email.shown}."
        )


@group.command()
@click.argument("user")
@json_option
def factors(user: str, as_json: bool) -> None:
    """List the second factors of USER, and how many recovery codes are left."""

    async def listed(services: Services) -> tuple[list[Factor], int]:
        return await services.factor_reset.factors_of(_OPERATOR, (await _find(services, user)).id)

    found, left = with_services(listed)
    if as_json:
        print_json(FactorList([FactorShape.of(factor) for factor in found], left))
        return
    rows = [
        (str(factor.id), factor.name or "", moment(factor.created_at), moment(factor.last_used_at)) for factor in found
    ]
    print_table(("id", "name", "created", "last used"), rows)
    say(f"Recovery codes left: {left}")


@group.command("reset-factors")
@click.argument("user")
def reset_factors(user: str) -> None:
    """Remove all second factors, recovery codes and passkeys of USER, and end all sessions.

    A mail notifies the person.
    """

    async def reset(services: Services) -> User:
        found = await _find(services, user)
        await services.factor_reset.reset(_OPERATOR, found.id)
        return found

    say(f"Removed the second factors of {with_services(reset).email.shown}; all sessions have ended.")


async def _find(services: Services, user: str) -> User:
    """Find a user by what a person typed: an address, or an id in its canonical form as in the API."""
    if _CANONICAL_ID.fullmatch(user):
        return await services.user_admin.get(_OPERATOR, UUID(user))
    return await services.user_admin.find(_OPERATOR, parsed("USER", EmailAddress, user))


def _change(user: str, changes: UserChanges) -> User:
    async def change(services: Services) -> User:
        found = await _find(services, user)
        return await services.user_admin.change(_OPERATOR, found.id, changes)

    return with_services(change)


def _report(user: User, line: str, as_json: bool) -> None:
    if as_json:
        print_json(_shape(user))
    else:
        say(line)


def _shape(user: User) -> UserShape:
    return UserShape.of(user, SystemClock().now(), for_admin=True)


def _status(user: User) -> str:
    """The present status, and when it ends."""
    status = user.status_at(SystemClock().now())
    if status is Status.ACTIVE or user.status_until is None:
        return status
    return f"{status} until {moment(user.status_until)}"
