"""What an import application must satisfy to be submitted (财库〔2007〕119号): stable codes, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.plans import reference
from services.plans.checks import year_not_open
from services.plans.imports.approval import ImportApproval
from services.plans.imports.expert_checks import EXPERT_POLICIES, EXPERT_WARNINGS
from services.plans.imports.rules import ImportRules
from services.plans.judging import Check, Verdict, apply
from services.plans.topics import Imports, Years
from shared.errors import Problem

DOCUMENTS = {
    "encouraged": ("import_form", "import_policy"),
    "restricted": ("import_form", "argument", "department_opinion"),
    "other": ("import_form",),
}
"""The kinds of attachment that each category needs; `other` needs one of `EITHER` too."""
EITHER = ("argument", "department_opinion")


def judge(approval: ImportApproval, rules: ImportRules) -> Verdict:
    """Applies every check to an application."""
    return apply(CHECKS, rules, approval, rules)


def year_is_open(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    years = rules.get(Years)
    if approval.fiscal_year not in years.open_on(rules.today):
        yield year_not_open(approval.fiscal_year, years, rules.today)


def unit_is_active(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    if not rules.unit.active:
        yield Problem("unit_inactive", "本单位已停用", "", "the unit is not active")


def required_fields(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    for wanted in reference.fields(approval.form):
        if wanted.required and not getattr(approval, wanted.name):
            text = f"“{wanted.label_zh}”必填"
            yield Problem("required", text, f"/{wanted.name}", f"{wanted.label_en} is required")


def policy_named(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    if approval.category == "encouraged" and not approval.policy_basis:
        text = "国家鼓励进口产品须填写政策依据及文号"
        yield Problem("policy_basis_required", text, "/policy_basis", "name the law or policy")


REQUIRED_OF_ITEMS = (
    ("name", "名称"),
    ("unit", "计量单位"),
    ("quantity_milli", "数量"),
    ("unit_price_fen", "单价"),
    ("technical_reason", "技术理由"),
    ("domestic_reason", "不采购国产产品的理由"),
)


def items_complete(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    """Everything of an item but its specification and origin; a price above 0."""
    for place, item in enumerate(approval.items):
        for column, label in REQUIRED_OF_ITEMS:
            if not getattr(item, column):
                name = column.removesuffix("_milli").removesuffix("_fen")
                yield Problem("required", f"清单的“{label}”必填", f"/items/{place}/{name}", "required")


def units_agree(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    """One unit of measure per catalogue code: the quantities of a code are counted together."""
    units: dict[str, str] = {}
    for place, item in enumerate(approval.items):
        first = units.setdefault(item.catalogue_code, item.unit)
        if item.catalogue_code and first and item.unit and item.unit != first:
            text = f"同一品目的计量单位须一致（{first}）"
            yield Problem("import_unit_differs", text, f"/items/{place}/unit", "one unit per code")


def catalogue_codes(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    """Codes exist, may be chosen, and are goods."""
    for place, item in enumerate(approval.items):
        pointer = f"/items/{place}/catalogue_code"
        entry = rules.catalogue.get(item.catalogue_code)
        if entry is None:
            yield Problem("catalogue_code_unknown", "品目编码不存在", pointer, "no such catalogue code")
        elif not entry.selectable:
            yield Problem("catalogue_code_not_selectable", "请选择下级品目", pointer, "choose a lower level")
        elif entry.kind != "goods":
            yield Problem("import_goods_only", "进口产品须为货物类品目", pointer, "only goods are imported")


def documents_attached(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    """What the category needs (财库〔2007〕119号 art. 8–12)."""
    labels = reference.choices("attachment_kind")
    kinds = Counter(attachment.kind for attachment in rules.attachments)
    for kind in DOCUMENTS.get(approval.category or "", ()):
        if not kinds[kind]:
            text = f"须上传附件：{labels[kind]}"
            yield Problem("attachment_required", text, "/attachments", f"attach: {kind}")
    if approval.category == "other" and not any(kinds[kind] for kind in EITHER):
        text = "须上传行业主管部门意见或专家论证意见"
        yield Problem("import_support_missing", text, "/attachments", "attach an opinion or an argument")


def notice_can_be_counted(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    if rules.no_calendar is not None:
        yield Problem(rules.no_calendar.code, rules.no_calendar.text, "", rules.no_calendar.text_en)


def validity_is_short(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    """An approval that holds for its fiscal year is of no use when the notice outlasts the year."""
    ends = rules.notice.end if rules.notice else rules.today
    if rules.imports.valid_months is None and ends.year > approval.fiscal_year:
        text = f"公示期满时 {approval.fiscal_year} 年度已终了，核准后将无有效期"
        yield Problem("validity_over_before_approval", text, "/fiscal_year", "the year will be over by then")


ASKING = "财库〔2007〕119号 第七条"
DOCUMENTS_OF = "财库〔2007〕119号 第八条至第十二条"
EXPERTS = "财库〔2007〕119号 第十二条"
CHECKS = (
    Check(year_is_open, Years),
    Check(unit_is_active, "政府采购法 第十五条"),
    Check(required_fields, ASKING),
    Check(policy_named, DOCUMENTS_OF),
    Check(items_complete, ASKING),
    Check(units_agree, ASKING),
    Check(catalogue_codes, "财库〔2022〕31号"),
    *(Check(find, EXPERTS) for find in EXPERT_POLICIES),
    Check(documents_attached, DOCUMENTS_OF),
    Check(notice_can_be_counted, Imports),
    Check(validity_is_short, Imports, "warn"),
    *(Check(find, EXPERTS, "warn") for find in EXPERT_WARNINGS),
)
