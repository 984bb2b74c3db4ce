"""Routes of the form of an import application: its data, and the submission that it would become."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field as Described

from services.plans import reference
from services.plans.api.form import ChoiceShape, FieldShape, choice_shape, field_shape
from services.plans.attachment import listed_files
from services.plans.imports.approval import ImportApproval
from services.plans.imports.checks import DOCUMENTS, EITHER
from services.plans.imports.rules import ImportRules, rules_for
from services.plans.imports.schemas import ImportForm
from services.plans.imports.submission import build, so_far
from services.plans.outside import must_be_submitted
from services.plans.policy import policy_of
from services.plans.reference import Field, Term
from services.plans.rule_views import submission_shape
from services.plans.rules import unit_of
from services.plans.schemas import SubmissionShape
from services.plans.topics import Imports, Years
from shared.http import Shape, SignedIn, StoreHere
from shared.people import Role
from shared.store import Look

router = APIRouter(tags=["import approvals"])


class DocumentsShape(Shape):
    """The kinds of attachment that a category needs: all of `all_of`, and one of `one_of`."""

    all_of: list[str]
    one_of: list[str]


class ImportFormShape(Shape):
    """Everything that the form needs; `documents` by category, `notice_…` as the district has it now."""

    open_years: list[int]
    organisation_id: UUID
    organisation_name: str
    district_code: str
    district_name: str
    import_exempt_class: str | None
    notice_order: str
    notice_order_label: str
    notice_days: int
    fields: list[FieldShape]
    expert_roles: list[ChoiceShape]
    attachment_kinds: list[ChoiceShape]
    documents: dict[str, DocumentsShape]


NOT_FILLED_IN = frozenset({"amount", "status", "application_number", "approval_number", "valid_to"})


@router.get(
    "/import-approvals/form",
    operation_id="import_approval_form",
    summary="进口产品申请表单数据 (data of the form)",
)
def form(store: StoreHere, caller: SignedIn) -> ImportFormShape:
    """Open years, fields, choices, the documents of each category, and the notice that will be held."""
    caller.require(Role.HANDLER)
    with store.read() as look:
        unit, district = unit_of(look, caller.organisation_id)
        policy = policy_of(look, district)
        imports = policy.get(Imports)
        fields = [field for field in reference.fields("import_fields") if field.name not in NOT_FILLED_IN]
        return ImportFormShape(
            open_years=policy.get(Years).open_on(look.today),
            organisation_id=unit.organisation_id,
            organisation_name=unit.name,
            district_code=district.code,
            district_name=district.name,
            import_exempt_class=unit.import_exempt_class,
            notice_order=imports.notice_order,
            notice_order_label=reference.choices("notice_order")[imports.notice_order],
            notice_days=imports.notice_days,
            fields=[field_shape(field, _terms(field)) for field in fields],
            expert_roles=[choice_shape(term) for term in reference.options("expert_role").values()],
            attachment_kinds=[choice_shape(term) for term in reference.options("attachment_kind").values()],
            documents={
                category: DocumentsShape(
                    all_of=list(kinds), one_of=list(EITHER) if category == "other" else []
                )
                for category, kinds in DOCUMENTS.items()
            },
        )


@router.get(
    "/import-approvals/{approval_id}/submission",
    operation_id="import_approval_submission",
    summary="提交内容预览 (what would be sent)",
)
def submission(approval_id: UUID, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """Exactly the facts, content and digest that go into the review that it is in, or that comes next: of a
    draft the first review; during and after the notice the one that follows it."""
    with store.read() as look:
        approval = look.get(ImportApproval, approval_id, seen_by=caller)
        must_be_submitted(approval, caller)
        return _shape(look, approval, rules_for(look, approval))


class UnsavedImport(ImportForm):
    """A form that is not saved; `approval_id` when it belongs to an application that is being edited."""

    approval_id: Annotated[
        UUID | None, Described(description="正在编辑的申请 (the application being edited)")
    ] = None


@router.post(
    "/import-approvals/submission",
    operation_id="unsaved_import_submission",
    summary="预览未保存的申请 (what an unsaved form would send)",
)
def unsaved_submission(body: UnsavedImport, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """As the preview of a saved application; nothing is written."""
    caller.require(Role.HANDLER)
    with store.read() as look:
        unit, district = unit_of(look, caller.organisation_id)
        approval = ImportApproval.draft(body.fiscal_year, caller, unit, district, look.now)
        if body.approval_id is not None:
            known = look.get(ImportApproval, body.approval_id, seen_by=caller)
            known.must_be_own(caller)
            approval.id, approval.application_number = known.id, known.application_number
        approval.fill(body.filled(), look.now)
        files = listed_files(look, [(part.id, part.attachment_kind) for part in body.attachments], caller)
        return _shape(look, approval, rules_for(look, approval, files))


def _shape(look: Look, approval: ImportApproval, rules: ImportRules) -> SubmissionShape:
    return submission_shape(*build(approval, rules, so_far(look, approval)), rules)


def _terms(field: Field) -> Iterable[Term]:
    return reference.options(field.options).values() if field.options else ()
