"""Routes of district rules: what holds on a day, the versions, and what district administrators publish."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import ValidationError

from services.plans.difference import changes
from services.plans.district import District
from services.plans.finding import basis_of
from services.plans.policy import Policy, policy_of, versions_of
from services.plans.rule import NATION, NewVersion, RuleVersion, Version, newest, publish
from services.plans.rule_schemas import (
    ChangeShape,
    DiffShape,
    RuleForm,
    RuleShape,
    RulesShape,
    TopicName,
    VersionShape,
)
from services.plans.rule_views import rule_shape, version_shapes
from services.plans.schemas import BasisShape
from services.plans.topics import TOPICS, Topic
from shared.deciding import Deciding
from shared.errors import Forbidden, NotFound, Problem, invalid
from shared.http import SignedIn, StoreHere, etag, shown
from shared.people import Caller, DistrictCopy, Role
from shared.store import Look
from shared.web import problem_of

router = APIRouter(tags=["rules"])
DistrictCode = Annotated[
    str, Path(pattern=r"^\d{6}$", examples=["140100"], description="000000：全国 (the whole country)")
]
Day = Annotated[date | None, Query(alias="on", description="默认今天 (today)")]
COUNTRY = District(NATION, "全国", "nation", "/")


def district_named(look: Look, code: str) -> District:
    """The district, or the whole country. Raises `NotFound`."""
    return COUNTRY if code == NATION else District.of(look.get(DistrictCopy, code))


def must_administer(district: District, caller: Caller) -> None:
    """Raises `Forbidden` unless the caller administers the district or one above it."""
    caller.require(Role.DISTRICT_ADMINISTRATOR)
    if not district.path.startswith(caller.district_path):
        raise Forbidden("outside_district", "该区划不在您的管理范围内", "not your district")


@router.get(
    "/districts/{code}/rules", operation_id="rules_in_force", summary="现行规则 (rules in force on a day)"
)
def rules_in_force(code: DistrictCode, store: StoreHere, caller: SignedIn, on: Day = None) -> RulesShape:
    """Of every topic the version that holds on a day: the district's own, or that of its nearest ancestor."""
    with store.read() as look:
        day = on or look.today
        district = district_named(look, code)
        policy = policy_of(look, district, day)
        shapes = [rule_shape(version, district, caller) for version in policy.versions]
        return RulesShape(district_code=code, day=day, rules=shapes)


@router.get(
    "/districts/{code}/rules/{topic}",
    operation_id="rule_in_force",
    summary="某项现行规则 (a rule in force on a day)",
    response_model=RuleShape,
)
def rule_in_force(
    code: DistrictCode, topic: TopicName, store: StoreHere, caller: SignedIn, on: Day = None
) -> Response:
    """The version that holds on a day. The ETag is that of the district's own newest version."""
    with store.read() as look:
        district = district_named(look, code)
        version = held(policy_of(look, district, on), topic)
        return shown(rule_shape(version, district, caller), etag(newest(look, code, topic)))


def held(policy: Policy, topic: str) -> Version:
    if topic not in policy.chains:
        raise NotFound("no_rule_yet", "该日尚无此项规则", "no rule of this topic on that day")
    return policy.version(topic)


@router.get(
    "/districts/{code}/rules/{topic}/versions",
    operation_id="rule_versions",
    summary="规则各版本 (versions of a district)",
)
def versions(code: DistrictCode, topic: TopicName, store: StoreHere, caller: SignedIn) -> list[VersionShape]:
    """Everything that the district has published on a topic, newest first, withdrawn ones included."""
    with store.read() as look:
        district = district_named(look, code)
        return version_shapes(look, versions_of(look, code, topic), district, caller)


