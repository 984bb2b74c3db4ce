"""Organisations as they travel over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from services.directory.organisation import KIND_LABELS, Kind, Organisation, kind_refused
from services.directory.permissions import Verb, covers
from services.directory.schemas.actions import AvailableAction, active_label, offered
from services.directory.schemas.districts import DistrictCode
from shared.http import Body, Shape
from shared.people import Caller

Uscc = Annotated[str, StringConstraints(to_upper=True, min_length=18, max_length=18)]
OrganisationName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ExemptClass = Literal["university", "research"]


class NewOrganisation(Body):
    """An organisation; its district never changes afterwards."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "uscc": "1214010000TEXT048K",
                    "name": "示例市人民医院",
                    "kind": "purchaser",
                    "district_code": "140100",
                }
            ]
        }
    )

    uscc: Uscc = Field(description="统一社会信用代码 (GB 32100)")
    name: OrganisationName
    kind: Kind
    district_code: DistrictCode
    superior_id: UUID | None = Field(None, description="主管单位")
    import_exempt_class: ExemptClass | None = None


class OrganisationChange(Body):
    """The fields to change; the others stay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "示例市第一人民医院", "active": True}]}
    )

    name: OrganisationName = ""
    kind: Kind = Kind.PURCHASER
    superior_id: UUID | None = None
    import_exempt_class: ExemptClass | None = None
    active: bool = True


class OrganisationShape(Shape):
    """An organisation."""

    id: UUID
    uscc: str | None = Field(examples=["1214010000TEXT048K"])
    name: str = Field(examples=["示例市人民医院"])
    kind: str = Field(examples=["purchaser"])
    kind_label: str = Field(examples=["采购单位"])
    district_code: str = Field(examples=["140100"])
    district_name: str = Field(examples=["太原市"])
    superior_id: UUID | None
    import_exempt_class: str | None
    active: bool
    status_label: str = Field(examples=["启用"])
    version: int
    available_actions: list[AvailableAction]


class OrganisationCounts(Shape):
    """How many the list holds with the same filters, in all and by kind."""

    total: int
    by_kind: dict[str, int] = Field(examples=[{"purchaser": 12, "finance": 1}])


def organisation_shape(organisation: Organisation, caller: Caller) -> OrganisationShape:
    return OrganisationShape(
        id=organisation.id,
        uscc=organisation.uscc,
        name=organisation.name,
        kind=organisation.kind,
        kind_label=KIND_LABELS[Kind(organisation.kind)],
        district_code=organisation.district_code,
        district_name=organisation.district.name,
        superior_id=organisation.superior_id,
        import_exempt_class=organisation.import_exempt_class,
        active=organisation.active,
        status_label=active_label(organisation.active),
        version=organisation.version,
        available_actions=_actions(organisation, caller),
    )


def _actions(organisation: Organisation, caller: Caller) -> list[AvailableAction]:
    path = organisation.district.path
    refused = kind_refused(caller, Kind(organisation.kind))
    write = refused if covers(caller, Verb.WRITE_ORGANISATIONS, organisation.id, path) else "您不能维护该单位"
    people = "" if covers(caller, Verb.WRITE_PEOPLE, organisation.id, path) else "您不能维护该单位的人员"
    return [
        offered("change", "修改", f"PATCH /organisations/{organisation.id}", write),
        offered("add_person", "新增人员", "POST /people", people),
    ]
