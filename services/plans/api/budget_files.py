"""Routes of CSV files about budgets: new lines and adjustments, previewed first, then all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, UploadFile
from pydantic import BaseModel

from services.plans.adjustment_file import import_adjustments
from services.plans.budget_file import import_lines
from shared.csvfile import SIZE_LIMIT, LineProblem
from shared.errors import invalid
from shared.http import DoOnce, Once, SignedIn, StoreHere
from shared.people import Caller, Role
from shared.store import Store, Work

router = APIRouter(tags=["budgets"])


class ImportProblem(BaseModel):
    """What is wrong with a line of the file."""

    line: int
    column: str
    code: str
    text: str


class ImportShape(BaseModel):
    """What an import did, or would do (`preview`); problems are those of a preview."""

    preview: bool
    rows: int
    created: int
    problems: list[ImportProblem]


class NotKept(Exception):
    """Leaves the transaction, so that nothing of an import remains."""

    def __init__(self, rows: int, problems: list[LineProblem]) -> None:
        super().__init__(rows)
        self.rows = rows
        self.problems = problems


def told(problems: list[LineProblem]) -> list[ImportProblem]:
    return [
        ImportProblem(line=problem.line, column=problem.column, code=problem.code, text=problem.text)
        for problem in problems
    ]


@dataclass(frozen=True)
class Upload:
    """A file that somebody sends, to be looked at (`preview`) or kept."""

    store: Store
    caller: Caller
    once: Once
    data: bytes
    preview: bool

    def take(self, read: Callable[[Work, bytes, Caller], tuple[Sized, list[LineProblem]]]) -> ImportShape:
        """Keeps what `read` makes of the file; nothing of it in a preview. Raises `Invalid` with every
        problem of what should be kept."""
        self.caller.require(Role.FINANCE)
        try:
            with self.store.work(actor=self.caller.actor) as work:
                before = self.once.before(work, hashlib.sha256(self.data).hexdigest())
                if before is not None:
                    return ImportShape.model_validate_json(bytes(before.body))
                made, problems = read(work, self.data, self.caller)
                done = ImportShape(preview=False, rows=len(made), created=len(made), problems=[])
                if self.preview or problems:
                    raise NotKept(len(made), problems)
                self.once.answer(work, done)
            return done
        except NotKept as nothing:
            if not self.preview:
                raise invalid(nothing.problems) from None
            wrong = told(nothing.problems)
            return ImportShape(preview=self.preview, rows=nothing.rows, created=0, problems=wrong)


def upload(
    store: StoreHere,
    caller: SignedIn,
    once: DoOnce,
    file: Annotated[UploadFile, File(description="CSV（UTF-8 或 GBK）")],
    preview: Annotated[bool, Query(description="只检查，不写入 (check only)")] = True,
) -> Upload:
    return Upload(store, caller, once, file.file.read(SIZE_LIMIT + 1), preview)


Uploaded = Annotated[Upload, Depends(upload)]


@router.post(
    "/budget-lines/imports",
    operation_id="import_budget_lines",
    summary="导入采购预算 (import budget lines from CSV)",
)
def import_file(asked: Uploaded) -> ImportShape:
    """All or nothing: a preview tells every problem, without it any problem refuses the file (422)."""
    return asked.take(import_lines)


@router.post(
    "/budget-lines/adjustments/imports",
    operation_id="import_budget_adjustments",
    summary="导入预算调整 (import adjustments from CSV)",
)
def import_changes(asked: Uploaded) -> ImportShape:
    """All or nothing, as the import of lines; `created` counts the entries made. A line is never cut below
    what plans have taken (`below_taken` names each line of the file that would)."""
    return asked.take(import_adjustments)
