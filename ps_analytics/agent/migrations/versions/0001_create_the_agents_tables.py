"""Create the agent's tables: conversations with their messages, run plans with their items."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)

INDEXES = (  # table, columns, the query it serves
    ("agent_conversation", ("user_id", "updated_at"), "the talks of a user, newest first"),
    ("agent_message", ("plan_id",), "the messages that speak of a plan, when it is deleted"),
    ("run_plan", ("conversation_id",), "the plans of a talk"),
    ("run_plan", ("user_id", "status"), "the plans that wait for the word of a user"),
)


def upgrade() -> None:
    op.create_table(
        "agent_conversation",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String()),
        sa.Column("context", sa.JSON()),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_table(
        "run_plan",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("conversation_id", sa.String(), sa.ForeignKey("agent_conversation.id", ondelete="SET NULL")),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("approved_by", sa.String()),
        sa.Column("approved_at", INSTANT),
    )
    op.create_table(
        "run_plan_item",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("run_plan_id", sa.String(), sa.ForeignKey("run_plan.id", ondelete="CASCADE"), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.UniqueConstraint("run_plan_id", "order"),
    )
    op.create_table(
        "agent_message",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column(
            "conversation_id", sa.String(), sa.ForeignKey("agent_conversation.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("tool_calls", sa.JSON()),
        sa.Column("tool_results", sa.JSON()),
        sa.Column("plan_id", sa.String(), sa.ForeignKey("run_plan.id", ondelete="SET NULL")),
        sa.Column("model", sa.String()),
        sa.Column("tokens", sa.Integer()),
        sa.UniqueConstraint("conversation_id", "seq"),
    )
    for table, columns, query in INDEXES:
        name = f"ix_{table}_{'_'.join(columns)}"
        op.create_index(name, table, columns)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"COMMENT ON INDEX {name} IS '{query}'")
