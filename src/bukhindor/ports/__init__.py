"""Everything the core needs from outside; each method says what absence means."""

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
from bukhindor.ports.store import (
    AuditEvents,
    FamiliarNetworks,
    OneTimeTokens,
    Outbox,
    Reading,
    Sessions,
    SigningKeys,
    Transaction,
    Transactions,
    Users,
)
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
