"""Routes of district rules: what holds, and what district administrators set."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Path, Query, Response, UploadFile
from sqlalchemy import delete, func, select

from services.plans.api.budgets import ImportShape, told
from services.plans.catalogue import import_catalogue
from services.plans.district import (
    District,
    DistrictPolicy,
    RuleText,
    Threshold,
    policy_of,
    rule_text_of,
)
from services.plans.district_schemas import (
    PolicyForm,
    PolicyShape,
    PublishedRuleText,
    RuleTextForm,
    ThresholdsForm,
    ThresholdShape,
    ThresholdsShape,
)
from services.plans.schemas import RuleTextShape
from shared.csvfile import SIZE_LIMIT
from shared.errors import Forbidden
from shared.http import DoOnce, IfMatch, SignedIn, StoreHere, etag, shown
from shared.people import Caller, DistrictCopy, Role
from shared.store import Look

router = APIRouter(tags=["districts"])
DistrictCode = Annotated[str, Path(pattern=r"^\d{6}$", examples=["140100"])]


def administered(look: Look, code: str, caller: Caller) -> District:
    """The district, its row locked. Raises `Forbidden` unless the caller administers it or one above it."""
    district = District.of(look.get(DistrictCopy, code))
    caller.require(Role.DISTRICT_ADMINISTRATOR)
    if not district.path.startswith(caller.district_path):
        raise Forbidden("outside_district", "该区划不在您的管理范围内", "not your district")
    return district


def policy_shape(policy: DistrictPolicy, code: str) -> PolicyShape:
    plain = {name: getattr(policy, name) for name in PolicyShape.model_fields if name != "set_by"}
    return PolicyShape(**{**plain, "district_code": code, "set_by": policy.district_code})


def policy_etag(policy: DistrictPolicy, code: str) -> str:
    """The version of the district's own settings; 0 while it follows another."""
    return etag(policy.version if policy.district_code == code else 0)


@router.get(
    "/districts/{code}/policy",
    operation_id="get_policy",
    summary="区划设置 (settings that hold)",
    response_model=PolicyShape,
)
def get_policy(code: DistrictCode, store: StoreHere, _caller: SignedIn) -> Response:
    """The district's own settings, those of its nearest ancestor, or the defaults."""
    with store.read() as look:
        policy = policy_of(look, District.of(look.get(DistrictCopy, code)))
        return shown(policy_shape(policy, code), policy_etag(policy, code))


@router.put(
    "/districts/{code}/policy",
    operation_id="set_policy",
    summary="修改区划设置 (set the settings)",
    response_model=PolicyShape,
)
def set_policy(
    code: DistrictCode, body: PolicyForm, store: StoreHere, caller: SignedIn, expected: IfMatch
) -> Response:
    """By the district's administrator; from now on the district no longer follows its ancestor."""
    with store.work(actor=caller.actor) as work:
        administered(work, code, caller)
        own = work.find(DistrictPolicy, code) or DistrictPolicy.default(code)
        expected.check(etag(own.version))
        own.version += 1
        for name, value in body.model_dump(exclude={"required_attachments"}).items():
            setattr(own, name, value)
        own.required_attachments = [
            {"kind": wanted.attachment_kind, "label": wanted.label, "when": wanted.when}
            for wanted in body.required_attachments
        ]
        own.changed_by, own.changed_at = caller.person_id, work.now
        work.add(own)
        return shown(policy_shape(own, code), etag(own.version))


@router.get(
    "/districts/{code}/rule-texts", operation_id="list_rule_texts", summary="规则说明各版本 (versions)"
)
def list_rule_texts(code: DistrictCode, store: StoreHere, _caller: SignedIn) -> list[PublishedRuleText]:
    """The district's own versions, newest first."""
    with store.read() as look:
        look.get(DistrictCopy, code)
        rows = select(RuleText).where(RuleText.district_code == code).order_by(RuleText.version.desc())
        return [PublishedRuleText.model_validate(row) for row in look.all(rows.limit(100))]


