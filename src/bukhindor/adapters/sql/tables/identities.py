"""The tables of linked identities, as the newest migration leaves them."""

import sqlalchemy as sa

from bukhindor.adapters.sql.tables.columns import UtcDateTime, metadata

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("provider", sa.String(20), nullable=False),
    sa.Column("issuer", sa.String(500), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("email", sa.String(254)),
    sa.Column("is_email_verified", sa.Boolean(), nullable=False),
    sa.Column("is_private_email", sa.Boolean(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("last_used_at", UtcDateTime()),
    sa.Column("sealed_grant", sa.LargeBinary()),
    sa.Index("uq_identities_issuer_subject", "issuer", "subject", unique=True),
    sa.Index(None, "user_id"),
)

identity_sessions = sa.Table(
    "identity_sessions",
    metadata,
    sa.Column("session_id", sa.Uuid(), sa.ForeignKey("user_sessions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("identity_id", sa.Uuid(), sa.ForeignKey("identities.id", ondelete="CASCADE"), nullable=False),
    sa.Index(None, "identity_id"),
)

used_id_tokens = sa.Table(
    "used_id_tokens",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
    sa.Column("expires_at", UtcDateTime(), nullable=False),
    sa.Index(None, "expires_at"),
)

# Relay addresses at which people want no mails.
stopped_addresses = sa.Table("stopped_addresses", metadata, sa.Column("email", sa.String(254), primary_key=True))

# Access at a provider that is to be withdrawn. No reference to users: it outlives the account.
withdrawals = sa.Table(
    "withdrawals",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("provider", sa.String(20), nullable=False),
    sa.Column("sealed_grant", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    sa.Column("tries", sa.Integer(), nullable=False),
    sa.Index(None, "due_at"),
)
