"""The public notices as plain pages: Chinese first, no script, every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from minijinja import Environment
from pydantic import ValidationError

from services.plans.imports.objection_schemas import PublicNoticeRow, PublicNoticeShape

FOLDER = Path(__file__).parent.parent / "templates"
FUEL = 500_000
LABELS = {
    "name": "姓名",
    "organisation": "单位",
    "phone": "电话",
    "email": "邮箱",
    "text": "异议内容",
}
TEXTS = {
    "string_too_short": "填写不完整",
    "string_too_long": "内容过长",
    "string_pattern_mismatch": "格式不正确",
    "contact_required": "电话和邮箱至少填写一项",
}


@dataclass(frozen=True)
class Answer:
    """What became of an objection that was sent with the page; `filled` is shown again to be corrected."""

    status: int
    problems: Sequence[str] = ()
    filled: dict[str, str] = field(default_factory=dict)


def notices_page(notices: Sequence[PublicNoticeRow], following: str) -> str:
    """The list; `following` is the query of the next page, if there is one."""
    rows = [notice.model_dump(mode="json") for notice in notices]
    return _environment().render_template("notices.html", notices=rows, following=following)


def notice_page(notice: PublicNoticeShape, key: str, answer: Answer | None = None) -> str:
    """One notice, with the form for objections while it runs; `key` makes sending the form twice harmless."""
    return _environment().render_template(
        "notice.html",
        notice=notice.model_dump(mode="json"),
        key=key,
        received=answer is not None and answer.status == 201,
        problems=list(answer.problems) if answer else [],
        filled=answer.filled if answer else {},
        labels=LABELS,
    )


def problems_of(invalid: ValidationError) -> list[str]:
    """What is wrong with a filled-in form, in words."""
    found = []
    for error in invalid.errors():
        label = LABELS.get(str(error["loc"][0]), "") if error["loc"] else ""
        text = TEXTS.get(error["type"], "填写有误")
        found.append(f"“{label}”{text}" if label else text)
    return found


@cache
def _environment() -> Environment:
    sources = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.html")}
    return Environment(templates=sources, fuel=FUEL)
