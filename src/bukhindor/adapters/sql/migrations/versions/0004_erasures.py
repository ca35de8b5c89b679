"""Users whose events still contain personal data: some people have too many for one transaction."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table("erasures", sa.Column("user_id", sa.Uuid(), primary_key=True))


def downgrade() -> None:
    op.drop_table("erasures")
