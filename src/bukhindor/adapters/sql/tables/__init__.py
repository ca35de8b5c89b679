"""The tables, as the newest migration leaves them."""

import sqlalchemy as sa

from bukhindor.adapters.sql.tables.columns import REMOVED_AT_ONCE as REMOVED_AT_ONCE
from bukhindor.adapters.sql.tables.columns import UtcDateTime as UtcDateTime
from bukhindor.adapters.sql.tables.columns import metadata as metadata
from bukhindor.adapters.sql.tables.identities import identities as identities
from bukhindor.adapters.sql.tables.identities import identity_sessions as identity_sessions
from bukhindor.adapters.sql.tables.identities import stopped_addresses as stopped_addresses
from bukhindor.adapters.sql.tables.identities import used_id_tokens as used_id_tokens
from bukhindor.adapters.sql.tables.identities import withdrawals as withdrawals
from bukhindor.domain.user import Role, Status


def _one_of(column: str, values: type[Role] | type[Status]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("status_reason", sa.String(500)),
    sa.Column("status_until", UtcDateTime()),
    sa.Column("email_verified", sa.Boolean(), nullable=False),
    sa.Column("password_hash", sa.Text()),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.Column("last_login_at", UtcDateTime()),
    # Name and address folded by the program: databases fold and sort differently, and SQLite only ASCII.
    sa.Column("search_text", sa.Text(), nullable=False),
    sa.Column("name_key", sa.LargeBinary(), nullable=False, server_default=sa.text("''")),
    sa.Column("failed_sign_ins", sa.Integer(), nullable=False, server_default=sa.text("0")),
    sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default=sa.text("0")),
    sa.Column("last_wrong_code_at", UtcDateTime()),
    sa.Column("language", sa.String(35)),
    sa.Column("metadata", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("app_metadata", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("has_factor", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("failed_factors", sa.Integer(), nullable=False, server_default=sa.text("0")),
    sa.Column("locked_at", UtcDateTime()),
    # Null for everyone who is no guest.
    sa.Column("guest_seen_at", UtcDateTime()),
    _one_of("role", Role),
    _one_of("status", Status),
    sa.Index("uq_users_email", "email", unique=True),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "updated_at", "id"),
    sa.Index(None, "name_key", "id"),
    # WHERE role = 'admin'
    sa.Index("ix_users_admins", "id"),
    # WHERE guest_seen_at IS NOT NULL
    sa.Index("ix_users_guests", "guest_seen_at"),
)

user_sessions = sa.Table(
    "user_sessions",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("seed", sa.LargeBinary(), nullable=False),
    sa.Column("generation", sa.BigInteger(), nullable=False),
    sa.Column("confirmed", sa.Boolean(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("rotated_at", UtcDateTime(), nullable=False),
    sa.Column("last_seen_at", UtcDateTime(), nullable=False),
    sa.Column("device_id", sa.String(128)),
    sa.Column("app_type", sa.String(16)),
    sa.Column("app_version", sa.String(32)),
    sa.Column("ip", sa.String(64), nullable=False),
    sa.Column("user_agent", sa.String(256), nullable=False),
    sa.Column("oldest_valid_generation", sa.BigInteger(), nullable=False, server_default=sa.text("1")),
    sa.Column("failed_prompts", sa.Integer(), nullable=False, server_default=sa.text("0")),
    # Null: the session began in an earlier release, which knew passwords only, and never asked again.
    sa.Column("authenticated_at", UtcDateTime()),
    sa.Column("methods", sa.String(64), nullable=False, server_default=sa.text("'pwd'")),
    sa.Index(None, "user_id", "created_at", "id"),
    sa.Index(None, "last_seen_at"),
    sa.Index(None, "created_at"),
)

familiar_networks = sa.Table(
    "familiar_networks",
    metadata,
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("network", sa.String(64), primary_key=True),
    sa.Column("last_used_at", UtcDateTime(), nullable=False),
    sa.Index(None, "last_used_at"),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("kid", sa.String(64), primary_key=True),
    sa.Column("algorithm", sa.String(16), nullable=False),
    sa.Column("public_jwk", sa.Text(), nullable=False),
    sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("retired_at", UtcDateTime()),
)

service_keys = sa.Table(
    "service_keys",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("name", sa.String(63), nullable=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    sa.Column("scopes", sa.Text(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    # No reference to users: the key outlives the account of its creator.
    sa.Column("created_by", sa.Uuid()),
    sa.Column("expires_at", UtcDateTime()),
    sa.Column("last_used_at", UtcDateTime()),
    sa.Index("uq_service_keys_name", "name", unique=True),
    sa.Index("uq_service_keys_digest", "digest", unique=True),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("name", sa.String(100)),
    sa.Column("language", sa.String(35)),
    sa.Column("token_hash", sa.LargeBinary(), nullable=False),
    # No reference to users: an invitation may outlive the account of its inviter.
    sa.Column("invited_by", sa.Uuid()),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("expires_at", UtcDateTime(), nullable=False),
    sa.Index("uq_invitations_email", "email", unique=True),
    sa.Index("uq_invitations_token_hash", "token_hash", unique=True),
    sa.Index(None, "expires_at"),
)

lockdown_links = sa.Table(
    "lockdown_links",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("expires_at", UtcDateTime(), nullable=False),
    sa.Index(None, "user_id"),
    sa.Index(None, "expires_at"),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("credential_id", sa.LargeBinary(), nullable=False),
    sa.Column("public_key", sa.LargeBinary(), nullable=False),
    sa.Column("user_handle", sa.LargeBinary(), nullable=False),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("sign_count", sa.BigInteger(), nullable=False),
    sa.Column("transports", sa.Text(), nullable=False),
    sa.Column("is_synced", sa.Boolean(), nullable=False),
    sa.Column("is_backed_up", sa.Boolean(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("last_used_at", UtcDateTime()),
    sa.Index("uq_passkeys_credential_id", "credential_id", unique=True),
    sa.Index(None, "user_id"),
)

# Challenges of WebAuthn that were used, until they expire.
used_challenges = sa.Table(
    "used_challenges",
    metadata,
    sa.Column("value", sa.LargeBinary(), primary_key=True),
    sa.Column("expires_at", UtcDateTime(), nullable=False),
    sa.Index(None, "expires_at"),
)

one_time_tokens = sa.Table(
    "one_time_tokens",
    metadata,
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("purpose", sa.String(32), primary_key=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("token_hash", sa.LargeBinary(), nullable=False),
    sa.Column("code_hash", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("expires_at", UtcDateTime(), nullable=False),
    sa.Column("failed_tries", sa.Integer(), nullable=False),
    sa.Index("uq_one_time_tokens_token_hash", "token_hash", unique=True),
    sa.Index(None, "expires_at"),
)

factors = sa.Table(
    "factors",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("name", sa.String(100)),
    sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("confirmed_at", UtcDateTime()),
    sa.Column("last_used_at", UtcDateTime()),
    sa.Column("last_step", sa.BigInteger(), nullable=False),
    sa.Index(None, "user_id"),
    # WHERE confirmed_at IS NULL
    sa.Index("ix_factors_pending", "created_at"),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("digest", sa.LargeBinary(), primary_key=True),
)

# No reference to users: the mail that reports a deletion outlives the account.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("user_id", sa.Uuid()),
    sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    sa.Column("tries", sa.Integer(), nullable=False),
    sa.Column("failed_at", UtcDateTime()),
    # WHERE failed_at IS NULL
    sa.Index("ix_outbox_due", "due_at", "id"),
    # WHERE failed_at IS NOT NULL
    sa.Index("ix_outbox_failed", "failed_at"),
    sa.Index(None, "user_id"),
)

# Responses to requests that may be sent twice. No reference to users: the response to a deletion outlives the account.
kept_responses = sa.Table(
    "kept_responses",
    metadata,
    sa.Column("id", sa.LargeBinary(), primary_key=True),
    sa.Column("place", sa.String(80), nullable=False),
    sa.Column("user_id", sa.Uuid()),
    sa.Column("sealed_response", sa.LargeBinary()),
    sa.Column("other_bodies", sa.Integer(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("expires_at", UtcDateTime(), nullable=False),
    sa.Index(None, "place", "created_at", "id"),
    sa.Index(None, "user_id"),
    sa.Index(None, "expires_at"),
)

# The development mailbox.
received_mails = sa.Table(
    "received_mails",
    metadata,
    sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
    sa.Column("received_at", UtcDateTime(), nullable=False),
)

# No reference to users either: events stay after the accounts that they name are deleted.
audit_events = sa.Table(
    "audit_events",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("at", UtcDateTime(), nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("actor_id", sa.Uuid()),
    sa.Column("subject_id", sa.Uuid()),
    sa.Column("session_id", sa.Uuid()),
    sa.Column("ip", sa.String(64), nullable=False),
    sa.Column("user_agent", sa.String(256), nullable=False),
    sa.Column("device_id", sa.String(128)),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("details", sa.Text(), nullable=False),
    sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("1")),
    sa.Index(None, "at", "id"),
    sa.Index(None, "subject_id", "at", "id"),
    sa.Index(None, "actor_id", "at", "id"),
    sa.Index(None, "type", "at", "id"),
)

# Deleted accounts whose events still contain a device or an address.
erasures = sa.Table("erasures", metadata, sa.Column("user_id", sa.Uuid(), primary_key=True))

schema_compatibility = sa.Table(
    "schema_compatibility", metadata, sa.Column("serves_since", sa.String(16), nullable=False)
)
