"""Familiar networks, counted attempts, wrong codes of an account, and which access tokens a session refuses."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
_ZERO, _ONE = sa.text("0"), sa.text("1")


def upgrade() -> None:
    op.add_column("users", sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default=_ZERO))
    op.add_column("users", sa.Column("last_wrong_code_at", _MOMENT, nullable=True))
    generation = sa.Column("oldest_valid_generation", sa.BigInteger(), nullable=False, server_default=_ONE)
    op.add_column("user_sessions", generation)
    op.add_column("user_sessions", sa.Column("failed_prompts", sa.Integer(), nullable=False, server_default=_ZERO))
    op.add_column("audit_events", sa.Column("attempts", sa.Integer(), nullable=False, server_default=_ONE))
    op.create_table(
        "familiar_networks",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("last_used_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "network", name="pk_familiar_networks"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_familiar_networks_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_familiar_networks_last_used_at", "familiar_networks", ["last_used_at"])


def downgrade() -> None:
    op.drop_table("familiar_networks")
    op.drop_column("audit_events", "attempts")
    op.drop_column("user_sessions", "failed_prompts")
    op.drop_column("user_sessions", "oldest_valid_generation")
    op.drop_column("users", "last_wrong_code_at")
    op.drop_column("users", "wrong_codes")
