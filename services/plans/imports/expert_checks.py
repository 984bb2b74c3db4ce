"""Who may argue for an import (专家论证): an odd number of experts, one legal, none of the purchaser."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.plans.imports.approval import ImportApproval
from services.plans.imports.rules import ImportRules
from shared.errors import Problem

FEWEST = 5
_MARKS = re.compile(r"[\s()（）·.,，、]")


def argument_needed(approval: ImportApproval, rules: ImportRules) -> bool:
    """Restricted products always need the experts' argument, others when no department gives an opinion, or
    when an argument is attached."""
    kinds = {attachment.kind for attachment in rules.attachments}
    if approval.category == "other":
        return "argument" in kinds or "department_opinion" not in kinds
    return approval.category == "restricted"


def group_complete(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    """财库〔2007〕119号 art. 12: five or more, an odd number, at least one legal expert."""
    number = len(approval.experts)
    if not number and not argument_needed(approval, rules):
        return
    if number < FEWEST:
        yield Problem("experts_too_few", "论证专家须 5 人以上", "/experts", "five experts or more")
    elif number % 2 == 0:
        yield Problem("experts_even", "论证专家人数须为单数", "/experts", "an odd number of experts")
    if not any(expert.expert_role == "legal" for expert in approval.experts):
        yield Problem("expert_legal_missing", "论证专家中须有法律专家", "/experts", "one of them is legal")


REQUIRED = (("name", "姓名"), ("organisation", "工作单位"), ("expert_role", "类别"), ("opinion", "论证意见"))


def experts_named(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    for place, expert in enumerate(approval.experts):
        for name, label in REQUIRED:
            if not getattr(expert, name):
                yield Problem("required", f"专家的“{label}”必填", f"/experts/{place}/{name}", "required")


def none_of_the_purchaser(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    own = plain(rules.unit.name)
    for place, expert in enumerate(approval.experts):
        if own in plain(expert.organisation):
            text = "论证专家不得为采购人员工"
            pointer = f"/experts/{place}/organisation"
            yield Problem("expert_of_purchaser", text, pointer, "an expert is not of the purchaser")


def each_once(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for place, expert in enumerate(approval.experts):
        key = plain(expert.name), plain(expert.organisation)
        if expert.name and key in seen:
            yield Problem("expert_repeated", "论证专家重复", f"/experts/{place}/name", "named twice")
        seen.add(key)


EXPERT_POLICIES = (group_complete, experts_named, none_of_the_purchaser, each_once)


def perhaps_of_the_purchaser(approval: ImportApproval, rules: ImportRules) -> Iterator[Problem]:
    """The unit has somebody of that name; he may be another person."""
    for place, expert in enumerate(approval.experts):
        if expert.name in rules.staff:
            text = f"本单位有同名人员“{expert.name}”，请核对是否为采购人员工"
            pointer = f"/experts/{place}/name"
            yield Problem("expert_name_in_unit", text, pointer, "the unit has somebody of that name")


EXPERT_WARNINGS = (perhaps_of_the_purchaser,)


def plain(text: str) -> str:
    """A name without spaces, brackets and marks, to compare with another."""
    return _MARKS.sub("", text)