@router.get(
    "/districts/{code}/rule-text", operation_id="get_rule_text", summary="现行规则说明 (the text that holds)"
)
def get_rule_text(code: DistrictCode, store: StoreHere, _caller: SignedIn) -> RuleTextShape | None:
    """The newest text of the district or of its nearest ancestor."""
    with store.read() as look:
        text = rule_text_of(look, District.of(look.get(DistrictCopy, code)))
        return RuleTextShape.model_validate(text) if text else None


@router.post(
    "/districts/{code}/rule-texts",
    operation_id="publish_rule_text",
    summary="发布规则说明 (publish a version)",
    status_code=201,
    response_model=PublishedRuleText,
)
def publish_rule_text(
    code: DistrictCode, body: RuleTextForm, store: StoreHere, caller: SignedIn, once: DoOnce
) -> Response:
    """A new version; earlier ones stay, as rounds refer to them."""
    with store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        administered(work, code, caller)
        newest = select(func.coalesce(func.max(RuleText.version), 0)).where(RuleText.district_code == code)
        row = RuleText(
            district_code=code,
            version=work.execute(newest).scalar_one() + 1,
            text=body.text,
            published_by=caller.person_id,
            published_at=work.now,
        )
        work.add(row)
        return once.answer(work, PublishedRuleText.model_validate(row), 201)


@router.get(
    "/districts/{code}/thresholds",
    operation_id="list_thresholds",
    summary="数额标准 (thresholds)",
    response_model=ThresholdsShape,
)
def list_thresholds(code: DistrictCode, store: StoreHere, _caller: SignedIn) -> Response:
    """Those of the district and its ancestors; the nearest holds. The ETag is that of the district's own."""
    with store.read() as look:
        rows = thresholds_among(look, District.of(look.get(DistrictCopy, code)).codes)
        return shown(thresholds_shape(rows), thresholds_etag(rows, code))


@router.put(
    "/districts/{code}/thresholds",
    operation_id="set_thresholds",
    summary="设置数额标准 (set thresholds)",
    response_model=ThresholdsShape,
)
def set_thresholds(
    code: DistrictCode,
    body: ThresholdsForm,
    store: StoreHere,
    caller: SignedIn,
    expected: IfMatch,
) -> Response:
    """Replaces the district's own thresholds; the published document is named as source."""
    with store.work(actor=caller.actor) as work:
        administered(work, code, caller)
        expected.check(thresholds_etag(thresholds_among(work, [code]), code))
        work.execute(delete(Threshold).where(Threshold.district_code == code))
        for row in body.thresholds:
            plain = row.model_dump(exclude={"open_tender_from", "decentralised_limit"})
            work.add(
                Threshold(
                    district_code=code,
                    is_sample=False,
                    open_tender_from_fen=row.open_tender_from,
                    decentralised_limit_fen=row.decentralised_limit,
                    **plain,
                )
            )
        work.session.flush()
        rows = thresholds_among(work, [code])
        return shown(thresholds_shape(rows), thresholds_etag(rows, code))


def thresholds_among(look: Look, codes: list[str]) -> list[Threshold]:
    return look.all(select(Threshold).where(Threshold.district_code.in_(codes)).order_by(Threshold.id))


def thresholds_shape(rows: list[Threshold]) -> ThresholdsShape:
    return ThresholdsShape(thresholds=[ThresholdShape.model_validate(row) for row in rows])


def thresholds_etag(rows: list[Threshold], code: str) -> str:
    """Every change writes new rows, whose numbers are never used again."""
    return etag(max((row.id for row in rows if row.district_code == code), default=0))


@router.post(
    "/catalogue/imports",
    operation_id="import_catalogue",
    summary="导入采购品目 (import the whole catalogue)",
    tags=["form"],
)
def import_codes(
    store: StoreHere,
    caller: SignedIn,
    file: Annotated[UploadFile, File(description="CSV（UTF-8 或 GBK）")],
    preview: Annotated[bool, Query(description="只检查，不写入 (check only)")] = True,
) -> ImportShape:
    """All or nothing; importing the same file again changes nothing."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    rows, problems = import_catalogue(store, file.file.read(SIZE_LIMIT + 1), preview)
    created = 0 if preview or problems else rows
    return ImportShape(preview=preview, rows=rows, created=created, problems=told(problems))
