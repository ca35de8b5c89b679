"""What a mailed link is good for when a person opens it, before they press anything."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from bukhindor.domain.one_time_token import LinkToken, Purpose
from bukhindor.ports.secrets import OneTimeSecrets
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.transactions import Reads
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock


class LinkState(Enum):
    """USABLE links wait for their button. What a DONE link asks for is so already. A DEAD link needs a new mail: it was
    used, replaced by a newer one, has expired, or was never sent."""

    USABLE = auto()
    DONE = auto()
    DEAD = auto()


@dataclass(frozen=True, slots=True)
class MailedLink:
    """`mailbox` is the masked address that the mail was sent to, "" for a dead link."""

    state: LinkState
    mailbox: str = ""


class _Reading(HasUsers, HasOneTimeTokens, Protocol):
    """What a look at a link needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedLinks:
    transactions: Reads[_Reading]
    secrets: OneTimeSecrets
    clock: Clock

    async def look(self, purpose: Purpose, link: LinkToken) -> MailedLink:
        """Say what a link is good for, to a person who holds it.

        Looking changes nothing and records nothing. All dead links look alike.
        """
        now = self.clock.now()
        async with self.transactions.read() as stored:
            token = await stored.one_time_tokens.by_token_hash(self.secrets.hash_token(link.token))
            user = None if token is None else await stored.users.by_id(token.user_id)
        if token is None or user is None or token.purpose is not purpose or not token.lives_at(now):
            return MailedLink(LinkState.DEAD)
        is_done = purpose is Purpose.VERIFY_EMAIL and user.has_proven(token.email)
        return MailedLink(LinkState.DONE if is_done else LinkState.USABLE, token.email.masked_for_people)
