"""Everything that an import application is judged by, looked up once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from services.plans.attachment import Attachment
from services.plans.catalogue import CatalogueItem, entries
from services.plans.district import District
from services.plans.imports.approval import ImportApproval
from services.plans.imports.policy import NoticeOrder
from services.plans.policy import Policy, policy_of
from services.plans.rule import Version
from services.plans.rules import unit_of
from services.plans.topics import Content, Imports, Years
from shared.calendar import Period
from shared.errors import Conflict
from shared.people import AppointmentCopy, OrganisationCopy, PersonCopy
from shared.store import Look
from shared.working_days import notice_end


@dataclass
class ImportRules:
    """What holds for one application today. `notice` is the period that a notice of today would have, absent
    when there is none or its end cannot be told (`no_calendar`); `staff` are names of the unit's people."""

    today: date
    unit: OrganisationCopy
    district: District
    policy: Policy
    catalogue: Mapping[str, CatalogueItem] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()
    notice: Period | None = None
    no_calendar: Conflict | None = None
    staff: frozenset[str] = frozenset()

    @property
    def imports(self) -> Imports:
        """What the district sets for import approvals."""
        return self.policy.get(Imports)

    def get(self, kind: type[Content]) -> Content:
        return self.policy.get(kind)

    def version(self, topic: str) -> Version:
        return self.policy.version(topic)

    @property
    def applied(self) -> list[Version]:
        """Every version that the application is judged by."""
        return [self.version(kind.topic) for kind in (Years, Imports)]


def rules_for(
    look: Look, approval: ImportApproval, attachments: Sequence[Attachment] | None = None
) -> ImportRules:
    """The rules for an application; `attachments` are given for an unsaved one."""
    unit, district = unit_of(look, approval.organisation_id)
    rules = ImportRules(
        today=look.today,
        unit=unit,
        district=district,
        policy=policy_of(look, district),
        catalogue=entries(look, [item.catalogue_code for item in approval.items]),
        attachments=approval.attachments if attachments is None else attachments,
        staff=_staff(look, approval),
    )
    if rules.imports.notice_order != NoticeOrder.NONE:
        try:
            rules.notice = notice_end(look, look.today, rules.imports.notice_days)
        except Conflict as missing:
            rules.no_calendar = missing
    return rules


def _staff(look: Look, approval: ImportApproval) -> frozenset[str]:
    names = {expert.name for expert in approval.experts if expert.name}
    if not names:
        return frozenset()
    appointed = select(AppointmentCopy.person_id).where(
        AppointmentCopy.organisation_id == approval.organisation_id, AppointmentCopy.on(look.today)
    )
    people = select(PersonCopy.name).where(PersonCopy.person_id.in_(appointed), PersonCopy.name.in_(names))
    return frozenset(look.all(people))
