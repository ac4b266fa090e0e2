"""Plugins as strangers write them: tables of their own, and a folder of migrations."""

from pathlib import Path

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from ps_analytics.plugins import PluginModels, Plugins, hookimpl, load_plugins

HEAD = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}


def upgrade():
"""
CREATE_NOTES = """
    op.create_table("note", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("body", sa.String()))
    op.create_table(
        "note_line",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("note_id", sa.Integer(), sa.ForeignKey("note.id", ondelete="CASCADE"), nullable=False),
    )
"""
REQUIRE_BODY = """
    op.execute("UPDATE note SET body = '' WHERE body IS NULL")
    with op.batch_alter_table("note") as table:
        table.alter_column("body", existing_type=sa.String(), nullable=False)
        table.add_column(sa.Column("mood", sa.String(), nullable=False, server_default="calm"))
"""
NOTES = {"0001": CREATE_NOTES, "0002": REQUIRE_BODY}


def notes() -> MetaData:
    """The tables of `NOTES`, as its newest revision makes them."""
    tables = MetaData()
    Table(
        "note",
        tables,
        Column("id", Integer, primary_key=True),
        Column("body", String, nullable=False),
        Column("mood", String, nullable=False, server_default="calm"),
    )
    Table(
        "note_line",
        tables,
        Column("id", Integer, primary_key=True),
        Column("note_id", ForeignKey("note.id", ondelete="CASCADE"), nullable=False),
    )
    return tables


def write_migrations(folder: Path, bodies: dict[str, str], *, chained: bool = True) -> Path:
    """A folder of migrations, each after the one before it; all of them first ones if not `chained`."""
    (folder / "versions").mkdir(parents=True)
    down: str | None = None
    for revision, body in bodies.items():
        text = HEAD.format(revision=revision, down=down) + body
        (folder / "versions" / f"{revision}.py").write_text(text)
        down = revision if chained else None
    return folder


def plugins_with(**owners: tuple[MetaData, Path]) -> Plugins:
    """No installed plugin, and these."""
    found = load_plugins(())
    for name, (metadata, migrations) in owners.items():
        found.manager.register(_Owner(PluginModels(metadata, migrations)), name=name)
    return found


class _Owner:
    def __init__(self, models: PluginModels) -> None:
        self._models = models

    @hookimpl
    def plugin_models(self) -> PluginModels:
        return self._models
