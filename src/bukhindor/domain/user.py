"""Users: their data, the state of their account, and how it may change."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import AccountBanned, AccountInactive, FieldError, InvalidInput, InvalidValue
from bukhindor.domain.folding import shows_something
from bukhindor.domain.language import LanguageChoice, LanguageTag
from bukhindor.domain.metadata import NO_METADATA, Metadata, MetadataPatch
from bukhindor.domain.rate_limit import MAX_CONSECUTIVE_FAILURES, Limit
from bukhindor.domain.text import trimmed

MAX_NAME = 100
MAX_STATUS_REASON = 500


class Role(StrEnum):
    ADMIN = "admin"
    USER = "user"
    GUEST = "guest"


class Status(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    BANNED = "banned"


class Name(str):
    """The trimmed name of a person, at most 100 characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue when it shows nothing, is longer than 100 characters or holds control characters."""
        name = trimmed(cls, raw, MAX_NAME)
        if not shows_something(name):
            raise InvalidValue(cls, "This can't be empty.", "required")
        return cls(name)


class StatusReason(str):
    """The trimmed reason for a status, at most 500 characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue when it is empty, longer than 500 characters or holds control characters."""
        return cls(trimmed(cls, raw, MAX_STATUS_REASON))


@dataclass(frozen=True, slots=True)
class UserChanges:
    """The changes that a caller asks for; None leaves a part as it is.

    Reason and end belong to the status: when a status is given, None means that it has none. `metadata` and
    `app_metadata` change the named members, and leave the others.
    """

    name: str | None = None
    email: EmailAddress | None = None
    role: Role | None = None
    status: Status | None = None
    status_reason: str | None = None
    status_until: datetime | None = None
    language: LanguageChoice | None = None
    metadata: MetadataPatch | None = None
    app_metadata: MetadataPatch | None = None


@dataclass(frozen=True, slots=True)
class User:
    """One account.

    `password_hash` is None for an account without a password. `failed_sign_ins` counts wrong passwords of strangers and
    of signed-in sessions in a row. `wrong_codes` counts wrong mailed codes until a day has passed without one. A status
    other than active with `status_until` ends at that time without further action. Mails to the person are written in
    `language`, which is None while unknown. The person writes `metadata`, administrators `app_metadata`. At
    `locked_at` the person locked the account: no one signs in until a new password is set.

    `has_factor` means that the account has a confirmed second factor. `failed_factors` counts wrong second factors in a
    row, from all clients.

    `guest_seen_at` is when a guest was last known to be there, and None for everyone else.
    """

    id: UUID
    email: EmailAddress
    name: str
    created_at: datetime
    updated_at: datetime
    role: Role = Role.USER
    status: Status = Status.ACTIVE
    status_reason: str | None = None
    status_until: datetime | None = None
    email_verified: bool = False
    password_hash: str | None = field(default=None, repr=False)
    last_login_at: datetime | None = None
    failed_sign_ins: int = 0
    wrong_codes: int = 0
    last_wrong_code_at: datetime | None = None
    language: LanguageTag | None = None
    metadata: Metadata = NO_METADATA
    app_metadata: Metadata = NO_METADATA
    has_factor: bool = False
    failed_factors: int = 0
    locked_at: datetime | None = None
    guest_seen_at: datetime | None = None

    @property
    def is_guest(self) -> bool:
        """Whether the account has no address and no way in but its sessions. Its role says nothing about that."""
        return self.guest_seen_at is not None and self.email.is_of_guest

    def status_at(self, now: datetime) -> Status:
        """The effective status at `now`."""
        if self.status_until is not None and self.status_until <= now:
            return Status.ACTIVE
        return self.status

    def limits_at(self, now: datetime) -> tuple[str | None, datetime | None]:
        """The reason and the end of the status at `now`; an active account has neither."""
        return (None, None) if self.is_active_at(now) else (self.status_reason, self.status_until)

    def is_active_at(self, now: datetime) -> bool:
        return self.status_at(now) is Status.ACTIVE

    def is_active_admin_at(self, now: datetime) -> bool:
        return self.role is Role.ADMIN and self.is_active_at(now)

    def refuse_unless_active(self, now: datetime) -> None:
        """Raise AccountBanned or AccountInactive when the account may not be used at `now`."""
        status = self.status_at(now)
        if status is Status.BANNED:
            raise AccountBanned(self.status_reason, self.status_until)
        if status is Status.INACTIVE:
            raise AccountInactive(self.status_reason, self.status_until)

    def without_repeats(self, changes: UserChanges, now: datetime) -> UserChanges:
        """`changes` without everything that is already so: a client may send a whole user back.

        Raises InvalidInput for metadata that would become too large.
        """
        # With a status, its reason and its end are given too, even by their absence.
        given = (changes.status, changes.status_reason, changes.status_until)
        status = None if given == (self.status_at(now), *self.limits_at(now)) else changes.status
        same_reason = status is None and changes.status_reason == self.status_reason
        same_end = status is None and changes.status_until == self.status_until
        return UserChanges(
            name=None if changes.name == self.name else changes.name,
            email=None if changes.email == self.email else changes.email,
            role=None if changes.role is self.role else changes.role,
            status=status,
            status_reason=None if same_reason else changes.status_reason,
            status_until=None if same_end else changes.status_until,
            language=None if changes.language == LanguageChoice.of(self.language) else changes.language,
            metadata=None if self._metadata_after(changes) == self.metadata else changes.metadata,
            app_metadata=None if self._app_metadata_after(changes) == self.app_metadata else changes.app_metadata,
        )

    def _metadata_after(self, changes: UserChanges) -> Metadata:
        patch = changes.metadata
        return self.metadata if patch is None else self.metadata.patched(patch)

    def _app_metadata_after(self, changes: UserChanges) -> Metadata:
        patch = changes.app_metadata
        return self.app_metadata if patch is None else self.app_metadata.patched(patch)

    def changed(self, changes: UserChanges, now: datetime) -> Self:
        """The user after `changes`; the very same object when they change nothing.

        A new address is unverified. Reason and end belong to the status that they were given with: a given status
        drops the old ones, and an active account has neither. A guest with an address is no longer one.

        Raises InvalidInput for an end in the past, for a reason or end without a status, for metadata that would
        become too large, for what only stands in for an address, and for a guest as an administrator.
        """
        changes = self.without_repeats(changes, now)
        if changes == UserChanges():
            return self
        if changes.email is not None:
            changes.email.refuse_of_guest()
        if changes.role is Role.ADMIN and self.is_guest:
            raise InvalidInput(FieldError("role", "A guest can't be an administrator.", "guest_as_admin"))
        status = changes.status or self.status_at(now)
        starts_anew = changes.status is not None or status is not self.status
        reason = changes.status_reason or (None if starts_anew else self.status_reason)
        until = changes.status_until or (None if starts_anew else self.status_until)
        if status is Status.ACTIVE and (reason or until):
            message = "An active account can't have a reason or an end of its status."
            raise InvalidInput(FieldError("status_reason" if reason else "status_until", message, "not_allowed"))
        if changes.status_until is not None and changes.status_until <= now:
            raise InvalidInput(FieldError("status_until", "This time is in the past.", "in_the_past"))
        return replace(
            self,
            name=changes.name or self.name,
            email=changes.email or self.email,
            email_verified=self.email_verified and changes.email is None,
            role=changes.role or self.role,
            status=status,
            status_reason=reason,
            status_until=until,
            language=self.language if changes.language is None else changes.language.tag,
            metadata=self._metadata_after(changes),
            app_metadata=self._app_metadata_after(changes),
            guest_seen_at=self.guest_seen_at if changes.email is None else None,
            updated_at=now,
        )

    def signed_in(self, now: datetime) -> Self:
        return replace(self, last_login_at=now)

    def with_failed_sign_ins(self, failed_sign_ins: int) -> Self:
        return replace(self, failed_sign_ins=failed_sign_ins)

    @property
    def accepts_factors(self) -> bool:
        """Whether a second factor can be right. After 100 wrong ones in a row a reset by mail must come first (NIST SP
        800-63B-4 section 3.2.2).
        """
        return self.failed_factors < MAX_CONSECUTIVE_FAILURES

    def with_failed_factors(self, failed_factors: int) -> Self:
        return replace(self, failed_factors=failed_factors)

    def with_factor(self, now: datetime) -> Self:
        """The user after a second factor was confirmed."""
        return replace(self, has_factor=True, failed_factors=0, updated_at=now)

    def without_factors(self, now: datetime) -> Self:
        """The user after the last second factor was removed."""
        return replace(self, has_factor=False, failed_factors=0, updated_at=now)

    def accepts_codes_at(self, now: datetime, limit: Limit) -> bool:
        """Whether mailed codes are valid at `now`; links always are."""
        return self._wrong_codes_at(now, limit) < limit.hits

    def after_wrong_code(self, now: datetime, limit: Limit) -> Self:
        """The user after one more wrong code. The count restarts once `limit.window` has passed without one."""
        return replace(self, wrong_codes=self._wrong_codes_at(now, limit) + 1, last_wrong_code_at=now)

    def _wrong_codes_at(self, now: datetime, limit: Limit) -> int:
        is_over = self.last_wrong_code_at is None or now - self.last_wrong_code_at >= limit.window
        return 0 if is_over else self.wrong_codes

    def with_password_hash(self, password_hash: str, now: datetime) -> Self:
        """The user with a newly chosen password, which unlocks the account."""
        return replace(self, password_hash=password_hash, failed_sign_ins=0, locked_at=None, updated_at=now)

    def with_reset_password(self, password_hash: str, now: datetime) -> Self:
        """The user after a reset by mail, which proves the mailbox: earlier wrong codes and second factors no longer
        count.
        """
        with_password = self.with_password_hash(password_hash, now)
        return replace(with_password, wrong_codes=0, last_wrong_code_at=None, failed_factors=0)

    def without_password(self, now: datetime) -> Self:
        """The user without a password, until the mailbox's reader chooses one."""
        return replace(self, password_hash=None, updated_at=now)

    def locked(self, now: datetime) -> Self:
        """The user after its person has said that someone else is in the account."""
        return replace(self, locked_at=self.locked_at or now, updated_at=now)

    def unlocked(self, now: datetime) -> Self:
        return replace(self, locked_at=None, updated_at=now)

    def closed_by_former_address(self, now: datetime) -> Self:
        """The user after the reader of a former address has said so, which has another account by now: a reset by mail
        would let the wrong person in, so an administrator has to decide."""
        reason = "Locked from a former address, which belongs to another account now."
        return replace(self, status=Status.INACTIVE, status_reason=reason, status_until=None, updated_at=now)

    def has_proven(self, email: EmailAddress) -> bool:
        """Whether `email` is the account's address, and verified."""
        return self.email_verified and self.email == email

    def with_proven_email(self, email: EmailAddress, now: datetime) -> Self:
        """The user after a mail to `email` was read; it becomes the account's address."""
        if self.has_proven(email):
            return self
        return replace(self, email=email, email_verified=True, guest_seen_at=None, updated_at=now)
