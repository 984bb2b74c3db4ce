"""Districts as they travel over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from services.directory.district import LEVELS, District
from services.directory.permissions import Verb, reaches
from services.directory.schemas.actions import AvailableAction, active_label, offered
from shared.http import Body, Shape
from shared.people import Caller

DistrictCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
DistrictName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Level = Literal["province", "prefecture", "county", "statistical_zone"]


class NewDistrict(Body):
    """A district below another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"code": "140191", "name": "示例新区", "level": "county", "parent_code": "140100"},
            ]
        }
    )

    code: DistrictCode
    name: DistrictName
    name_en: Annotated[str, Field(max_length=100)] = ""
    level: Level
    parent_code: DistrictCode | None = None
    selectable: bool = True


class DistrictChange(Body):
    """The fields to change; the others stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "示例新区（更名）"}]})

    name: DistrictName = ""
    name_en: Annotated[str, Field(max_length=100)] = ""
    selectable: bool = True


class DistrictShape(Shape):
    """A district; `path` lists the codes from the root."""

    code: str = Field(examples=["140105"])
    name: str = Field(examples=["小店区"])
    name_en: str
    level: str = Field(examples=["county"])
    level_label: str = Field(examples=["县级"])
    parent_code: str | None = Field(examples=["140100"])
    path: str = Field(examples=["/140000/140100/140105/"])
    selectable: bool
    status_label: str
    version: int
    available_actions: list[AvailableAction]


def district_shape(district: District, caller: Caller) -> DistrictShape:
    reason = "" if reaches(caller, Verb.WRITE_DISTRICTS) else "只有平台管理员可以维护区划"
    return DistrictShape(
        code=district.code,
        name=district.name,
        name_en=district.name_en,
        level=district.level,
        level_label=LEVELS[district.level],
        parent_code=district.parent_code,
        path=district.path,
        selectable=district.selectable,
        status_label=active_label(district.selectable),
        version=district.version,
        available_actions=[offered("change", "修改", f"PATCH /districts/{district.code}", reason)],
    )
