"""When a guest was last there."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
_IS_GUEST = sa.text("guest_seen_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("users", sa.Column("guest_seen_at", _MOMENT))
    op.create_index("ix_users_guests", "users", ["guest_seen_at"], postgresql_where=_IS_GUEST, sqlite_where=_IS_GUEST)


def downgrade() -> None:
    op.drop_index("ix_users_guests", "users")
    op.drop_column("users", "guest_seen_at")
