"""Everything that a plan is judged by, looked up once: unit, district's rules, codes, budget lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.plans.attachment import Attachment
from services.plans.budget import BudgetLine
from services.plans.catalogue import CatalogueItem, entries
from services.plans.district import District
from services.plans.imports.coverage import Cover, cover_of
from services.plans.plan import Plan
from services.plans.policy import Policy, Threshold, policy_of
from services.plans.rule import Version
from services.plans.splitting import bought_before
from services.plans.topics import Content, Splitting, Thresholds
from shared.calendar import Calendar
from shared.errors import Conflict
from shared.people import DistrictCopy, OrganisationCopy
from shared.store import Look
from shared.working_days import calendar_of


@dataclass
class Rules:
    """What holds for one plan today. `bought_before` is what the unit's other plans of the year want of the
    same classes of items by methods other than open tendering, in fen; `cover` the import approval that it
    names; the `calendar` is looked up for a method with a notice."""

    today: date
    unit: OrganisationCopy
    district: District
    policy: Policy
    threshold: Threshold | None = None
    catalogue: Mapping[str, CatalogueItem] = field(default_factory=dict)
    lines: Mapping[UUID, BudgetLine] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()
    bought_before: Mapping[str, int] = field(default_factory=dict)
    cover: Cover | None = None
    calendar: Calendar = field(default_factory=lambda: Calendar({}))

    def get(self, kind: type[Content]) -> Content:
        return self.policy.get(kind)

    def version(self, topic: str) -> Version:
        """The version of a rule that the plan is judged by."""
        if topic == Thresholds.topic and self.threshold is not None:
            return self.threshold.version
        return self.policy.version(topic)

    @property
    def applied(self) -> list[Version]:
        """Every version that the plan is judged by."""
        return [self.version(held.topic) for held in self.policy.versions]


def unit_of(look: Look, organisation_id: UUID) -> tuple[OrganisationCopy, District]:
    """A unit and its district. Raises `Conflict` (`unit_not_known_yet`) before the copies have arrived."""
    row: Any = look.execute(
        select(OrganisationCopy, DistrictCopy)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(OrganisationCopy.organisation_id == organisation_id)
    ).first()
    if row is None:
        raise Conflict("unit_not_known_yet", "单位信息正在同步，请稍后重试", "not known here yet; try again")
    return row[0], District.of(row[1])


def rules_for(
    look: Look,
    plan: Plan,
    lines: Mapping[UUID, BudgetLine] | None = None,
    attachments: Sequence[Attachment] | None = None,
) -> Rules:
    """The rules for a plan; `lines` are given when already locked, `attachments` for an unsaved plan."""
    unit, district = unit_of(look, plan.organisation_id)
    if lines is None:
        lines = budget_lines(look, plan)
    policy = policy_of(look, district)
    rules = Rules(
        today=look.today,
        unit=unit,
        district=district,
        policy=policy,
        threshold=policy.threshold(district, plan.kind),
        catalogue=entries(look, [item.catalogue_code for item in plan.items]),
        lines=lines,
        attachments=plan.attachments if attachments is None else attachments,
    )
    rules.cover = cover_of(look, plan)
    if plan.method == "single_source":
        rules.calendar = calendar_of(look)
    limit = rules.threshold.open_tender_from_fen if rules.threshold else None
    by_other_method = plan.method not in (None, "open_tender")
    if by_other_method and limit is not None and policy.get(Splitting).enforcement != "off":
        projects = {line.project_code for line in lines.values()}
        rules.bought_before = bought_before(look, plan, rules.catalogue, projects, limit)
    return rules


def budget_lines(look: Look, plan: Plan) -> dict[UUID, BudgetLine]:
    """The lines that a plan draws on; another unit's line is not there, whatever the form says."""
    if not plan.allocations:
        return {}
    return {line.id: line for line in look.all(lines_of(plan))}


def lines_of(plan: Plan) -> Select[BudgetLine]:
    ids = [allocation.budget_line_id for allocation in plan.allocations]
    wanted = select(BudgetLine).where(BudgetLine.id.in_(ids))
    return wanted.where(BudgetLine.organisation_id == plan.organisation_id).order_by(BudgetLine.id)
