"""A document's history: appended in order, never touched again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session

from shared.database import metadata, new_id, write_engine
from shared.history import History, append, changed_fields

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LABELS = {"name": "项目名称", "amount": "金额"}
values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())
records = st.dictionaries(st.sampled_from(["name", "amount", "is_ppp", "note"]), values)


class Base(DeclarativeBase):
    metadata = metadata()


class PlanHistory(History, Base):
    __tablename__ = "plan_history"


class ImportHistory(History, Base):
    __tablename__ = "import_history"


def an_engine(url: str) -> Engine:
    engine = write_engine(url)
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = an_engine(f"sqlite:///{tmp_path}/history.db")
    yield engine
    engine.dispose()


@pytest.fixture
def each_engine(empty_database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """SQLite, then PostgreSQL."""
    engine = an_engine(empty_database_url.replace("{service}", "plans") or f"sqlite:///{tmp_path}/history.db")
    yield engine
    engine.dispose()


def an_entry(document: UUID, kind: str, **more: Any) -> PlanHistory:
    return PlanHistory(document_id=document, at=AT, kind=kind, text="…", **more)


def entries_of(session: Session, document: UUID) -> list[tuple[int, str]]:
    statement = select(PlanHistory).where(PlanHistory.document_id == document).order_by(PlanHistory.seq)
    return [(entry.seq, entry.kind) for entry in session.scalars(statement)]


def test_entries_are_numbered_per_document_in_the_order_they_were_added(each_engine: Engine) -> None:
    one, other = new_id(), new_id()
    with Session(each_engine) as session:
        for document, kind in ((one, "created"), (other, "created"), (one, "edited"), (one, "submitted")):
            append(session, an_entry(document, kind))
        session.commit()
    with Session(each_engine) as session:
        append(session, an_entry(one, "returned"))
        session.commit()
        assert entries_of(session, one) == [(1, "created"), (2, "edited"), (3, "submitted"), (4, "returned")]
        assert entries_of(session, other) == [(1, "created")]


def test_an_entry_keeps_who_when_what_and_the_changed_fields(engine: Engine) -> None:
    actor, document = new_id(), new_id()
    changes = changed_fields({"amount": "1.00"}, {"amount": "2.00"}, LABELS)
    with Session(engine) as session:
        append(session, an_entry(document, "edited", actor_id=actor, actor_name="王经办", changes=changes))
        append(session, an_entry(document, "expired"))
        session.commit()
    with Session(engine) as session:
        edited, expired = session.scalars(select(PlanHistory).order_by(PlanHistory.seq))
        assert (edited.at, edited.actor_id, edited.actor_name) == (AT, actor, "王经办")
        assert edited.changes == [{"field": "amount", "label": "金额", "old": "1.00", "new": "2.00"}]
        assert (expired.actor_id, expired.actor_name, expired.changes, expired.data) == (None, "", [], {})


def test_an_entry_cannot_be_changed_or_deleted(engine: Engine) -> None:
    document = new_id()
    with Session(engine) as session:
        append(session, an_entry(document, "created"))
        session.commit()
    with Session(engine) as session:
        session.scalars(select(PlanHistory)).one().text = "forged"
        with pytest.raises(TypeError, match="append-only"):
            session.flush()
    with Session(engine) as session:
        session.delete(session.scalars(select(PlanHistory)).one())
        with pytest.raises(TypeError, match="append-only"):
            session.flush()
    with Session(engine) as session:
        assert entries_of(session, document) == [(1, "created")]


def test_no_two_entries_of_a_document_have_one_number(engine: Engine) -> None:
    document = new_id()
    with Session(engine) as session:
        session.add_all([an_entry(document, "created", seq=1), an_entry(document, "created", seq=1)])
        with pytest.raises(IntegrityError):
            session.flush()


def test_each_document_type_has_a_table_of_its_own(engine: Engine) -> None:
    document = new_id()
    with Session(engine) as session:
        append(session, an_entry(document, "created"))
        append(session, ImportHistory(document_id=document, at=AT, kind="created", text="…"))
        session.commit()
        assert session.scalars(select(ImportHistory.seq)).all() == [1]
        session.execute(delete(ImportHistory))
        assert entries_of(session, document) == [(1, "created")]
    assert {"plan_history", "import_history"} <= set(inspect(engine).get_table_names())


def test_changes_come_in_the_order_of_the_form_and_none_goes_unseen() -> None:
    old = {"name": "桌椅", "amount": "1.00", "note": None, "same": [1]}
    new = {"amount": "2.00", "name": "课桌椅", "flag": False, "same": [1]}
    assert changed_fields(old, new, {"amount": "金额", "name": "项目名称"}) == [
        {"field": "amount", "label": "金额", "old": "1.00", "new": "2.00"},
        {"field": "name", "label": "项目名称", "old": "桌椅", "new": "课桌椅"},
        {"field": "flag", "label": "flag", "old": None, "new": False},
    ]


@given(records, records)
def test_the_changes_lead_from_the_old_record_to_the_new_one(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    changes = changed_fields(old, new, LABELS)
    replayed = {key: old.get(key) for key in old.keys() | new.keys()}
    replayed.update({change["field"]: change["new"] for change in changes})
    assert {key: repr(value) for key, value in replayed.items()} == {
        key: repr(new.get(key)) for key in old.keys() | new.keys()
    }
    assert changed_fields(new, new, LABELS) == []
