"""Remember what laps are cut by: which revision of their track, and whether their sector times are the source's."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("track", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("track", sa.Column("edited", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("lap", sa.Column("cut_by", sa.Integer()))
    op.add_column("lap", sa.Column("sectors_stated", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Until now only sources stated sector times.
    op.execute("UPDATE lap SET sectors_stated = TRUE WHERE CAST(sectors_s AS VARCHAR) NOT IN ('[]', 'null')")
