"""What can be judged from a chain alone, before anybody looks for the people it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.approvals import condition
from services.approvals.chains.bands import lint_groups
from services.approvals.step import PeopleSelector, RoleSelector, Segment, Step
from shared.errors import Problem
from shared.people import Role


def lint(level: str, steps: Sequence[Step]) -> list[Problem]:
    """The mistakes of a chain: keys, conditions, bands, selectors, picks."""
    found: list[Problem] = []
    if not steps and level == Segment.UNIT:
        found.append(Problem("no_steps", "至少需要一个环节", "/steps", "a chain needs a step"))
    keys = [step.key for step in steps]
    for index, step in enumerate(steps):
        pointer = f"/steps/{index}"
        if step.key in keys[:index]:
            found.append(
                Problem("duplicate_key", f"环节标识重复：{step.key}", f"{pointer}/key", "used twice")
            )
        if step.condition is not None:
            found += condition.lint(step.condition, f"{pointer}/condition")
        found += _lint_selector(step.selector, f"{pointer}/selector")
        found += _lint_pick(step, index, level, f"{pointer}/pick")
        found += _lint_superior(step, f"{pointer}/self_review")
        found += _lint_escalation(step, f"{pointer}/escalation")
    if not any("/condition" in problem.pointer for problem in found):
        found += lint_groups([step.condition for step in steps])
    return found


def _lint_selector(selector: RoleSelector | PeopleSelector, pointer: str) -> Iterator[Problem]:
    if isinstance(selector, PeopleSelector):
        if len(set(selector.people)) < len(selector.people):
            yield Problem("duplicate_person", "人员重复", f"{pointer}/people", "a person is named twice")
        return
    if selector.role == Role.PLATFORM_ADMINISTRATOR:
        text_en = "platform administrators never review"
        yield Problem("role_not_allowed", "平台管理员不参与审核", f"{pointer}/role", text_en)
    if selector.place == "district_body" and selector.kind is None:
        yield Problem("kind_required", "须指明区划机构类别", f"{pointer}/kind", "which kind of body")
    if selector.place != "district_body" and (selector.kind or selector.level):
        text_en = "only for district_body"
        yield Problem("kind_not_allowed", "类别和级别只用于区划机构", f"{pointer}/kind", text_en)


def _lint_pick(step: Step, index: int, level: str, pointer: str) -> Iterator[Problem]:
    if isinstance(step.selector, PeopleSelector) and step.pick != "none":
        yield Problem("pick_not_allowed", "指定人员的环节无需选择", pointer, "named people need no pick")
    if step.pick == "submitter" and level == Segment.DISTRICT:
        text_en = "the submitter picks in his unit's chain only"
        yield Problem("pick_not_allowed", "区划环节不由申请人选择审核人", pointer, text_en)


def _lint_superior(step: Step, pointer: str) -> Iterator[Problem]:
    named = isinstance(step.selector, PeopleSelector) or step.selector.place != "own_unit"
    if step.self_review == "superior" and named:
        text = "只有本单位人员的环节可以改由主管单位审核"
        yield Problem("superior_not_allowed", text, pointer, "only for people of the own unit")


def _lint_escalation(step: Step, pointer: str) -> Iterator[Problem]:
    if step.escalation and step.budget_hours is None:
        yield Problem("budget_required", "设置超期转办须先设置办理时限", pointer, "escalation needs a budget")
    for index, level in enumerate(step.escalation):
        yield from _lint_selector(level.selector, f"{pointer}/{index}/selector")
