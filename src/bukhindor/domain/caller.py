"""The caller of a use case, and their rights."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from bukhindor.domain.errors import Forbidden, MissingScope, UserNotFound
from bukhindor.domain.origin import NOWHERE, Origin
from bukhindor.domain.service_key import Scope, ServiceKey
from bukhindor.domain.session import Session
from bukhindor.domain.user import Role, User, UserChanges


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person: the user and the session as the store has them now.

    `is_superseded` marks an access token that a later change of the password or the role has made invalid. Only the
    repetition of such a change accepts it.
    """

    user: User
    session: Session
    origin: Origin = NOWHERE
    is_superseded: bool = False

    @property
    def actor_id(self) -> UUID | None:
        return self.user.id

    @property
    def session_id(self) -> UUID | None:
        return self.session.id

    @property
    def is_admin(self) -> bool:
        return self.user.role is Role.ADMIN

    def require_admin(self) -> None:
        """Raise Forbidden unless the caller is an administrator."""
        if not self.is_admin:
            raise Forbidden

    def require(self, scope: Scope) -> None:
        """Raise Forbidden unless the caller is an administrator, who may do what any scope allows."""
        self.require_admin()

    def require_sight_of(self, user_id: UUID) -> None:
        """Raise UserNotFound unless this caller may see that user: the error does not reveal that the user exists."""
        if not self.is_admin and self.user.id != user_id:
            raise UserNotFound(concealed=user_id)

    def require_right_to(self, changes: UserChanges) -> None:
        """Raise Forbidden unless this caller may make `changes` to a user it can see.

        Administrators may change everything, people their own name, language and metadata, guests nothing.
        """
        if self.is_admin or changes == UserChanges():
            return
        own = UserChanges(name=changes.name, language=changes.language, metadata=changes.metadata)
        if self.user.role is Role.GUEST or changes != own:
            raise Forbidden


class Operator:
    """The operator on the command line of the server: has every right, and no account."""

    is_admin = True
    actor_id: UUID | None = None
    session_id: UUID | None = None
    origin = NOWHERE

    def require_admin(self) -> None:
        """Always allowed."""

    def require(self, scope: Scope) -> None:
        """Always allowed."""

    def require_sight_of(self, user_id: UUID) -> None:
        """Always allowed."""

    def require_right_to(self, changes: UserChanges) -> None:
        """Always allowed."""


@dataclass(frozen=True, slots=True)
class CallingService:
    """Another service with its key. It sees what the scopes of its key name, changes no administrator, and opens no
    account to itself.
    """

    key: ServiceKey
    origin: Origin = NOWHERE

    is_admin: ClassVar[bool] = False
    session_id: ClassVar[UUID | None] = None

    @property
    def actor_id(self) -> UUID | None:
        return self.key.id

    def require(self, scope: Scope) -> None:
        """Raise MissingScope unless the key has this scope."""
        if scope not in self.key.scopes:
            raise MissingScope(scope)

    def require_sight_of(self, user_id: UUID) -> None:
        """Raise MissingScope unless the key may read or change users: the change of a user returns the user."""
        if Scope.USERS_WRITE not in self.key.scopes:
            self.require(Scope.USERS_READ)

    def require_right_to(self, changes: UserChanges) -> None:
        """Raise MissingScope or Forbidden unless the key may make `changes` to a user who is no administrator.

        An address leads into an account, and a role makes an administrator: both are for people. So is `metadata`.
        """
        self.require(Scope.USERS_WRITE)
        if (changes.email, changes.role, changes.metadata) != (None, None, None):
            raise Forbidden


Person = Caller | Operator
Actor = Person | CallingService


def require_right_over(actor: Actor, user: User) -> None:
    """Raise Forbidden when a service would act on an administrator."""
    if isinstance(actor, CallingService) and user.role is Role.ADMIN:
        raise Forbidden


def self_of(actor: Actor, user_id: UUID) -> Caller | None:
    """The actor as the owner of the account `user_id`; None for another user's account or an actor without one."""
    return actor if isinstance(actor, Caller) and actor.user.id == user_id else None
