"""The floor of the submit route: FastAPI on uvicorn, ORM inserts of a plan and an outbox row, one commit."""

from __future__ import annotations

import sys
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import create_engine, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

POOL = 16
BODY = {
    "title": "信息化终端采购",
    "unit": "60012345",
    "year": 2026,
    "amount": "1250000.00",
    "note": "x" * 400,
}


class Base(DeclarativeBase):
    pass


class Plan(Base):
    __tablename__ = "f_submitted"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    title: Mapped[str]
    unit: Mapped[str]
    year: Mapped[int]
    amount: Mapped[Decimal]
    status: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Told(Base):
    __tablename__ = "f_submit_outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    topic: Mapped[str]
    payload: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Form(BaseModel):
    title: str = Field(min_length=1, max_length=300)
    unit: str
    year: int = Field(ge=2000, le=2100)
    amount: Decimal = Field(ge=0, max_digits=18, decimal_places=2)
    note: str = ""


def serve(url: str, port: int) -> None:
    """Serves `POST /plans` until it is told to end."""
    engine = create_engine(url, pool_size=POOL, max_overflow=0)
    Base.metadata.create_all(engine)
    app = FastAPI()

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/plans", status_code=201)
    def create(form: Form) -> dict[str, Any]:
        plan = Plan(id=uuid4(), status="draft", version=1, **form.model_dump(exclude={"note"}))
        told = {"plan_id": str(plan.id), "type": "plan.created", "title": form.title, "note": form.note}
        with Session(engine, expire_on_commit=False) as session:
            session.add_all([plan, Told(topic="plan.created", payload=told)])
            session.commit()
        return {"id": plan.id, "status": plan.status, "version": plan.version}

    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
