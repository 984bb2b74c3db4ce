"""Whether an import approval covers a plan: catalogue, unit, year, and what its other plans have taken of it.

Locks: the plan's row first, then its approval's, then its budget lines in the order of their ids. Whoever
holds an approval's row never waits for a plan's: what an approval's end does to plans is done in
transactions of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from services.plans.form import PlanItem
from services.plans.imports.approval import ImportApproval
from services.plans.plan import RESERVED, Plan, Status
from shared.errors import Problem
from shared.money import format_quantity, format_yuan
from shared.store import Look


@dataclass(frozen=True)
class Amount:
    """How much of a catalogue code: a quantity in thousandths of its unit, and fen."""

    quantity_milli: int = 0
    fen: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.quantity_milli + other.quantity_milli, self.fen + other.fen)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.quantity_milli - other.quantity_milli, self.fen - other.fen)


Amounts = Mapping[str, Amount]
NONE = Amount()


@dataclass(frozen=True)
class Cover:
    """An approval that a plan names, and what the unit's other plans have taken of it, by catalogue code."""

    approval: ImportApproval
    taken: Amounts = field(default_factory=dict)

    @property
    def approved(self) -> Amounts:
        return summed(self.approval.items)

    @property
    def units(self) -> Mapping[str, str]:
        """The unit of measure of each catalogue code."""
        return {item.catalogue_code: item.unit for item in self.approval.items}

    def left(self, code: str) -> Amount:
        return self.approved.get(code, NONE) - self.taken.get(code, NONE)


def summed(items: Iterable[Any]) -> dict[str, Amount]:
    """Items of an approval or of a plan together, by catalogue code."""
    found: dict[str, Amount] = {}
    for item in items:
        amount = Amount(item.quantity_milli or 0, item.amount_fen)
        found[item.catalogue_code] = found.get(item.catalogue_code, NONE) + amount
    return found


def cover_of(look: Look, plan: Plan) -> Cover | None:
    """The approval that a plan names, if it is one of its unit; in a `Work` it is locked, so that two plans
    never take the last of it."""
    if plan.import_approval_id is None:
        return None
    approval = look.find(ImportApproval, plan.import_approval_id)
    if approval is None or approval.organisation_id != plan.organisation_id:
        return None
    return Cover(approval, taken_by_others(look, approval.id, plan.id))


def taken_by_others(look: Look, approval_id: UUID, plan_id: UUID | None = None) -> dict[str, Amount]:
    """What live plans take of an approval: those under review or in use, and closed ones that bought of it
    (which items a trade was about, plans does not know: they count whole)."""
    live = or_(Plan.status.in_(RESERVED), (Plan.status == Status.CLOSED) & (Plan.consumed_fen > 0))
    items = (
        select(PlanItem)
        .join(Plan, Plan.id == PlanItem.plan_id)
        .where(Plan.import_approval_id == approval_id, PlanItem.is_imported, live)
    )
    return summed(look.all(items.where(Plan.id != plan_id) if plan_id else items))


def uncovered(plan: Plan, cover: Cover | None, today: date) -> Iterator[Problem]:
    """What an imported plan lacks although it names an approval (财库〔2007〕119号 art. 5)."""
    pointer = "/import_approval_id"
    if cover is None:
        yield Problem("import_approval_unknown", "进口核准不存在或不属于本单位", pointer, "no such approval")
        return
    if problem := not_valid(cover.approval, today):
        yield problem
    if cover.approval.fiscal_year != plan.fiscal_year:
        text = f"进口核准属于 {cover.approval.fiscal_year} 年度，与计划年度不一致"
        yield Problem("import_approval_of_other_year", text, pointer, "of another fiscal year")
    if not any(item.is_imported for item in plan.items):
        text = "明细中没有标明进口产品"
        yield Problem("import_item_missing", text, "/items", "no item is marked as imported")
    yield from _shortfalls(plan, cover)


def not_valid(approval: ImportApproval, today: date) -> Problem | None:
    """Why plans cannot rely on an approval on a day."""
    if approval.holds_on(today):
        return None
    pointer = "/import_approval_id"
    if approval.valid_to is not None and approval.status in ("approved", "expired"):
        text = f"进口核准 {approval.approval_number} 已于 {approval.valid_to} 到期"
        return Problem("import_approval_expired", text, pointer, f"it was valid until {approval.valid_to}")
    if approval.returned_code == "revoked":
        text = f"进口核准 {approval.approval_number} 已被撤销：{approval.returned_reason}"
        return Problem("import_approval_revoked", text, pointer, "it was revoked")
    text = f"进口核准当前为“{approval.status_label}”，尚不能使用"
    return Problem("import_approval_not_approved", text, pointer, f"it is {approval.status}")


def _shortfalls(plan: Plan, cover: Cover) -> Iterator[Problem]:
    """Each code is approved, in the same unit of measure, and no more of it is wanted than is left, neither
    in quantity nor in money."""
    wanted = summed(item for item in plan.items if item.is_imported)
    seen: set[str] = set()
    for place, item in enumerate(plan.items):
        if not item.is_imported or not item.catalogue_code:
            continue
        code, pointer = item.catalogue_code, f"/items/{place}"
        if code not in cover.approved:
            text = f"品目 {code} 不在进口核准范围内"
            yield Problem("import_item_not_approved", text, f"{pointer}/catalogue_code", "not approved")
        elif item.unit != cover.units[code]:
            text = f"计量单位须与进口核准一致（{cover.units[code]}）"
            yield Problem("import_unit_differs", text, f"{pointer}/unit", "another unit of measure")
        elif code not in seen:
            seen.add(code)
            yield from _too_much(code, pointer, wanted[code], cover.left(code))


def _too_much(code: str, pointer: str, wanted: Amount, left: Amount) -> Iterator[Problem]:
    if wanted.quantity_milli > left.quantity_milli:
        rest = _quantity(left)
        text = f"品目 {code} 超出进口核准数量，剩余 {rest}"
        yield Problem("import_quantity_exceeded", text, f"{pointer}/quantity", f"only {rest} is left")
    if wanted.fen > left.fen:
        rest = format_yuan(max(left.fen, 0))
        text = f"品目 {code} 超出进口核准金额，剩余 {rest} 元"
        yield Problem("import_amount_exceeded", text, f"{pointer}/unit_price", f"only {rest} yuan is left")


def _quantity(amount: Amount) -> str:
    return format_quantity(Decimal(max(amount.quantity_milli, 0)) / 1000)
