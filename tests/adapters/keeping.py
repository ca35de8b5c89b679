"""Arranging what a store holds."""

from bukhindor.domain.session import Session
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import User
from bukhindor.ports import Transactions


async def keep(store: Transactions, *things: User | Session | SigningKey) -> None:
    """Commit new things, owners before their sessions."""
    async with store.begin() as tx:
        for thing in things:
            match thing:
                case User():
                    await tx.users.add(thing)
                case Session():
                    await tx.sessions.add(thing)
                case SigningKey():
                    await tx.signing_keys.add(thing)
        await tx.commit()
