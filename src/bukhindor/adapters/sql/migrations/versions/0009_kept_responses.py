"""Responses that are given again when a request is repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "kept_responses",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("sealed_response", sa.LargeBinary()),
        sa.Column("other_bodies", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kept_responses"),
    )
    op.create_index("ix_kept_responses_place_created_at_id", "kept_responses", ["place", "created_at", "id"])
    op.create_index("ix_kept_responses_user_id", "kept_responses", ["user_id"])
    op.create_index("ix_kept_responses_expires_at", "kept_responses", ["expires_at"])


def downgrade() -> None:
    op.drop_table("kept_responses")
