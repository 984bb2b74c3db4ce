"""CSV imports of organisations and people: a preview, then all lines or none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, File, Query, Response, UploadFile

from services.directory import password as passwords
from services.directory.organisation_import import import_organisations
from services.directory.people_import import import_people
from services.directory.permissions import Verb, require
from services.directory.schemas.imports import ImportShape, InitialPassword, import_shape
from shared.csvfile import SIZE_LIMIT
from shared.errors import invalid
from shared.http import DoOnce, SignedIn, StoreHere, shown
from shared.store import Store, Work

router = APIRouter(tags=["imports"])
Outcome = TypeVar("Outcome")
CsvFile = Annotated[UploadFile, File(description="CSV：UTF-8、带 BOM 的 UTF-8 或 GBK")]
Commit = Annotated[bool, Query(description="false 只检查；true 全部写入或全部不写 (all or nothing)")]


class NotKept(Exception):
    """Leaves the transaction, so that nothing of a trial remains."""


@router.post(
    "/imports/organisations",
    operation_id="import_organisations",
    summary="导入单位 (import organisations)",
    response_model=ImportShape,
)
def import_organisations_file(
    file: CsvFile, caller: SignedIn, store: StoreHere, once: DoOnce, commit: Commit = False
) -> Response:
    """Columns: uscc, name, kind, district_code, superior_uscc, import_exempt_class (or in Chinese).

    `commit=false` tells what would become of each line; `commit=true` keeps all, or with any problem nothing
    (422 with the problems by line).
    """
    require(caller, Verb.WRITE_ORGANISATIONS)
    data = file.file.read(SIZE_LIMIT + 1)
    if not commit:
        trial = _tried(store, lambda work: import_organisations(work, data, caller))
        return shown(import_shape(trial, committed=False))
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work, hashlib.sha256(data).hexdigest())) is not None:
            return before
        found = import_organisations(work, data, caller)
        if found.problems:
            raise invalid(found.problems)
        return once.answer(work, import_shape(found, committed=True))


@router.post(
    "/imports/people",
    operation_id="import_people",
    summary="导入人员与任职 (import people)",
    response_model=ImportShape,
)
def import_people_file(
    file: CsvFile, caller: SignedIn, store: StoreHere, once: DoOnce, commit: Commit = False
) -> Response:
    """Columns: login, name, email, phone, organisation (its credit code), role, positions; a line for each
    appointment. New accounts get random one-time passwords, shown in the answer of the commit only.
    """
    require(caller, Verb.WRITE_PEOPLE)
    data = file.file.read(SIZE_LIMIT + 1)
    trial = _tried(store, lambda work: import_people(work, data, caller, {}))
    if not commit:
        return shown(import_shape(trial.found, committed=False))
    if trial.found.problems:
        raise invalid(trial.found.problems)
    given = {login: passwords.random_password() for login in trial.made}
    hashes = {login: passwords.hash_password(password) for login, password in given.items()}
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work, hashlib.sha256(data).hexdigest())) is not None:
            return before
        done = import_people(work, data, caller, hashes)
        if done.found.problems:
            raise invalid(done.found.problems)
        shape = import_shape(done.found, committed=True)
        once.answer(work, shape)
    told = [InitialPassword(login=login, password=given[login]) for login in done.made]
    return shown(shape.model_copy(update={"initial_passwords": told}))


def _tried(store: Store, attempt: Callable[[Work], Outcome]) -> Outcome:
    """What an import would do; nothing of it is kept."""
    outcome: list[Outcome] = []
    try:
        with store.work() as work:
            outcome.append(attempt(work))
            raise NotKept
    except NotKept:
        return outcome[0]
