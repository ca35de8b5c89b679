"""Accounts that their person has locked, and the links in mails that lock them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("users", sa.Column("locked_at", _MOMENT))
    op.create_table(
        "lockdown_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_lockdown_links"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_lockdown_links_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_lockdown_links_user_id", "lockdown_links", ["user_id"])
    op.create_index("ix_lockdown_links_expires_at", "lockdown_links", ["expires_at"])


def downgrade() -> None:
    op.drop_table("lockdown_links")
    op.drop_column("users", "locked_at")
