"""An organisation (单位): where people are appointed; it has a district and perhaps a superior unit."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Uuid, false, or_, select, true
from sqlalchemy.orm import Mapped, mapped_column, relationship
from stdnum.cn import uscc as social_credit_code

from services.directory.district import District
from services.directory.permissions import Reach, Verb, covers, reaches
from services.directory.tables import Directory
from shared.database import new_id
from shared.errors import Conflict, Problem
from shared.events.directory import OrganisationChanged
from shared.people import Caller
from shared.store import Look


class Kind(StrEnum):
    """What an organisation is."""

    PURCHASER = "purchaser"
    FINANCE = "finance"
    SUPERVISING = "supervising"
    UNIVERSITY = "university"
    RESEARCH = "research"
    PLATFORM = "platform"


KIND_LABELS = {
    Kind.PURCHASER: "采购单位",
    Kind.FINANCE: "财政部门",
    Kind.SUPERVISING: "主管部门",
    Kind.UNIVERSITY: "高等院校",
    Kind.RESEARCH: "科研机构",
    Kind.PLATFORM: "平台运营机构",
}
STARTING_KINDS = frozenset({Kind.FINANCE, Kind.SUPERVISING, Kind.PLATFORM})
"""The bodies that a platform administrator may make, so that a district can begin."""
NOT_YET = UUID(int=0)
"""An organisation that does not exist yet is nobody's own unit."""


class Organisation(Directory):
    """`superior_id` is the 主管单位; an `import_exempt_class` (university, research) files imports only."""

    __tablename__ = "organisation"
    __table_args__ = (Index("ix_organisation_district_code_kind", "district_code", "kind"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    district_code: Mapped[str] = mapped_column(ForeignKey("district.code"))
    superior_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    import_exempt_class: Mapped[str | None] = mapped_column(String(20))
    active: Mapped[bool]

    district: Mapped[District] = relationship(lazy="selectin", viewonly=True)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        return cls.within(caller, Verb.READ_ORGANISATIONS)

    @classmethod
    def within(cls, caller: Caller, verb: Verb) -> ColumnElement[bool]:
        """The organisations that the caller's roles reach with a verb."""
        found = reaches(caller, verb)
        if Reach.EVERYWHERE in found:
            return true()
        wanted: list[ColumnElement[bool]] = []
        if Reach.UNIT in found:
            wanted.append(cls.id == caller.organisation_id)
        if Reach.DISTRICT in found:
            below = District.path.startswith(caller.district_path, autoescape=True)
            wanted.append(cls.district_code.in_(select(District.code).where(below)))
        return or_(*wanted) if wanted else false()

    def changed(self) -> OrganisationChanged:
        """The whole state as others see it."""
        return OrganisationChanged(
            organisation_id=self.id,
            version=self.version,
            uscc=self.uscc or "",
            name=self.name,
            kind=self.kind,
            district_code=self.district_code,
            superior_id=self.superior_id,
            import_exempt_class=self.import_exempt_class,
            active=self.active,
        )

    def change(self, **values: object) -> OrganisationChanged:
        """Sets the given fields: name, kind, superior_id, import_exempt_class, active."""
        for name, value in values.items():
            setattr(self, name, value)
        self.version += 1
        return self.changed()


def new_organisation(uscc: str | None, name: str, kind: Kind, district: District) -> Organisation:
    """An active organisation; only the platform's own has no unified social credit code."""
    return Organisation(
        id=new_id(),
        version=1,
        uscc=uscc,
        name=name,
        kind=kind,
        district_code=district.code,
        district=district,
        superior_id=None,
        import_exempt_class=None,
        active=True,
    )


def uscc_problem(uscc: str, pointer: str) -> Problem | None:
    """What is wrong with a unified social credit code (GB 32100-2015), if anything."""
    if social_credit_code.is_valid(uscc) and social_credit_code.compact(uscc) == uscc:
        return None
    return Problem(
        "uscc_invalid", "统一社会信用代码不正确", pointer, "not a valid unified social credit code"
    )


def uscc_taken(look: Look, usccs: Iterable[str]) -> set[str]:
    """Those codes that an organisation has already, wherever it is."""
    return {uscc for uscc in look.all(select(Organisation.uscc).where(Organisation.uscc.in_(usccs))) if uscc}


def check_superior(look: Look, organisation_id: UUID, superior_id: UUID) -> None:
    """Raises `Conflict` (`superior_cycle`) when the organisation would stand above itself.

    The caller holds the turn `superiors`, so that two changes cannot close a cycle together.
    """
    above: UUID | None = superior_id
    while above is not None:
        if above == organisation_id:
            raise Conflict(
                "superior_cycle", "主管单位不能是本单位或其下级单位", "the superiors would form a cycle"
            )
        above = look.first(select(Organisation.superior_id).where(Organisation.id == above))


def kind_refused(caller: Caller, kind: Kind) -> str:
    """Why the caller may not keep organisations of a kind; empty when he may."""
    found = reaches(caller, Verb.WRITE_ORGANISATIONS)
    if kind is Kind.PLATFORM:
        return "" if Reach.EVERYWHERE in found else "平台运营机构由平台管理员维护"
    if Reach.DISTRICT not in found and kind not in STARTING_KINDS:
        return f"“{KIND_LABELS[kind]}”由区划管理员维护"
    return ""


def place_for_new(look: Look, code: str, caller: Caller) -> District | Problem:
    """A district in which the caller may keep organisations, or what is wrong with it."""
    district = look.find(District, code)
    pointer = "/district_code"
    if district is None:
        return Problem("district_unknown", "区划不存在", pointer, "no such district")
    if not covers(caller, Verb.WRITE_ORGANISATIONS, NOT_YET, district.path):
        return Problem("district_beyond_reach", "区划不在您的管理范围内", pointer, "beyond your district")
    if not district.selectable:
        return Problem("district_closed", "该区划不能设立单位", pointer, "no organisations can be there")
    return district
