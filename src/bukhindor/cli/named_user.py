"""The account that a command names: how it is found, changed and shown."""

import re
from uuid import UUID

from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.access import with_services
from bukhindor.cli.printing import moment, print_json, say
from bukhindor.cli.refusal import parsed
from bukhindor.domain.caller import Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.user import Status, User, UserChanges
from bukhindor.services.assembly import Services
from bukhindor.web.api.shapes import UserShape

OPERATOR = Operator()
_CANONICAL_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def find_user(services: Services, user: str) -> User:
    """Find a user by what a person typed: an address, or an id in its canonical form as in the API."""
    if _CANONICAL_ID.fullmatch(user):
        return await services.user_admin.get(OPERATOR, UUID(user))
    return await services.user_admin.find(OPERATOR, parsed("USER", EmailAddress, user))


def change_user(user: str, changes: UserChanges) -> User:
    async def change(services: Services) -> User:
        found = await find_user(services, user)
        return await services.user_admin.change(OPERATOR, found.id, changes)

    return with_services(change)


def report(user: User, line: str, as_json: bool) -> None:
    if as_json:
        print_json(shape_of(user))
    else:
        say(line)


def shape_of(user: User) -> UserShape:
    return UserShape.of(user, SystemClock().now(), for_admin=True)


def status_of(user: User) -> str:
    """The present status, and when it ends."""
    status = user.status_at(SystemClock().now())
    if status is Status.ACTIVE or user.status_until is None:
        return status
    return f"{status} until {moment(user.status_until)}"
