"""Everything that the core needs from outside; each method states what absence means."""

from bukhindor.ports.mail import LetterWriter, Mailbox, Mailer
from bukhindor.ports.secrets import (
    AccessTokens,
    DeviceProofs,
    OneTimeSecrets,
    PasswordHasher,
    PasswordVerdict,
    RefreshTokens,
    Requester,
    Seal,
    SigningKeyMaker,
)
from bukhindor.ports.store.audit_events import AuditEvents
from bukhindor.ports.store.familiar_networks import FamiliarNetworks
from bukhindor.ports.store.one_time_tokens import OneTimeTokens
from bukhindor.ports.store.outbox import Outbox
from bukhindor.ports.store.sessions import Sessions
from bukhindor.ports.store.signing_keys import SigningKeys
from bukhindor.ports.store.transactions import Reading, Transaction, Transactions
from bukhindor.ports.store.users import Users
from bukhindor.ports.system import Clock, Identifiers, RateLimiter, RequestMeter, RequestTrace, RequestTracer

__all__ = [
    "AccessTokens",
    "AuditEvents",
    "Clock",
    "DeviceProofs",
    "FamiliarNetworks",
    "Identifiers",
    "LetterWriter",
    "Mailbox",
    "Mailer",
    "OneTimeSecrets",
    "OneTimeTokens",
    "Outbox",
    "PasswordHasher",
    "PasswordVerdict",
    "RateLimiter",
    "Reading",
    "RefreshTokens",
    "RequestMeter",
    "RequestTrace",
    "RequestTracer",
    "Requester",
    "Seal",
    "Sessions",
    "SigningKeyMaker",
    "SigningKeys",
    "Transaction",
    "Transactions",
    "Users",
]
