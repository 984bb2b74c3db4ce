"""Signing in as it travels over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from services.directory.organisation import KIND_LABELS, Kind, Organisation
from services.directory.schemas.people import AccountShape, AppointmentShape, Password
from shared.http import Body, Shape


class SignIn(Body):
    """Login and password; `organisation_id` when a person acts for several."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"login": "zhang.wei", "password": "correct horse battery"}]}
    )

    login: Annotated[str, Field(max_length=64)]
    password: Password
    organisation_id: UUID | None = None


class Renew(Body):
    """Another organisation to act for, or nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    organisation_id: UUID | None = None


class PasswordChange(Body):
    """The password so far, temporary or not, and the new one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "zhang.wei",
                    "password": "given-by-administrator",
                    "new_password": "correct horse battery",
                }
            ]
        }
    )

    login: Annotated[str, Field(max_length=64)]
    password: Password
    new_password: Password


class ActingFor(Shape):
    """An organisation that the person may act for."""

    id: UUID
    name: str = Field(examples=["示例市人民医院"])
    kind: str = Field(examples=["purchaser"])
    kind_label: str = Field(examples=["采购单位"])
    district_code: str = Field(examples=["140100"])
    district_name: str = Field(examples=["太原市"])


class SignedInPerson(Shape):
    """Who has signed in."""

    id: UUID
    name: str = Field(examples=["张伟"])
    login: str = Field(examples=["zhang.wei"])


class SessionShape(Shape):
    """A token for `Authorization: Bearer`, and whom it stands for."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="秒 (seconds)", examples=[900])
    person: SignedInPerson
    organisation: ActingFor
    organisations: list[ActingFor]
    roles: list[str] = Field(
        description="在该单位的角色 (in the organisation acted for)", examples=[["handler"]]
    )
    role_labels: list[str] = Field(examples=[["经办人"]])


class OpenSession(Shape):
    """One of the places where the person is signed in."""

    id: UUID
    opened_at: datetime
    idle_until: datetime
    client: str


class Me(Shape):
    """The caller himself."""

    id: UUID
    name: str
    organisation: ActingFor
    roles: list[str]
    role_labels: list[str]
    version: int
    account: AccountShape
    appointments: list[AppointmentShape]


def acting_for(organisation: Organisation) -> ActingFor:
    return ActingFor(
        id=organisation.id,
        name=organisation.name,
        kind=organisation.kind,
        kind_label=KIND_LABELS[Kind(organisation.kind)],
        district_code=organisation.district_code,
        district_name=organisation.district.name,
    )
