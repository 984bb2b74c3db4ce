"""What an applicant fills in: the header of a plan, its items, and the budget lines it draws on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.money import format_quantity, format_yuan, line_amount


class StatedNotice:
    """The columns that state a public notice made elsewhere, naming the only supplier (单一来源公示)."""

    notice_number: Mapped[str] = mapped_column(String(100))
    notice_date: Mapped[date | None] = mapped_column(Date)
    notice_supplier: Mapped[str] = mapped_column(String(200))

    def state_notice(self, other: StatedNotice) -> None:
        """States what another document states."""
        self.notice_number, self.notice_date = other.notice_number, other.notice_date
        self.notice_supplier = other.notice_supplier


class Header(StatedNotice):
    """The columns of a plan that its applicant fills in; a draft may leave any of them open."""

    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str | None] = mapped_column(String(20))
    organisation_form: Mapped[str | None] = mapped_column(String(40))
    method: Mapped[str | None] = mapped_column(String(40))
    implementation_form: Mapped[str | None] = mapped_column(String(10))
    leader: Mapped[str] = mapped_column(String(100))
    contact_name: Mapped[str] = mapped_column(String(100))
    contact_phone: Mapped[str] = mapped_column(String(40))
    agency: Mapped[str] = mapped_column(String(200))
    is_joint: Mapped[bool]
    is_ppp: Mapped[bool]
    is_shanty: Mapped[bool]
    is_imported: Mapped[bool]
    import_approval_id: Mapped[UUID | None] = mapped_column(Uuid)
    import_filing_note: Mapped[str] = mapped_column(String(1000))
    price_ceiling_fen: Mapped[int | None] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(String(2000))
    expected_month: Mapped[str] = mapped_column(String(7))
    intent_notice_number: Mapped[str] = mapped_column(String(100))
    intent_notice_date: Mapped[date | None] = mapped_column(Date)
    sme_mode: Mapped[str | None] = mapped_column(String(20))
    sme_reserved_fen: Mapped[int | None] = mapped_column(BigInteger)
    sme_micro_fen: Mapped[int | None] = mapped_column(BigInteger)
    sme_reason: Mapped[str] = mapped_column(String(1000))
    method_ground: Mapped[str | None] = mapped_column(String(40))
    method_reason: Mapped[str] = mapped_column(String(2000))
    external_id: Mapped[str] = mapped_column(String(100))


TEXTS = (
    *("name", "leader", "contact_name", "contact_phone", "agency", "import_filing_note", "purpose"),
    *("expected_month", "intent_notice_number", "sme_reason", "method_reason", "external_id"),
    *("notice_number", "notice_supplier"),
)
CODES = ("kind", "organisation_form", "method", "implementation_form", "sme_mode", "method_ground")
DATES = ("intent_notice_date", "notice_date")
FLAGS = ("is_joint", "is_ppp", "is_shanty", "is_imported")
AMOUNTS = ("price_ceiling", "sme_reserved", "sme_micro")
EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    **dict.fromkeys(CODES),
    **dict.fromkeys(FLAGS, False),
    **{f"{name}_fen": None for name in AMOUNTS},
    **dict.fromkeys(DATES),
    "import_approval_id": None,
}


class PlanItem(Base):
    """One thing to buy. `quantity_milli` counts thousandths, so that three decimals stay exact."""

    __tablename__ = "plan_item"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    catalogue_code: Mapped[str] = mapped_column(String(9), index=True)
    name: Mapped[str] = mapped_column(String(200))
    spec: Mapped[str] = mapped_column(String(500))
    unit: Mapped[str] = mapped_column(String(20))
    quantity_milli: Mapped[int | None] = mapped_column(BigInteger)
    unit_price_fen: Mapped[int | None] = mapped_column(BigInteger)
    is_imported: Mapped[bool]
    energy_saving: Mapped[str | None] = mapped_column(String(20))
    sme_reserved: Mapped[bool]
    delivery: Mapped[str] = mapped_column(String(200))
    remark: Mapped[str] = mapped_column(String(500))

    @property
    def quantity(self) -> Decimal | None:
        return None if self.quantity_milli is None else Decimal(self.quantity_milli) / 1000

    @property
    def amount_fen(self) -> int:
        """Price times quantity, rounded half up to a fen; 0 while one of them is open."""
        if self.quantity is None or self.unit_price_fen is None:
            return 0
        return line_amount(self.unit_price_fen, self.quantity)

    def to_json(self) -> dict[str, Any]:
        quantity = self.quantity
        return {
            "line_no": self.line_no,
            "catalogue_code": self.catalogue_code,
            "name": self.name,
            "spec": self.spec,
            "unit": self.unit,
            "quantity": None if quantity is None else format_quantity(quantity),
            "unit_price": yuan(self.unit_price_fen),
            "amount": format_yuan(self.amount_fen),
            "is_imported": self.is_imported,
            "energy_saving": self.energy_saving,
            "sme_reserved": self.sme_reserved,
            "delivery": self.delivery,
            "remark": self.remark,
        }


class Allocation(Base):
    """How much of a plan a budget line pays."""

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("amount_fen >= 0", name="amount"),)

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    budget_line_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)

    def to_json(self) -> dict[str, Any]:
        return {"budget_line_id": str(self.budget_line_id), "amount": format_yuan(self.amount_fen)}


@dataclass
class Filled:
    """A filled-in form, before it becomes a plan's; `header` has the columns of `Header` that were sent."""

    header: Mapping[str, Any]
    items: list[PlanItem] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    @property
    def amount_fen(self) -> int:
        return sum(item.amount_fen for item in self.items)


def header_json(header: Any) -> dict[str, Any]:
    """The header as JSON: amounts as yuan in text, dates as text."""
    plain = {name: getattr(header, name) for name in (*TEXTS, *CODES, *FLAGS)}
    amounts = {name: yuan(getattr(header, f"{name}_fen")) for name in AMOUNTS}
    dates = {name: day.isoformat() if (day := getattr(header, name)) else None for name in DATES}
    approval = header.import_approval_id
    return {
        **plain,
        **amounts,
        **dates,
        "import_approval_id": str(approval) if approval else None,
    }


def yuan(fen: int | None) -> str | None:
    return None if fen is None else format_yuan(fen)
