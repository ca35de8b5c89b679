"""The language of a person, and what applications keep with an account."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NOTHING = sa.text("'{}'")


def upgrade() -> None:
    op.add_column("users", sa.Column("language", sa.String(35), nullable=True))
    op.add_column("users", sa.Column("metadata", sa.Text(), nullable=False, server_default=_NOTHING))
    op.add_column("users", sa.Column("app_metadata", sa.Text(), nullable=False, server_default=_NOTHING))


def downgrade() -> None:
    op.drop_column("users", "app_metadata")
    op.drop_column("users", "metadata")
    op.drop_column("users", "language")
