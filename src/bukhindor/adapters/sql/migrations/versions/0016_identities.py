"""Linked identities, the ID tokens that were used, addresses without mails, and access that is to be withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("is_email_verified", sa.Boolean(), nullable=False),
        sa.Column("is_private_email", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("sealed_grant", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"),
    )
    op.create_index("uq_identities_issuer_subject", "identities", ["issuer", "subject"], unique=True)
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
    op.create_table(
        "identity_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_identity_sessions"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["user_sessions.id"], name="fk_identity_sessions_session_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identities.id"], name="fk_identity_sessions_identity_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_identity_sessions_identity_id", "identity_sessions", ["identity_id"])
    op.create_table(
        "used_id_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_used_id_tokens"),
    )
    op.create_index("ix_used_id_tokens_expires_at", "used_id_tokens", ["expires_at"])
    op.create_table(
        "stopped_addresses",
        sa.Column("email", sa.String(254), nullable=False),
        sa.PrimaryKeyConstraint("email", name="pk_stopped_addresses"),
    )
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("sealed_grant", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawals"),
    )
    op.create_index("ix_withdrawals_due_at", "withdrawals", ["due_at"])


def downgrade() -> None:
    op.drop_table("withdrawals")
    op.drop_table("stopped_addresses")
    op.drop_table("used_id_tokens")
    op.drop_table("identity_sessions")
    op.drop_table("identities")
