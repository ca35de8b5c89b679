"""Second factors and recovery codes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
_IS_PENDING = sa.text("confirmed_at IS NULL")


def upgrade() -> None:
    op.add_column("users", sa.Column("has_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("users", sa.Column("failed_factors", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "factors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("name", sa.String(100)),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_factors"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_factors_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_factors_user_id", "factors", ["user_id"])
    op.create_index(
        "ix_factors_pending", "factors", ["created_at"], postgresql_where=_IS_PENDING, sqlite_where=_IS_PENDING
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "digest", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id_users", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("recovery_codes")
    op.drop_table("factors")
    op.drop_column("users", "failed_factors")
    op.drop_column("users", "has_factor")
