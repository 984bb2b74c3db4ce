"""Service accounts as they travel over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from services.directory.schemas.actions import AvailableAction, active_label, offered
from services.directory.schemas.districts import DistrictCode
from services.directory.service_account import ServiceAccount
from shared.http import Body, Shape


class NewServiceAccount(Body):
    """A program outside, and the district in which it acts, with all below it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "省交易系统", "district_code": "140000"}]}
    )

    district_code: DistrictCode
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ServiceSignIn(Body):
    """The account's id and secret."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "0190b0a2-0000-7000-8000-000000000003", "secret": "shown-once-at-creation"}]
        }
    )

    id: UUID
    secret: Annotated[str, Field(max_length=100)]


class ServiceToken(Shape):
    """A token of fifteen minutes."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(examples=[900])


class ServiceAccountShape(Shape):
    """A service account; the secret only in the answer that made it. Without a district it acts
    everywhere."""

    id: UUID
    name: str = Field(examples=["省交易系统"])
    district_code: str | None = Field(examples=["140000"])
    district_name: str = Field(examples=["山西省"])
    active: bool
    status_label: str = Field(examples=["启用"])
    created_at: datetime
    version: int
    secret: str | None = Field(None, description="只显示一次 (shown once)")
    available_actions: list[AvailableAction]


def service_account_shape(account: ServiceAccount, secret: str | None = None) -> ServiceAccountShape:
    reason = "" if account.active else "已停用"
    path = f"POST /service-accounts/{account.id}"
    return ServiceAccountShape(
        id=account.id,
        name=account.name,
        district_code=account.district_code,
        district_name=account.district.name if account.district else "",
        active=account.active,
        status_label=active_label(account.active),
        created_at=account.created_at,
        version=account.version,
        secret=secret,
        available_actions=[
            offered("renew_secret", "更换密钥", f"{path}/secret", reason),
            offered("deactivate", "停用", f"{path}/deactivate", reason),
        ],
    )
