"""The mailbox of a development installation."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "received_mails",
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_received_mails"),
    )


def downgrade() -> None:
    op.drop_table("received_mails")
