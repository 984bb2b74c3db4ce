"""Plans, lines and rules on paper: built without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from services.plans.budget import BudgetLine, Entry
from services.plans.catalogue import CatalogueItem, parent_of
from services.plans.district import District
from services.plans.form import Allocation, Filled, PlanItem
from services.plans.plan import Plan
from services.plans.policy import Policy, Threshold, national
from services.plans.rule import Version
from services.plans.rules import Rules
from services.plans.topics import TOPICS
from shared.people import Caller, OrganisationCopy, Role

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
TAIYUAN = District("140100", "太原市", "prefecture", "/140000/140100/")
LIN = Caller(uuid4(), "林经办", uuid4(), "市人民医院", "140100", TAIYUAN.path, frozenset({Role.HANDLER}))


def a_unit(**changes: Any) -> OrganisationCopy:
    about = {"name": "市人民医院", "uscc": "1214010000TEXT048K", "import_exempt_class": None, "active": True}
    return OrganisationCopy(
        organisation_id=LIN.organisation_id, district_code="140100", **{**about, **changes}
    )


def an_item(code: str = "A02010108", quantity: str = "10", price: int = 600000, **more: Any) -> PlanItem:
    empty = {"spec": "", "unit": "台", "energy_saving": None, "delivery": "", "remark": ""}
    flags = {"is_imported": False, "sme_reserved": False, "name": "便携式计算机", "line_no": 1}
    milli = int(Decimal(quantity) * 1000)
    return PlanItem(
        catalogue_code=code, quantity_milli=milli, unit_price_fen=price, **{**empty, **flags, **more}
    )


def a_plan(items: list[PlanItem] | None = None, parts: list[Allocation] | None = None, **header: Any) -> Plan:
    plan = Plan.draft(2026, LIN, a_unit(), TAIYUAN, AT)
    about = {
        "name": "办公设备采购",
        "kind": "goods",
        "organisation_form": "central_agency",
        "method": "open_tender",
    }
    plan.fill(Filled({**about, **header}, [an_item()] if items is None else items, parts or []), AT)
    return plan


def a_code(code: str, kind: str = "goods", selectable: bool = True) -> CatalogueItem:
    return CatalogueItem(
        code=code, name_zh=code, name_en="", kind=kind, parent_code=parent_of(code), selectable=selectable
    )


def a_line(fen: int = 10_000_000, year: int = 2026, catalogue_code: str = "") -> BudgetLine:
    line = BudgetLine.empty(
        AT,
        fiscal_year=year,
        organisation_id=LIN.organisation_id,
        project_code="P",
        project_name="设备购置",
        fund_nature="general",
        catalogue_code=catalogue_code,
    )
    line.enter(Entry.APPROVED, fen, AT)
    return line


def a_version(topic: str, content: dict[str, Any] | None = None) -> Version:
    """A version that the city has set."""
    kind = TOPICS[topic]
    return Version(
        topic=topic,
        district_code="140100",
        version=3,
        effective_from=date(2026, 6, 1),
        source="市财购〔2026〕1号",
        is_sample=False,
        content=kind.model_validate(content or {}),
    )


def a_policy(**contents: dict[str, Any]) -> Policy:
    """The rules of the country, and these contents of the city before them."""
    chains = {version.topic: [version] for version in national(date(2026, 11, 23))}
    for topic, content in contents.items():
        chains[topic].insert(0, a_version(topic, content))
    return Policy(chains)


def a_threshold(open_tender: int, limit: int = 0) -> Threshold:
    return Threshold(open_tender, limit, a_version("thresholds", {"amounts": []}))


def the_rules(**changes: Any) -> Rules:
    catalogue = [
        a_code("A02010108"),
        a_code("A02000000", selectable=False),
        a_code("C24000000", kind="services"),
    ]
    about: dict[str, Any] = {
        "today": date(2026, 11, 23),
        "unit": a_unit(),
        "district": TAIYUAN,
        "policy": a_policy(),
        "catalogue": {code.code: code for code in catalogue},
    }
    return Rules(**{**about, **changes})
