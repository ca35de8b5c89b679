"""Managing users: by administrators over the API, by operators on the command line, and in part by users themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.act import Act, acts_of
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Actor, Caller, Operator, Person, require_right_over, self_of
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailRequired, EmailTaken, LastAdmin, ReauthenticationRequired, UserNotFound
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.metadata import NO_METADATA, Metadata
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.password import NewPassword, Password, PasswordPolicy
from bukhindor.domain.service_key import Scope
from bukhindor.domain.session import Session, SessionPolicy, live
from bukhindor.domain.user import Role, Status, User, UserChanges
from bukhindor.ports.secrets import PasswordHasher, Requester
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, Identifiers
from bukhindor.services.steps.account_removal import AccountRemoval
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters, LetterStore
from bukhindor.services.steps.step_up import StepUp, methods_of


class _Reading(HasUsers, HasSessions, Protocol):
    """What lists need from the store."""


class _Writing(LetterStore, HasUsers, HasSessions, HasAuditEvents, Transaction, Protocol):
    """What changes of accounts need from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAdmin:
    transactions: Transactions[_Reading, _Writing]
    hasher: PasswordHasher
    password_policy: PasswordPolicy
    letters: Letters
    removal: AccountRemoval
    step_up: StepUp
    trail: AuditTrail
    identifiers: Identifiers
    policy: SessionPolicy
    clock: Clock

    async def create(
        self,
        actor: Person,
        name: str,
        email: EmailAddress,
        password: NewPassword,
        role: Role = Role.USER,
        status: Status = Status.ACTIVE,
        language: LanguageTag | None = None,
        app_metadata: Metadata = NO_METADATA,
    ) -> User:
        """Create an account of any role and status, and send a mail in its language to verify its address.

        To create an administrator, your sign-in must be fresh.

        Raises Forbidden, ReauthenticationRequired, InvalidValue, EmailTaken, TooBusy.
        """
        actor.require_admin()
        email.refuse_of_guest()
        if role is Role.ADMIN:
            await self.step_up.prove(actor, Act.CREATE_ADMIN)
        self.password_policy.check(password, email, name)
        async with self.transactions.read() as stored:
            known = await stored.users.by_email(email)
        if known is not None:
            raise EmailTaken

        password_hash = await self.hasher.hash(password, Requester(actor.origin.site, email.value))
        now = self.clock.now()
        user = User(
            self.identifiers.user_id(),
            email,
            name,
            now,
            now,
            role,
            status,
            password_hash=password_hash,
            language=language,
            app_metadata=app_metadata,
        )
        async with self.transactions.begin() as tx:
            if isinstance(actor, Caller):
                (await self.step_up.present(tx, actor)).require_admin()
            await tx.users.add(user)
            if user.is_active_at(now):
                await self.letters.ask_for_proof(tx, user, Purpose.VERIFY_EMAIL, actor.origin, now)
            event = self.trail.by(actor, AuditType.CREATED, now, user.id, role=role, status=status)
            await tx.audit_events.add(event)
            await tx.commit()
        return user

    async def get(self, actor: Actor, user_id: UUID) -> User:
        """Return a user. Users you may not see are reported as not found.

        Raises UserNotFound, MissingScope.
        """
        actor.require_sight_of(user_id)
        async with self.transactions.read() as stored:
            return _present(await stored.users.by_id(user_id))

    async def find(self, actor: Person, email: EmailAddress) -> User:
        """Find a user by address. Raises Forbidden, UserNotFound."""
        actor.require_admin()
        async with self.transactions.read() as stored:
            return _present(await stored.users.by_email(email))

    async def change(self, actor: Actor, user_id: UUID, changes: UserChanges, password: Password | None = None) -> User:
        """Change the given fields; repeating a present value changes nothing and needs no right.

        When a status is given, its reason and its end are as given: null or missing means none. `app_metadata` is
        merged into what is stored (RFC 7396): null removes a key, other keys stay. An empty `language` makes it unknown
        again.

        A user that stops being active loses all sessions. After a new role, earlier access tokens are refused; refresh
        tokens stay valid. A new address or the end of activity makes mailed links and codes invalid, and a mail
        notifies the old address. At least one active administrator must remain.

        To change the address of your own account, send its password. To change the address, the role or the status of
        another, your sign-in must be fresh, or the request has your own password.

        A service may change `name`, `status` with its reason and end, `language` and `app_metadata`, and no
        administrator.

        Raises UserNotFound, Forbidden, MissingScope, ReauthenticationRequired, IncorrectPassword, InvalidAccessToken,
        InvalidInput, EmailTaken, LastAdmin, RateLimited, TooBusy.
        """
        actor.require_sight_of(user_id)
        now = self.clock.now()
        owner = self_of(actor, user_id)
        proved = await self._prove(actor, user_id, changes, password)
        async with self.transactions.begin() as tx:
            if owner is None:
                user = _present(await tx.users.by_id(user_id))
            else:
                # Rights, address and password may have changed since the request was admitted; their present state
                # decides.
                actor = await self.step_up.present(tx, owner)
                user = actor.user
                proved = proved if user.password_hash == owner.user.password_hash else frozenset()
            require_right_over(actor, user)
            wanted = user.without_repeats(changes, now)
            actor.require_right_to(wanted)
            if isinstance(actor, Caller) and not acts_of(wanted, is_own=owner is not None) <= proved:
                raise ReauthenticationRequired(*methods_of(actor.user, actor.session.level))
            changed = user.changed(changes, now)
            if changed is user:
                return user
            await tx.users.save(changed)
            if user.is_active_admin_at(now) and not changed.is_active_admin_at(now):
                await self._refuse_without_admin(tx)
            if not changed.is_active_at(now):
                await tx.sessions.remove_of_user(user_id)
            elif changed.role is not user.role:
                await tx.sessions.refuse_access_tokens_of(user_id)
            if not changed.is_active_at(now) or changed.email != user.email:
                await tx.one_time_tokens.remove_of_user(user_id)
            if changed.email != user.email:
                told = LetterKind.EMAIL_CHANGED
                await self.letters.tell(tx, user, told, actor.origin, now, changed.email.masked)
            for event in self.trail.of_change(actor, user, changed, now):
                await tx.audit_events.add(event)
            await tx.commit()
        return changed

    async def _prove(
        self, actor: Actor, user_id: UUID, changes: UserChanges, password: Password | None
    ) -> frozenset[Act]:
        """Check that the actor is present before the dangerous part of `changes`; return what was proved."""
        owner = self_of(actor, user_id)
        if not isinstance(actor, Caller) or not acts_of(changes, is_own=owner is not None):
            return frozenset()
        if owner is None:
            async with self.transactions.read() as stored:
                user = _present(await stored.users.by_id(user_id))
        else:
            user = owner.user
        wanted = user.without_repeats(changes, self.clock.now())
        actor.require_right_to(wanted)
        acts = acts_of(wanted, is_own=owner is not None)
        await self.step_up.prove(actor, *acts, password=password)
        return acts

    async def remove(self, actor: Person, user_id: UUID, password: Password | None = None) -> None:
        """Delete a user with all personal data. At least one active administrator must remain.

        To delete your own account, send its password. To delete another, your sign-in must be fresh, or the request
        has your own password. The audit keeps what happened, and the account's id. A last mail notifies the user.

        Raises UserNotFound, ReauthenticationRequired, IncorrectPassword, InvalidAccessToken, LastAdmin, RateLimited,
        TooBusy.
        """
        actor.require_sight_of(user_id)
        await self.removal.remove(actor, user_id, password)

    async def send_password_reset(self, actor: Person, user_id: UUID) -> None:
        """Send the user a link and a code to choose a new password. Administrators can't choose it for them.

        Raises Forbidden, UserNotFound, AccountBanned, AccountInactive, and EmailRequired for an account without an
        address.
        """
        actor.require_admin()
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = _present(await tx.users.by_id(user_id))
            user.refuse_unless_active(now)
            if user.email.is_of_guest:
                raise EmailRequired
            await self.letters.ask_for_proof(tx, user, Purpose.RESET_PASSWORD, actor.origin, now)
            await tx.audit_events.add(self.trail.by(actor, AuditType.PASSWORD_RESET_ASKED, now, user_id))
            await tx.commit()

    async def set_password(self, operator: Operator, user_id: UUID, new: NewPassword) -> User:
        """Set a password in the place of a person who can't receive mails: every session is revoked, and mailed links
        and codes become invalid. A mail notifies the person.

        Raises UserNotFound, EmailRequired, InvalidValue, TooBusy.
        """
        async with self.transactions.read() as stored:
            user = _present(await stored.users.by_id(user_id))
        if user.email.is_of_guest:
            raise EmailRequired
        self.password_policy.check(new, user.email, user.name)
        password_hash = await self.hasher.hash(new, Requester(operator.origin.site, user.email.value))
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = _present(await tx.users.by_id(user_id)).with_password_hash(password_hash, now)
            await tx.users.save(user)
            await tx.sessions.remove_of_user(user_id)
            await tx.one_time_tokens.remove_of_user(user_id)
            await self.letters.tell(tx, user, LetterKind.PASSWORD_CHANGED, operator.origin, now)
            await tx.audit_events.add(self.trail.by(operator, AuditType.PASSWORD_CHANGED, now, user_id))
            await tx.commit()
        return user

    async def sessions_of(self, actor: Actor, user_id: UUID) -> tuple[User, list[Session]]:
        """Return a user and their sessions, newest first.

        Raises Forbidden, MissingScope, UserNotFound.
        """
        actor.require(Scope.SESSIONS_READ)
        async with self.transactions.read() as stored:
            user = _present(await stored.users.by_id(user_id))
            return user, self._live(user, await stored.sessions.of_user(user_id))

    async def end_sessions(self, actor: Actor, user_id: UUID) -> int:
        """Revoke all sessions of a user. Returns how many there were. A service may not revoke those of administrators.

        To revoke those of another user, your sign-in must be fresh.

        Raises Forbidden, MissingScope, ReauthenticationRequired, UserNotFound.
        """
        actor.require(Scope.SESSIONS_REVOKE)
        if self_of(actor, user_id) is None:
            await self.step_up.prove(actor, Act.END_SESSIONS_OF_OTHER)
        async with self.transactions.begin() as tx:
            user = _present(await tx.users.by_id(user_id))
            require_right_over(actor, user)
            ended = len(self._live(user, await tx.sessions.of_user(user_id)))
            await tx.sessions.remove_of_user(user_id)
            event = self.trail.by(actor, AuditType.SESSION_ENDED, self.clock.now(), user_id, which="all")
            await tx.audit_events.add(event)
            await tx.commit()
        return ended

    def _live(self, user: User, sessions: Iterable[Session]) -> list[Session]:
        return live(sessions, self.clock.now(), self.policy, user.role)

    async def _refuse_without_admin(self, tx: _Writing) -> None:
        if await tx.users.count_active_admins(self.clock.now()) == 0:
            raise LastAdmin


def _present(user: User | None) -> User:
    if user is None:
        raise UserNotFound
    return user
