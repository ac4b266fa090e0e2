"""Remember since when sessions are shared, and find the readers of a session quickly."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("share", sa.Column("shared_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE share SET shared_at = CURRENT_TIMESTAMP")  # older ones never said it
    with op.batch_alter_table("share") as table:
        table.alter_column("shared_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index("ix_share_session_id_reader", "share", ("session_id", "reader"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("COMMENT ON INDEX ix_share_session_id_reader IS 'whether a user may read a session, and who may'")
