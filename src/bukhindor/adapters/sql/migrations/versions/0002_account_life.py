"""One-time tokens, the outbox of mails, audit events, and failed sign-ins in a row."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("users", sa.Column("failed_sign_ins", sa.Integer(), nullable=False, server_default=sa.text("0")))

    op.create_table(
        "one_time_tokens",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "purpose", name="pk_one_time_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_one_time_tokens_user_id", ondelete="CASCADE"),
    )
    op.create_index("uq_one_time_tokens_token_hash", "one_time_tokens", ["token_hash"], unique=True)
    op.create_index("ix_one_time_tokens_expires_at", "one_time_tokens", ["expires_at"])

    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    waits, given_up = sa.text("failed_at IS NULL"), sa.text("failed_at IS NOT NULL")
    op.create_index("ix_outbox_due", "outbox", ["due_at", "id"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("ix_outbox_failed", "outbox", ["failed_at"], sqlite_where=given_up, postgresql_where=given_up)
    op.create_index("ix_outbox_user_id", "outbox", ["user_id"])

    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(256), nullable=False),
        sa.Column("device_id", sa.String(128), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_at_id", "audit_events", ["at", "id"])
    for column in ("subject_id", "actor_id", "type"):
        op.create_index(f"ix_audit_events_{column}_at_id", "audit_events", [column, "at", "id"])


def downgrade() -> None:
    op.drop_table("audit_events")
    op.drop_table("outbox")
    op.drop_table("one_time_tokens")
    op.drop_column("users", "failed_sign_ins")
