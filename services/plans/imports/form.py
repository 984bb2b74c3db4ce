"""What an applicant fills in for an import approval (进口产品采购申请): header, items, experts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.form import yuan
from services.plans.tables import Base
from shared.money import format_quantity, format_yuan, line_amount


class ImportHeader:
    """The columns that the applicant fills in; a draft may leave any of them open."""

    name: Mapped[str] = mapped_column(String(200))
    category: Mapped[str | None] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(2000))
    reason: Mapped[str] = mapped_column(String(4000))
    policy_basis: Mapped[str] = mapped_column(String(500))
    contact_name: Mapped[str] = mapped_column(String(100))
    contact_phone: Mapped[str] = mapped_column(String(40))


TEXTS = ("name", "purpose", "reason", "policy_basis", "contact_name", "contact_phone")
EMPTY: Mapping[str, Any] = {**dict.fromkeys(TEXTS, ""), "category": None}


class ImportItem(Base):
    """One product to import (采购清单). `quantity_milli` counts thousandths: three decimals stay exact."""

    __tablename__ = "import_item"

    approval_id: Mapped[UUID] = mapped_column(ForeignKey("import_approval.id"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    catalogue_code: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    spec: Mapped[str] = mapped_column(String(500))
    unit: Mapped[str] = mapped_column(String(20))
    quantity_milli: Mapped[int | None] = mapped_column(BigInteger)
    unit_price_fen: Mapped[int | None] = mapped_column(BigInteger)
    origin: Mapped[str] = mapped_column(String(100))
    technical_reason: Mapped[str] = mapped_column(String(1000))
    domestic_reason: Mapped[str] = mapped_column(String(1000))

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
        texts = ("catalogue_code", "name", "spec", "unit", "origin", "technical_reason", "domestic_reason")
        return {
            "line_no": self.line_no,
            **{name: getattr(self, name) for name in texts},
            "quantity": None if quantity is None else format_quantity(quantity),
            "unit_price": yuan(self.unit_price_fen),
            "amount": format_yuan(self.amount_fen),
        }


class ImportExpert(Base):
    """A member of the expert group, with what he said (论证意见)."""

    __tablename__ = "import_expert"

    approval_id: Mapped[UUID] = mapped_column(ForeignKey("import_approval.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    organisation: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(100))
    expert_role: Mapped[str | None] = mapped_column(String(20))
    opinion: Mapped[str] = mapped_column(String(2000))

    def to_json(self) -> dict[str, Any]:
        names = ("name", "organisation", "title", "expert_role", "opinion")
        return {name: getattr(self, name) for name in names}


@dataclass
class ImportFilled:
    """A filled-in form, before it becomes an approval's; `header` has the columns that were sent."""

    header: Mapping[str, Any]
    items: list[ImportItem] = field(default_factory=list)
    experts: list[ImportExpert] = field(default_factory=list)

    @property
    def amount_fen(self) -> int:
        return sum(item.amount_fen for item in self.items)


def header_json(header: Any) -> dict[str, Any]:
    return {name: getattr(header, name) for name in (*TEXTS, "category")}