@router.post(
    "/districts/{code}/rules/{topic}/versions",
    operation_id="publish_rule",
    summary="发布规则新版本 (publish a version)",
    status_code=201,
    response_model=VersionShape,
)
def publish_version(code: DistrictCode, topic: TopicName, body: RuleForm, asked: Deciding) -> Response:
    """By the district's administrator, from a day that is not over. A version never changes afterwards, and
    what was judged before stays as it was. Below a binding version only stricter values are taken (422
    `looser_than_above`, with a pointer to each)."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        district = District.of(work.get(DistrictCopy, code))
        must_administer(district, caller)
        new = _read(work, district, topic, body)
        asked.expected.check(etag(newest(work, code, topic)))
        row = publish(work, code, new, caller)
        work.session.flush()
        rows = versions_of(work, code, topic)
        return once.answer(work, version_shapes(work, rows, district, caller)[0], 201, etag(row.version))


def _read(look: Look, district: District, topic: str, body: RuleForm) -> NewVersion:
    """The version as it is meant. Raises `Invalid` with everything that is wrong with it."""
    problems, content = [], None
    if body.effective_from < look.today:
        text = "生效日期不能早于今天"
        problems.append(Problem("effective_in_past", text, "/effective_from", "must not be in the past"))
    try:
        content = _content(topic, body.content)
    except ValidationError as error:
        found: list[Any] = list(error.errors())
        problems += [problem_of({**item, "loc": ("body", "content", *item["loc"])}) for item in found]
    new = NewVersion(topic, body.effective_from, body.source, content, body.binding)
    if problems := problems or list(_against_above(look, district, new)):
        raise invalid(problems)
    return new


def _against_above(look: Look, district: District, new: NewVersion) -> Iterator[Problem]:
    """What binding versions above do not allow; and a version that cannot bind anybody."""
    if new.binding and (new.content is None or not new.content.stricter):
        yield Problem(
            "rule_cannot_bind", "该项规则不能约束下级", "/binding", "it cannot bind districts below"
        )
    for above in policy_of(look, district, new.effective_from).chains.get(new.topic, ()):
        if new.content is not None and above.district_code != district.code:
            for pointer in above.forbids(new.content):
                text = f"上级规则（{above.source}）约束下级，只能从严"
                yield Problem(
                    "looser_than_above", text, f"/content{pointer}", "may only be stricter than above"
                )


def _content(topic: str, content: dict[str, Any] | None) -> Topic | None:
    return None if content is None else TOPICS[topic].model_validate(content)


@router.post(
    "/districts/{code}/rules/{topic}/versions/{version}/withdraw",
    operation_id="withdraw_rule",
    summary="撤回未生效的版本 (withdraw a version that is not in force yet)",
    response_model=VersionShape,
)
def withdraw_version(
    code: DistrictCode, topic: TopicName, version: Annotated[int, Path(ge=1, le=2**31 - 1)], asked: Deciding
) -> Response:
    """By the district's administrator, before its day has come (409 `rule_in_force`)."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        district = District.of(work.get(DistrictCopy, code))
        must_administer(district, caller)
        rows = versions_of(work, code, topic)
        row = one_of(rows, version)
        row.withdraw(caller.person_id, work.today, work.now)
        asked.expected.check(etag(newest(work, code, topic)))
        shapes = {shape.version: shape for shape in version_shapes(work, rows, district, caller)}
        return once.answer(work, shapes[version], etag=etag(rows[0].version))


def one_of(rows: list[RuleVersion], version: int) -> RuleVersion:
    found = next((row for row in rows if row.version == version), None)
    if found is None:
        raise NotFound("not_found", "没有这个版本", "no such version")
    return found


@router.get(
    "/districts/{code}/rules/{topic}/diff",
    operation_id="diff_rules",
    summary="版本对比 (what differs between two versions)",
)
def diff(
    code: DistrictCode,
    topic: TopicName,
    store: StoreHere,
    _caller: SignedIn,
    new: Annotated[int, Query(ge=0, le=2**31 - 1, description="0：上级规则 (what is inherited)")],
    old: Annotated[int, Query(ge=0, le=2**31 - 1, description="0：上级规则 (what is inherited)")] = 0,
) -> DiffShape:
    """Between two versions of the district, or (0) what it inherits today."""
    with store.read() as look:
        district = district_named(look, code)
        before, after = (_numbered(look, district, topic, number) for number in (old, new))
    found = changes(_json(before), _json(after))
    return DiffShape(
        old=BasisShape.model_validate(basis_of(before)),
        new=BasisShape.model_validate(basis_of(after)),
        changes=[ChangeShape.model_validate(change) for change in found],
    )


def _numbered(look: Look, district: District, topic: str, number: int) -> Version:
    if number:
        return one_of(versions_of(look, district.code, topic), number).applied
    above = policy_of(look, district).chains.get(topic, ())
    inherited = next((version for version in above if version.district_code != district.code), None)
    if inherited is None:
        raise NotFound("no_rule_yet", "上级尚无此项规则", "nothing is inherited")
    return inherited


def _json(version: Version) -> Any:
    return None if version.content is None else version.content.model_dump(mode="json")
