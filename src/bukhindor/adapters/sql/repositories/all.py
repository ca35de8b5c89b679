"""All repositories over one connection."""

from types import TracebackType
from typing import Self

from bukhindor.adapters.sql.connection import Connection
from bukhindor.adapters.sql.repositories.audit_events import SqlAuditEvents
from bukhindor.adapters.sql.repositories.factors import SqlFactors
from bukhindor.adapters.sql.repositories.familiar_networks import SqlFamiliarNetworks
from bukhindor.adapters.sql.repositories.guests import SqlGuests
from bukhindor.adapters.sql.repositories.identities import SqlIdentities
from bukhindor.adapters.sql.repositories.invitations import SqlInvitations
from bukhindor.adapters.sql.repositories.kept_responses import SqlKeptResponses
from bukhindor.adapters.sql.repositories.lockdown_links import SqlLockdownLinks
from bukhindor.adapters.sql.repositories.one_time_tokens import SqlOneTimeTokens
from bukhindor.adapters.sql.repositories.outbox import SqlOutbox
from bukhindor.adapters.sql.repositories.passkeys import SqlPasskeys
from bukhindor.adapters.sql.repositories.received_mails import SqlReceivedMails
from bukhindor.adapters.sql.repositories.recovery_codes import SqlRecoveryCodes
from bukhindor.adapters.sql.repositories.service_keys import SqlServiceKeys
from bukhindor.adapters.sql.repositories.sessions import SqlSessions
from bukhindor.adapters.sql.repositories.signing_keys import SqlSigningKeys
from bukhindor.adapters.sql.repositories.user_listing import SqlUserListing
from bukhindor.adapters.sql.repositories.users import SqlUsers
from bukhindor.adapters.sql.repositories.withdrawals import SqlWithdrawals
from bukhindor.ports.secrets import Seal


class Repositories:
    """`seal` encrypts what must not be readable in the store."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self.connection = connection
        self.seal = seal
        self.users = SqlUsers(connection)
        self.user_listing = SqlUserListing(connection)
        self.sessions = SqlSessions(connection)
        self.familiar_networks = SqlFamiliarNetworks(connection)
        self.factors = SqlFactors(connection, seal)
        self.recovery_codes = SqlRecoveryCodes(connection)
        self.guests = SqlGuests(connection)
        self.signing_keys = SqlSigningKeys(connection)
        self.service_keys = SqlServiceKeys(connection)
        self.invitations = SqlInvitations(connection)
        self.lockdown_links = SqlLockdownLinks(connection)
        self.passkeys = SqlPasskeys(connection)
        self.identities = SqlIdentities(connection, seal)
        self.withdrawals = SqlWithdrawals(connection, seal)
        self.one_time_tokens = SqlOneTimeTokens(connection)
        self.outbox = SqlOutbox(connection, seal)
        self.kept_responses = SqlKeptResponses(connection, seal)
        self.received_mails = SqlReceivedMails(connection, seal)
        self.audit_events = SqlAuditEvents(connection)


class ReadingScope(Repositories):
    """Repositories without state of a scope: one object serves all scopes."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open between two reads."""
