"""The agent's tables: drawn as its data model says, and coming and going apart from the core's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ps_analytics.agent.models import AgentConversation, AgentMessage, RunPlan, RunPlanItem
from ps_analytics.plugins import load_plugins
from ps_analytics.store import schema
from ps_analytics.store.engine import Database, open_database

FIELDS = {
    "agent_conversation": "id user_id title summary? context? history created_at updated_at",
    "agent_message": "id conversation_id seq role content tool_calls? tool_results? plan_id? model? tokens?",
    "run_plan": "id conversation_id? user_id name description? status hash expires_at approved_by? approved_at?",
    "run_plan_item": "id run_plan_id order tool args description status result?",
}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    schema.push(database.engine, load_plugins())
    yield database
    database.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with Session(database.engine) as session:
        yield session


def talk() -> AgentConversation:
    """A talk of two lines, written in the wrong order."""
    said = [
        AgentMessage(seq=2, role="assistant", content="Two runs?"),
        AgentMessage(seq=1, role="user", content="Plan my day"),
    ]
    return AgentConversation(
        user_id="anna", created_at=NOW, updated_at=NOW, messages=said, history=[{"kind": "request"}]
    )


def test_the_tables_have_the_fields_of_the_data_model(database: Database) -> None:
    found = inspect(database.engine)
    for table, drawn in FIELDS.items():
        columns = {f"{c['name']}{'?' if c['nullable'] else ''}" for c in found.get_columns(table)}
        assert columns == set(drawn.split()), table


def test_a_talk_is_read_as_it_was_written(session: Session) -> None:
    session.add(talk())
    session.commit()
    session.expire_all()
    (read,) = session.scalars(select(AgentConversation))
    assert [message.content for message in read.messages] == ["Plan my day", "Two runs?"]
    assert (read.created_at, read.history) == (NOW, [{"kind": "request"}])


def test_a_plan_starts_as_a_draft_with_its_steps_in_order(session: Session) -> None:
    plan = RunPlan(user_id="anna", name="Test day", hash="ab" * 32, expires_at=NOW)
    plan.items = [
        RunPlanItem(order=2, tool="b", description="second"),
        RunPlanItem(order=1, tool="a", description="first", args={"name": "Ö"}),
    ]
    session.add(plan)
    session.commit()
    session.expire_all()
    (read,) = session.scalars(select(RunPlan))
    assert read.status == "draft"
    assert [(item.order, item.tool, item.args, item.status) for item in read.items] == [
        (1, "a", {"name": "Ö"}, "draft"),
        (2, "b", {}, "draft"),
    ]


def test_a_talk_takes_its_messages_with_it_and_leaves_its_plans(session: Session) -> None:
    conversation = talk()
    session.add(conversation)
    session.flush()
    session.add(RunPlan(user_id="anna", name="x", hash="x", expires_at=NOW, conversation_id=conversation.id))
    session.commit()
    session.execute(delete(AgentConversation))
    session.commit()
    session.expire_all()
    assert session.scalars(select(AgentMessage)).all() == []
    (plan,) = session.scalars(select(RunPlan))
    assert plan.conversation_id is None


def test_two_messages_cannot_have_one_place_in_a_talk(session: Session) -> None:
    conversation = talk()
    conversation.messages.append(AgentMessage(seq=1, role="user", content="again"))
    session.add(conversation)
    with pytest.raises(IntegrityError):
        session.commit()


def test_the_agent_can_leave_and_come_back(database: Database) -> None:
    with Session(database.engine) as session:
        session.add(talk())
        session.commit()
    assert [step.branch for step in schema.push(database.engine, load_plugins(()))] == ["core"]
    schema.ensure(database.engine)
    assert schema.push(database.engine, load_plugins())[1] == schema.Step("agent", "0001", "0001")
    with Session(database.engine) as session:
        assert len(session.scalars(select(AgentMessage)).all()) == 2
