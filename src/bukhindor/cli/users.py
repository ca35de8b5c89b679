"""bukhindor users: accounts, managed by the server's operator. A USER is an email address or an id."""

from dataclasses import replace

import click

from bukhindor.cli import user_access, user_credentials
from bukhindor.cli.access import read_settings, with_services
from bukhindor.cli.named_user import OPERATOR, find_user, shape_of, status_of
from bukhindor.cli.passwords import made_password, password_from_stdin
from bukhindor.cli.printing import json_option, moment, print_json, print_table, say
from bukhindor.cli.refusal import Commands, parsed, require_confirmation
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.user import Name, Role, Status, User
from bukhindor.domain.user_listing import MAX_LIMIT, SearchText, UserQuery
from bukhindor.services.assembly import Services
from bukhindor.web.api.invitations import InvitationShape

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
        lambda services: services.user_admin.create(OPERATOR, person, address, password, Role(role), Status.ACTIVE)
    )
    if as_json:
        shown = {} if password_stdin else {"password": password.reveal()}
        print_json({"user": shape_of(user), **shown})
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
    invitation = with_services(lambda services: services.invitations.invite(OPERATOR, address, Role(role), person, tag))
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
        page = await services.user_listing.page(OPERATOR, query)
        found = list(page.users)
        while page.next is not None and len(found) < limit:
            page = await services.user_listing.page(OPERATOR, replace(query, after=page.next))
            found += page.users
        return found[:limit], page.total

    found, total = with_services(collect)
    if as_json:
        print_json({"users": [shape_of(user) for user in found], "total": total})
        return
    rows = [
        (str(user.id), user.email.shown, user.name, user.role, status_of(user), moment(user.last_login_at))
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
    found = with_services(lambda services: find_user(services, user))
    if as_json:
        print_json(shape_of(found))
        return
    print_table(
        ("FIELD", "VALUE"),
        (
            ("id", str(found.id)),
            ("email", f"{found.email.shown} ({'verified' if found.email_verified else 'not verified'})"),
            ("name", found.name),
            ("role", found.role),
            ("status", status_of(found)),
            ("reason", found.status_reason or ""),
            ("guest", "yes" if found.is_guest else "no"),
            ("locked", moment(found.locked_at)),
            ("created", moment(found.created_at)),
            ("updated", moment(found.updated_at)),
            ("last sign-in", moment(found.last_login_at)),
        ),
    )


@group.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def delete(user: str, yes: bool) -> None:
    """Delete USER permanently, with everything that belongs to it."""
    found = with_services(lambda services: find_user(services, user))
    if not yes:
        require_confirmation(
            f"Delete {found.email.shown} ({found.name}) permanently?", f"{found.email.shown} was not deleted"
        )
    with_services(lambda services: services.user_admin.remove(OPERATOR, found.id))
    say(f"Deleted {found.email.shown}.")


for command in (*user_access.COMMANDS, *user_credentials.COMMANDS):
    group.add_command(command)
