"""The permission matrix, from the same table that the routes go by."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from services.directory.permissions import GRANTS, MATRIX, REACH_LABELS, VERB_LABELS
from shared.http import Shape, SignedIn
from shared.people import ROLE_LABELS, Role

router = APIRouter(tags=["permissions"])


class Permission(Shape):
    """A verb and how far it goes."""

    verb: str = Field(examples=["people.write"])
    verb_label: str = Field(examples=["维护人员与任职"])
    reach: str = Field(examples=["unit"])
    reach_label: str = Field(examples=["本单位"])


class RolePermissions(Shape):
    """What a role may do in the directory, and which roles it gives and takes."""

    role: str = Field(examples=["unit_administrator"])
    role_label: str = Field(examples=["单位管理员"])
    permissions: list[Permission]
    grants: list[str] = Field(examples=[["handler", "reviewer", "unit_administrator"]])


class PermissionMatrix(Shape):
    """All roles, lowest first."""

    roles: list[RolePermissions]


@router.get("/permissions", operation_id="read_permissions", summary="权限矩阵 (permission matrix)")
def read_permissions(caller: SignedIn) -> PermissionMatrix:
    """Role × verb × scope. `unit`: the own unit; `district`: the own district and all below; `everywhere`."""
    return PermissionMatrix(roles=[_of(role) for role in Role])


def _of(role: Role) -> RolePermissions:
    given = GRANTS.get(role, frozenset())
    return RolePermissions(
        role=role,
        role_label=ROLE_LABELS[role],
        permissions=[
            Permission(verb=verb, verb_label=VERB_LABELS[verb], reach=reach, reach_label=REACH_LABELS[reach])
            for verb, reach in MATRIX[role].items()
        ],
        grants=[other for other in Role if other in given],
    )
