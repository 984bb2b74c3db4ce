"""Service accounts as directory tells of them: one that is inactive reports nothing more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.events.directory import ServiceAccountChanged
from shared.inbox import Handlers
from shared.store import Look, Work
from shared.tokens import refused


class AccountCopy(Base):
    """One that is not there yet was made a moment ago, or before accounts were told of: its token counts."""

    __tablename__ = "account_copy"

    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool]


def keep_accounts(events: Handlers) -> None:
    """Registers the handler that keeps the copies."""
    events.on(ServiceAccountChanged, in_runs=True)(copy_account)


def copy_account(work: Work, event: ServiceAccountChanged) -> None:
    work.put_newest(AccountCopy, event.model_dump())


def must_be_active(look: Look, account_id: UUID) -> None:
    """Raises `Unauthorised` (`account_inactive`) for an account that was deactivated."""
    known = look.session.get(AccountCopy, account_id)
    if known is not None and not known.active:
        raise refused("account_inactive", "服务账号已停用")
