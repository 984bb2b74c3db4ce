"""The HTTP shapes of edited texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from services.notify.kinds import KINDS, example_of
from services.notify.schemas import Action
from services.notify.template import (
    BODY_SOURCE,
    MEDIUM_LABELS,
    TITLE_SOURCE,
    Medium,
    Origin,
    Template,
    TemplateVersion,
)
from services.notify.texts import Text
from services.notify.wording import shipped
from shared.http import Body, Shape

DRAFT: dict[str, Any] = {
    "title": "请审核：{{ title }}",
    "body": "{{ applicant_name }}提交，请您审核。",
}


class SourceBody(Body):
    """A text in MiniJinja: it shows values, chooses (if) and repeats (for)."""

    # spaces and line breaks at the ends are part of a text
    model_config = ConfigDict(str_strip_whitespace=False, json_schema_extra={"examples": [DRAFT]})

    title: str = Field(max_length=TITLE_SOURCE, description="一行 (one line)")
    body: str = Field(max_length=BODY_SOURCE)

    @property
    def source(self) -> Text:
        return Text(self.title, self.body)


class PreviewBody(Body):
    """What to write, and from which values.

    Without `title` and `body` the draft is written, or what is in force. `message_id` names a message of the
    caller's own; `newest` takes the newest message of the kind with everything in it made unrecognisable;
    otherwise it is the example of the kind.
    """

    model_config = ConfigDict(str_strip_whitespace=False, json_schema_extra={"examples": [DRAFT, {}]})

    title: str | None = Field(None, max_length=TITLE_SOURCE)
    body: str | None = Field(None, max_length=BODY_SOURCE)
    message_id: UUID | None = None
    newest: bool = False

    @property
    def source(self) -> Text | None:
        if self.title is None and self.body is None:
            return None
        return Text(self.title or "", self.body or "")


class Written(Shape):
    """A text as it comes out, and the values that it was written from."""

    title: str
    body: str
    values: dict[str, Any]


class TemplateLine(Shape):
    """A text in the list."""

    kind: str = Field(examples=["slot.opened"])
    kind_label: str = Field(examples=["轮到您审核"])
    medium: Medium
    medium_label: str = Field(examples=["站内信"])
    locale: str = Field(examples=["zh-CN"])
    is_edited: bool = Field(description="使用修改过的文本 (an edited text is in force)")
    published: int = Field(description="当前版本 (newest version; 0: never edited)")
    has_draft: bool
    failed_at: datetime | None = Field(description="当前版本出错的时间 (when the version in force failed)")


class SourceShape(Shape):
    title: str
    body: str


class DraftShape(SourceShape):
    by: str
    at: datetime


class VersionShape(SourceShape):
    """A version that was, or is, in force."""

    number: int
    origin: Origin = Field(description="edited | restored | shipped")
    restored_from: int | None
    by_name: str
    at: datetime


class TemplateShape(TemplateLine):
    """A text with all there is to know about it; `version` is in its ETag."""

    version: int
    in_force: SourceShape
    shipped: SourceShape
    draft: DraftShape | None
    failed_text: str
    variables: dict[str, Any] = Field(description="可用变量及示例值 (variables, each with an example)")
    available_actions: list[Action]


def line_shape(found: Template, newest: TemplateVersion | None) -> TemplateLine:
    return TemplateLine(**_line(found, newest))


def template_shape(found: Template, newest: TemplateVersion | None) -> TemplateShape:
    source = shipped(found.kind, found.medium, found.locale)
    edited = newest if newest is not None and newest.is_own else None
    return TemplateShape(
        **_line(found, newest),
        version=found.version,
        in_force=_source(edited.source if edited else source),
        shipped=_source(source),
        draft=_draft(found),
        failed_text=found.failed_text,
        variables=example_of(found.kind),
        available_actions=list(_actions(found, edited is not None)),
    )


def _draft(found: Template) -> DraftShape | None:
    if found.draft is None or found.draft_at is None:
        return None
    return DraftShape(**found.draft._asdict(), by=found.draft_by, at=found.draft_at)


def _source(source: Text) -> SourceShape:
    return SourceShape(**source._asdict())


def _line(found: Template, newest: TemplateVersion | None) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "kind_label": KINDS[found.kind].label,
        "medium": found.medium,
        "medium_label": MEDIUM_LABELS[Medium(found.medium)],
        "locale": found.locale,
        "is_edited": newest is not None and newest.is_own,
        "published": found.published,
        "has_draft": found.draft is not None,
        "failed_at": found.failed_at,
    }


def _actions(found: Template, is_edited: bool) -> Iterable[Action]:
    url = f"/api/notify/templates/{found.kind}/{found.medium}/{found.locale}"
    no_draft = "" if found.draft else "没有草稿"
    unedited = "" if is_edited else "正在使用系统自带文本"
    for action, reason, method, path in (
        ("save_draft", "", "PUT", "/draft"),
        ("drop_draft", no_draft, "DELETE", "/draft"),
        ("publish", no_draft, "POST", "/publish"),
        ("restore_shipped", unedited, "POST", "/versions/0/restore"),
    ):
        yield Action(action=action, allowed=not reason, reason=reason, method=method, url=url + path)
