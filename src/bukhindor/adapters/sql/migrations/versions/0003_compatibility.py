"""Which programs a schema still serves, so that old and new ones can run together while one replaces the other."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    compatibility = op.create_table("schema_compatibility", sa.Column("serves_since", sa.String(16), nullable=False))
    # A later migration that takes something away from older programs writes its own number here; one that only adds
    # leaves the number unchanged.
    op.bulk_insert(compatibility, [{"serves_since": revision}])


def downgrade() -> None:
    op.drop_table("schema_compatibility")
