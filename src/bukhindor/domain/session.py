"""Sessions and the life of their refresh tokens.

A session counts its token pairs in *generations*. The server does not know that the newest generation has arrived until
the client uses one of its tokens; until then the token before it still works and yields the same successor again. So a
client that lost a response continues, while a stolen token is detected: see `docs/flows/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from bukhindor.domain.device import Device
from bukhindor.domain.errors import InvalidRefreshToken, RefreshTokenReused
from bukhindor.domain.sign_in_method import Level, Method, level_of
from bukhindor.domain.user import Role

MAX_SESSIONS_PER_USER = 100

CLOCK_SKEW = timedelta(seconds=20)
"""How far the clocks of two servers may be apart: none of their differences up to this ends a session."""

_ROTATION_GRACE = timedelta(seconds=10)
_LAST_SEEN_RESOLUTION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """The lifetimes. `idle` counts from the last use, the absolute ones from sign-in, `fresh` from the last proof.

    A session may do what is dangerous while its sign-in is fresh. Sessions of the roles in `second_factor_for` may only
    see themselves and add a factor until they have proved a second one.
    """

    access_token: timedelta = timedelta(minutes=15)
    idle: timedelta = timedelta(days=30)
    absolute: timedelta = timedelta(days=180)
    admin_absolute: timedelta = timedelta(hours=24)
    fresh: timedelta = timedelta(minutes=10)
    second_factor_for: frozenset[Role] = frozenset()

    def absolute_for(self, role: Role) -> timedelta:
        return self.admin_absolute if role is Role.ADMIN else self.absolute


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in device.

    `seed` is 32 random bytes; refresh tokens are derived from it and the server's secret, so the seed alone is useless.
    `rotated_at` is when the newest generation was issued first. Access tokens of a generation before
    `oldest_valid_generation` are refused. `failed_prompts` counts wrong passwords of this session in a row. `methods`
    are what the person has proved in this session, in that order, the last time at `authenticated_at`.
    """

    id: UUID
    user_id: UUID
    seed: bytes = field(repr=False)
    generation: int
    confirmed: bool
    created_at: datetime
    rotated_at: datetime
    last_seen_at: datetime
    device: Device
    authenticated_at: datetime
    methods: tuple[Method, ...] = (Method.PASSWORD,)
    oldest_valid_generation: int = 1
    failed_prompts: int = 0

    @classmethod
    def start(
        cls, session_id: UUID, user_id: UUID, seed: bytes, device: Device, methods: tuple[Method, ...], now: datetime
    ) -> Self:
        """A new session in its first generation, which has no predecessor and needs no confirmation."""
        return cls(session_id, user_id, seed, 1, True, now, now, now, device, now, methods)

    def rotated(self, presented: int, now: datetime) -> Self:
        """The session after the client presented a genuine refresh token of generation `presented`.

        Returns a session of the same generation when the token yields the same successor as before. Raises
        RefreshTokenReused when the token's successor has been used: the caller of this method must end the session.
        Raises InvalidRefreshToken for a generation that was never issued, as after restoring an old backup.
        """
        if not 1 <= presented <= self.generation:
            raise InvalidRefreshToken
        if presented == self.generation:
            return self.next_generation(now)
        # Another server may have rotated it, by its own clock. When that is ahead of this one, or when this one was set
        # back, the rotation seems to come: it has just been.
        just_rotated = now - self.rotated_at <= _ROTATION_GRACE + CLOCK_SKEW
        if presented == self.generation - 1 and not self.confirmed:
            # The client never used this generation, so its tokens must be valid now, even if the session has refused
            # them since.
            return (
                replace(self, oldest_valid_generation=self.generation) if self.has_superseded(presented + 1) else self
            )
        if presented == self.generation - 1 and just_rotated:
            return self
        raise RefreshTokenReused

    def next_generation(self, now: datetime) -> Self:
        last_seen_at = max(now, self.last_seen_at)
        return replace(self, generation=self.generation + 1, confirmed=False, rotated_at=now, last_seen_at=last_seen_at)

    def reseeded(self, seed: bytes, now: datetime) -> Self:
        """The session after its password was changed: all tokens from before are refused."""
        following = self.next_generation(now)
        return replace(following, seed=seed, oldest_valid_generation=following.generation)

    @property
    def level(self) -> Level:
        """How many factors this session has proved."""
        return level_of(self.methods)

    def lacks_factor(self, policy: SessionPolicy, role: Role) -> bool:
        """Whether this session must prove a second factor before it may do anything else."""
        return role in policy.second_factor_for and self.level is Level.AAL1

    def is_fresh_at(self, now: datetime, policy: SessionPolicy) -> bool:
        """Whether the last proof of this session is recent enough for a dangerous act."""
        return now - self.authenticated_at < policy.fresh

    def reauthenticated(self, methods: Iterable[Method], now: datetime) -> Self:
        """The session after the person has proved `methods` again, or for the first time in it."""
        added = tuple(method for method in dict.fromkeys(methods) if method not in self.methods)
        return replace(self, methods=self.methods + added, authenticated_at=max(now, self.authenticated_at))

    def has_superseded(self, generation: int) -> bool:
        """Whether access tokens of `generation` were issued before the last change of the password or the role."""
        return generation < self.oldest_valid_generation

    def with_app_version(self, app_version: str | None) -> Self:
        """The session after its app was updated; the very same object when nothing changes or nothing is known."""
        if app_version is None or app_version == self.device.app_version:
            return self
        return replace(self, device=replace(self.device, app_version=app_version))

    def with_failed_prompts(self, failed_prompts: int) -> Self:
        return replace(self, failed_prompts=failed_prompts)

    def used(self, generation: int, now: datetime) -> Self:
        """The session after an access token of `generation` was used; the very same object when nothing changes.

        `last_seen_at` moves in steps of five minutes, so that a read does not cause a write.
        """
        confirms = generation == self.generation and not self.confirmed
        if confirms or now - self.last_seen_at >= _LAST_SEEN_RESOLUTION:
            return replace(self, confirmed=self.confirmed or confirms, last_seen_at=max(now, self.last_seen_at))
        return self

    def ends_at(self, policy: SessionPolicy, role: Role) -> datetime:
        """When this session expires if it is not used again."""
        return min(self.last_seen_at + policy.idle, self.created_at + policy.absolute_for(role))

    def is_over_at(self, now: datetime, policy: SessionPolicy, role: Role) -> bool:
        return self.ends_at(policy, role) <= now


def live(sessions: Iterable[Session], now: datetime, policy: SessionPolicy, role: Role) -> list[Session]:
    """Those sessions of one user that are not over, in the order given."""
    return [session for session in sessions if not session.is_over_at(now, policy, role)]
