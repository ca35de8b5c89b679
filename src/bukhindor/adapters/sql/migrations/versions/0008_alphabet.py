"""Names sort alphabetically, and texts are folded as the program folds them now."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bukhindor.adapters.sql.repositories.users import search_text
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.folding import sort_key

revision = "0008"
down_revision = "0007"

_AT_ONCE = 5000

_users = sa.table(
    "users",
    sa.column("id", sa.Uuid()),
    sa.column("email", sa.String()),
    sa.column("name", sa.String()),
    sa.column("search_text", sa.Text()),
    sa.column("name_key", sa.LargeBinary()),
)
_FIRST = sa.select(_users.c.id, _users.c.email, _users.c.name).order_by(_users.c.id).limit(_AT_ONCE)
_NEXT = _FIRST.where(_users.c.id > sa.bindparam("after", type_=sa.Uuid()))
_FOLD = sa.update(_users).where(_users.c.id == sa.bindparam("which", type_=sa.Uuid()))


def upgrade() -> None:
    # A program of before writes no key: until its rows are saved again they stand at the front of the list.
    op.add_column("users", sa.Column("name_key", sa.LargeBinary(), nullable=False, server_default=sa.text("''")))
    _fold_all()
    op.drop_index("ix_users_name_id", "users")
    op.create_index("ix_users_name_key_id", "users", ["name_key", "id"])
    if op.get_context().dialect.name == "postgresql":
        # Addresses sort alike on every server, whatever its locale.
        op.execute('ALTER TABLE users ALTER COLUMN email TYPE varchar(254) COLLATE "C"')


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute('ALTER TABLE users ALTER COLUMN email TYPE varchar(254) COLLATE "default"')
    op.drop_index("ix_users_name_key_id", "users")
    op.create_index("ix_users_name_id", "users", ["name", "id"])
    op.drop_column("users", "name_key")


def _fold_all() -> None:
    connection = op.get_bind()
    found = connection.execute(_FIRST).all()
    while found:
        connection.execute(_FOLD, [_values(*row) for row in found])
        found = connection.execute(_NEXT, {"after": found[-1].id}).all()


def _values(id: Any, email: str, name: str) -> dict[str, Any]:
    return {"which": id, "search_text": search_text(name, EmailAddress(email)), "name_key": sort_key(name)}
