"""Service accounts as directory tells of them: which report, and on the plans of which district."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, Uuid, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.errors import Unauthorised
from shared.events.directory import ServiceAccountChanged
from shared.inbox import Handlers
from shared.store import Look, Work
from shared.tokens import refused


class AccountCopy(Base):
    """An account acts on plans of the district of its path and below, on all when that is empty."""

    __tablename__ = "account_copy"

    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool]
    district_path: Mapped[str] = mapped_column(String(60), server_default="")

    @property
    def actor(self) -> str:
        return str(self.account_id)


def keep_accounts(events: Handlers) -> None:
    """Registers the handler that keeps the copies."""
    events.on(ServiceAccountChanged, in_runs=True)(copy_account)


def copy_account(work: Work, event: ServiceAccountChanged) -> None:
    work.put_newest(AccountCopy, event.model_dump())


def active_account(look: Look, account_id: UUID) -> AccountCopy:
    """The account that asks. Raises `Unauthorised`: `account_inactive`, or `account_not_known_yet` (the copy
    is behind; try again)."""
    known = look.first(select(AccountCopy).where(AccountCopy.account_id == account_id))
    if known is None:
        text, text_en = "服务账号信息正在同步，请稍后重试", "not known here yet, try again"
        raise Unauthorised("account_not_known_yet", text, text_en, headers={"Retry-After": "1"})
    if not known.active:
        raise refused("account_inactive", "服务账号已停用")
    return known
