"""The agent's own tables: what was said, and the plans that wait for a person's word."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from ps_analytics.store.columns import NAMING, UtcDateTime, new_id


class AgentBase(DeclarativeBase):
    """The agent's tables: apart from the core's, so that both come and go alone."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads this class attribute as it is
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class AgentConversation(AgentBase):
    """A talk of one user with the coach."""

    __tablename__ = "agent_conversation"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    summary: Mapped[str | None]
    context: Mapped[dict[str, Any] | None]  # what the page showed: event, session, laps
    history: Mapped[list[Any]] = mapped_column(default=list)  # the model's own messages, to resume the talk exactly
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    messages: Mapped[list["AgentMessage"]] = relationship(order_by="AgentMessage.seq", passive_deletes=True)

    __table_args__ = (
        Index("ix_agent_conversation_user_id_updated_at", "user_id", "updated_at"),  # a user's talks, newest first
    )


class RunPlan(AgentBase):
    """A proposed set of actions: what is stored here is what runs once its user approves it, and nothing else."""

    __tablename__ = "run_plan"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[str | None] = mapped_column(
        ForeignKey("agent_conversation.id", ondelete="SET NULL"), index=True
    )  # the plans of a talk
    user_id: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="draft")  # approved, rejected, executing, completed, failed, expired
    hash: Mapped[str]  # SHA-256 over the canonical tools and arguments: what was approved is what was shown
    expires_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    items: Mapped[list["RunPlanItem"]] = relationship(order_by="RunPlanItem.order", passive_deletes=True)

    __table_args__ = (Index("ix_run_plan_user_id_status", "user_id", "status"),)  # what waits for a user's word


class RunPlanItem(AgentBase):
    """One step of a plan: a tool and its arguments, described in our words."""

    __tablename__ = "run_plan_item"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    run_plan_id: Mapped[str] = mapped_column(ForeignKey("run_plan.id", ondelete="CASCADE"))
    order: Mapped[int]
    tool: Mapped[str]
    args: Mapped[dict[str, Any]] = mapped_column(default=dict)
    description: Mapped[str]
    status: Mapped[str] = mapped_column(default="draft")
    result: Mapped[dict[str, Any] | None]

    __table_args__ = (UniqueConstraint("run_plan_id", "order"),)  # the steps of a plan in order


class AgentMessage(AgentBase):
    """One readable line of a talk."""

    __tablename__ = "agent_message"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("agent_conversation.id", ondelete="CASCADE"))
    seq: Mapped[int]
    role: Mapped[str]  # user, assistant, tool, system
    content: Mapped[str] = mapped_column(default="")
    tool_calls: Mapped[list[Any] | None]
    tool_results: Mapped[list[Any] | None]
    plan_id: Mapped[str | None] = mapped_column(
        ForeignKey("run_plan.id", ondelete="SET NULL"), index=True
    )  # the messages that speak of a plan, when it is deleted
    model: Mapped[str | None]
    tokens: Mapped[int | None]

    __table_args__ = (UniqueConstraint("conversation_id", "seq"),)  # the messages of a talk in order
