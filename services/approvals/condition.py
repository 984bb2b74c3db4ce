"""Conditions of steps: a small total language, written as JSON, over the declared facts of a document.

    condition := {"op": "eq" | "ne", "fact": name, "value": text | whole number | true | false}
               | {"op": "lt" | "le" | "gt" | "ge", "fact": name, "value": whole number}
               | {"op": "in", "fact": name, "value": [text | whole number | true | false, …]}
               | {"op": "and" | "or", "of": [condition, …]}
               | {"op": "not", "of": condition}
               | {"op": "band", "fact": name, "bands": [band, …], "in": [name of a band, …], "group": text}
    band      := {"name": text, "from": whole number, "below": whole number}

The bands of one condition are a partition (`bands.py`); `group` may be left out, and stands only where the
band is the whole condition. Money is whole fen. A comparison with a fact that is missing, null or of another
type than the value is false, `ne` too; so every condition has an answer for every document.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.approvals.chains.bands import Condition, in_band, lint_bands
from shared.errors import Problem

Facts = Mapping[str, Any]

DEPTH = 8
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
ORDER = frozenset({"lt", "le", "gt", "ge"})
MEMBERS = {
    **{op: {"op", "fact", "value"} for op in (*COMPARE, "in")},
    **{op: {"op", "of"} for op in ("and", "or", "not")},
    "band": {"op", "fact", "bands", "in"},
}
MAY_HAVE = {"band": {"group"}}


def holds(condition: Condition | None, facts: Facts) -> bool:
    """Whether a linted condition is true for these facts; no condition is always true. Never raises."""
    if condition is None:
        return True
    op = condition.get("op")
    if op == "and":
        return all(holds(part, facts) for part in condition["of"])
    if op == "or":
        return any(holds(part, facts) for part in condition["of"])
    if op == "not":
        return not holds(condition["of"], facts)
    fact = facts.get(str(condition.get("fact")))
    if op == "in":
        return any(_compare("eq", fact, value) for value in condition["value"])
    if op == "band":
        return in_band(condition, fact)
    return _compare(str(op), fact, condition.get("value"))


def facts_used(condition: Condition | None) -> set[str]:
    """The names of the facts that a condition looks at."""
    if condition is None:
        return set()
    if "fact" in condition:
        return {str(condition["fact"])}
    parts = condition.get("of", ())
    return set().union(*(facts_used(part) for part in (parts if isinstance(parts, list) else [parts])))


def lint(condition: Any, pointer: str = "", depth: int = 1) -> Iterator[Problem]:
    """What is wrong with a condition; nothing means that `holds` answers for every document."""
    if not isinstance(condition, Mapping):
        yield _problem("condition_malformed", "条件必须是对象", "a condition is an object", pointer)
        return
    op = condition.get("op")
    if not isinstance(op, str) or op not in MEMBERS:
        yield _problem("unknown_operator", f"不认识的运算符：{op}", f"unknown operator {op}", f"{pointer}/op")
    elif set(condition) - MAY_HAVE.get(op, set()) != MEMBERS[op]:
        names = "、".join(sorted(MEMBERS[op]))
        yield _problem(
            "condition_malformed", f"运算符 {op} 的成员应为：{names}", f"{op} has {names}", pointer
        )
    elif depth > DEPTH:
        yield _problem("condition_too_deep", "条件嵌套过深", "nested too deeply", pointer)
    elif op in ("and", "or", "not"):
        yield from _lint_parts(op, condition["of"], pointer, depth)
    else:
        yield from _lint_leaf(op, condition, pointer)
        yield from _lint_group_name(condition, pointer, depth)


def _lint_parts(op: str, of: Any, pointer: str, depth: int) -> Iterator[Problem]:
    if op == "not":
        yield from lint(of, f"{pointer}/of", depth + 1)
    elif not isinstance(of, list) or not 1 <= len(of) <= 50:
        yield _problem(
            "condition_malformed", f"{op} 需要 1 至 50 个条件", f"{op} of 1 to 50", f"{pointer}/of"
        )
    else:
        for index, part in enumerate(of):
            yield from lint(part, f"{pointer}/of/{index}", depth + 1)


def _lint_leaf(op: str, condition: Condition, pointer: str) -> Iterator[Problem]:
    fact = condition["fact"]
    if not isinstance(fact, str) or not fact or len(fact) > 60:
        yield _problem("fact_name_malformed", "要素名称无效", "not the name of a fact", f"{pointer}/fact")
    if op == "band":
        yield from lint_bands(condition, pointer)
        return
    value = condition["value"]
    if op == "in":
        typed = isinstance(value, list) and 1 <= len(value) <= 200 and all(map(_is_scalar, value))
    else:
        typed = type(value) is int if op in ORDER else _is_scalar(value)
    if not typed:
        text = {True: "整数", False: "文本、整数或真假值"}[op in ORDER]
        yield _problem("wrong_type", f"{op} 的值应为{text}", f"wrong type for {op}", f"{pointer}/value")


def _lint_group_name(condition: Condition, pointer: str, depth: int) -> Iterator[Problem]:
    group = condition.get("group", "-")
    if not isinstance(group, str) or not 0 < len(group) <= 60:
        yield _problem("group_malformed", "分组名称无效", "not the name of a group", f"{pointer}/group")
    elif "group" in condition and depth > 1:
        text_en = "a grouped band is the whole condition of its step"
        yield _problem("group_not_alone", "分组分档应是环节的唯一条件", text_en, f"{pointer}/group")


def _is_scalar(value: Any) -> bool:
    return type(value) in (int, bool) or (isinstance(value, str) and len(value) <= 200)


def _compare(op: str, fact: Any, value: Any) -> bool:
    # type() and not isinstance(): True must not equal 1.
    return fact is not None and type(fact) is type(value) and op in COMPARE and COMPARE[op](fact, value)


def _problem(code: str, text: str, text_en: str, pointer: str) -> Problem:
    return Problem(code, text, pointer, text_en)
