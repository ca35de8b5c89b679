"""How and when the person of a session proved their identity last."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("authenticated_at", _MOMENT, nullable=True))
    methods = sa.Column("methods", sa.String(64), nullable=False, server_default=sa.text("'pwd'"))
    op.add_column("user_sessions", methods)


def downgrade() -> None:
    op.drop_column("user_sessions", "methods")
    op.drop_column("user_sessions", "authenticated_at")
