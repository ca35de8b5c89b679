"""The whole store, as adapters fulfil it and the composition root hands it out. No use case needs all of it."""

from typing import Protocol

from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.factors import HasFactors
from bukhindor.ports.store.familiar_networks import HasFamiliarNetworks
from bukhindor.ports.store.guests import HasGuests
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.invitations import HasInvitations
from bukhindor.ports.store.kept_responses import HasKeptResponses
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.recovery_codes import HasRecoveryCodes
from bukhindor.ports.store.service_keys import HasServiceKeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.signing_keys import HasSigningKeys
from bukhindor.ports.store.transactions import Readiness, Transaction, Transactions
from bukhindor.ports.store.user_listing import HasUserListing
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.store.withdrawals import HasWithdrawals


class AllRepositories(
    HasUsers,
    HasUserListing,
    HasSessions,
    HasFamiliarNetworks,
    HasFactors,
    HasRecoveryCodes,
    HasGuests,
    HasSigningKeys,
    HasServiceKeys,
    HasInvitations,
    HasLockdownLinks,
    HasPasskeys,
    HasIdentities,
    HasWithdrawals,
    HasOneTimeTokens,
    HasOutbox,
    HasKeptResponses,
    HasAuditEvents,
    Protocol,
):
    """The repositories of one scope."""


class FullTransaction(AllRepositories, Transaction, Protocol):
    """The same, to be written."""


class FullStore(Transactions[AllRepositories, FullTransaction], Readiness, Protocol):
    """The store."""
