"""Managing users: administrators over the API, operators on the command line, people themselves in part."""

from uuid import UUID

from bukhindor.domain.caller import Actor
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken, LastAdmin, UserNotFound
from bukhindor.domain.password import Password, PasswordPolicy
from bukhindor.domain.session import Session
from bukhindor.domain.user import Role, Status, User, UserChanges
from bukhindor.domain.user_listing import UserPage, UserQuery
from bukhindor.ports import Clock, Identifiers, PasswordHasher, Transaction, Transactions


class UserAdmin:
    def __init__(
        self,
        transactions: Transactions,
        hasher: PasswordHasher,
        password_policy: PasswordPolicy,
        identifiers: Identifiers,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._hasher = hasher
        self._password_policy = password_policy
        self._identifiers = identifiers
        self._clock = clock

    async def page(self, actor: Actor, query: UserQuery) -> UserPage:
        """One page of all users.

        Raises Forbidden.
        """
        actor.require_admin()
        async with self._transactions.scan() as stored:
            return await stored.users.page(query, self._clock.now())

    async def create(
        self, actor: Actor, name: str, email: EmailAddress, password: Password, role: Role, status: Status
    ) -> User:
        """Create an account of any role and status.

        Raises Forbidden, InvalidInput, EmailTaken, TooBusy.
        """
        actor.require_admin()
        self._password_policy.check(password, email, name)
        async with self._transactions.read() as stored:
            known = await stored.users.by_email(email)
        if known is not None:
            raise EmailTaken

        password_hash = await self._hasher.hash(password)
        now = self._clock.now()
        user = User(self._identifiers.user_id(), email, name, now, now, role, status, password_hash=password_hash)
        async with self._transactions.begin() as tx:
            await tx.users.add(user)
            await tx.commit()
        return user

    async def get(self, actor: Actor, user_id: UUID) -> User:
        """A user; whom one may not see does not exist.

        Raises UserNotFound.
        """
        actor.require_sight_of(user_id)
        async with self._transactions.read() as stored:
            return _present(await stored.users.by_id(user_id))

    async def find(self, actor: Actor, email: EmailAddress) -> User:
        """Raises Forbidden, UserNotFound."""
        actor.require_admin()
        async with self._transactions.read() as stored:
            return _present(await stored.users.by_email(email))

    async def change(self, actor: Actor, user_id: UUID, changes: UserChanges) -> User:
        """Change what is given; repeating what already is so is no change and needs no right.

        A user that stops being active loses its sessions. At least one active administrator remains.

        Raises UserNotFound, Forbidden, InvalidInput, EmailTaken, LastAdmin.
        """
        actor.require_sight_of(user_id)
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            user = _present(await tx.users.by_id(user_id))
            actor.require_right_to(user.without_repeats(changes, now))
            changed = user.changed(changes, now)
            if changed is user:
                # That it is so already may be another request's work, not on the disk yet.
                await tx.commit()
                return user
            await tx.users.save(changed)
            if user.is_active_admin_at(now) and not changed.is_active_admin_at(now):
                await self._refuse_without_admin(tx)
            if not changed.is_active_at(now):
                await tx.sessions.remove_of_user(user_id)
            await tx.commit()
        return changed

    async def remove(self, actor: Actor, user_id: UUID) -> None:
        """Delete a user and its sessions. At least one active administrator remains.

        Raises UserNotFound, LastAdmin.
        """
        actor.require_sight_of(user_id)
        async with self._transactions.begin() as tx:
            user = _present(await tx.users.by_id(user_id))
            await tx.users.remove(user_id)
            if user.is_active_admin_at(self._clock.now()):
                await self._refuse_without_admin(tx)
            await tx.commit()

    async def sessions_of(self, actor: Actor, user_id: UUID) -> tuple[User, list[Session]]:
        """A user and its sessions, the newest first.

        Raises Forbidden, UserNotFound.
        """
        actor.require_admin()
        async with self._transactions.read() as stored:
            user = _present(await stored.users.by_id(user_id))
            return user, await stored.sessions.of_user(user_id)

    async def end_sessions(self, actor: Actor, user_id: UUID) -> int:
        """End all sessions of a user; how many there were.

        Raises Forbidden, UserNotFound.
        """
        actor.require_admin()
        async with self._transactions.begin() as tx:
            _present(await tx.users.by_id(user_id))
            ended = await tx.sessions.remove_of_user(user_id)
            await tx.commit()
        return ended

    async def _refuse_without_admin(self, tx: Transaction) -> None:
        if await tx.users.count_active_admins(self._clock.now()) == 0:
            raise LastAdmin


def _present(user: User | None) -> User:
    if user is None:
        raise UserNotFound
    return user
