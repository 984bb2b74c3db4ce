"""The texts of messages, for the platform administrator: edit, try out, publish, go back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from services.notify.kinds import example_of
from services.notify.message import Message
from services.notify.template import Medium, Template
from services.notify.template_check import check_text, masked
from services.notify.template_queries import (
    TemplateKey,
    all_keys,
    check_key,
    find_template,
    find_templates,
    lock_template,
    newest_message,
    version_of,
    versions_of,
)
from services.notify.template_schemas import (
    PreviewBody,
    SourceBody,
    TemplateLine,
    TemplateShape,
    VersionShape,
    Written,
    line_shape,
    template_shape,
)
from services.notify.texts import Text, written_from
from services.notify.wording import shipped
from shared.http import DoOnce, IfMatch, SignedIn, StoreHere, etag, shown
from shared.people import Caller, Role
from shared.store import Look, Work

router = APIRouter(prefix="/templates", tags=["templates"])
ONE = "/{kind}/{medium}/{locale}"


@dataclass(frozen=True)
class Asked:
    """Who asks, and for which text."""

    by: Caller
    key: TemplateKey


def administrator(caller: SignedIn) -> Caller:
    """The texts are everybody's: the platform administrator looks after them."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    return caller


def asked_text(
    by: Annotated[Caller, Depends(administrator)],
    kind: Annotated[str, Path(max_length=80, examples=["slot.opened"])],
    medium: Medium,
    locale: Literal["zh-CN", "en"],
) -> Asked:
    return Asked(by, check_key(TemplateKey(kind, medium, locale)))


Administrator = Annotated[Caller, Depends(administrator)]
AskedText = Annotated[Asked, Depends(asked_text)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]


@router.get("", operation_id="list_templates", summary="通知文本列表 (texts of messages)")
def list_templates(
    store: StoreHere, by: Administrator, kind: Annotated[str, Query(max_length=80)] = ""
) -> list[TemplateLine]:
    """Every text: by kind of message, medium and language. What is not edited is shipped."""
    with store.read() as look:
        return [line_shape(*found) for found in find_templates(look, all_keys(kind))]


@router.get(ONE, operation_id="get_template", summary="查看一个文本 (one text)", response_model=TemplateShape)
def get_template(store: StoreHere, asked: AskedText) -> Response:
    """The text in force, the shipped one, the draft, and the variables that it may use."""
    with store.read() as look:
        found, newest = find_template(look, asked.key)
    return shown(template_shape(found, newest), etag(found.version))


@router.get(
    f"{ONE}/versions", operation_id="list_template_versions", summary="历史版本 (versions, newest first)"
)
def list_template_versions(store: StoreHere, asked: AskedText) -> list[VersionShape]:
    """Every version that was put in force, newest first, and by whom."""
    with store.read() as look:
        found, _ = find_template(look, asked.key)
        return [VersionShape.model_validate(version) for version in versions_of(look, found)]


@router.put(
    f"{ONE}/draft",
    operation_id="save_template_draft",
    summary="保存草稿 (save a draft)",
    response_model=TemplateShape,
)
def save_template_draft(store: StoreHere, asked: AskedText, expected: IfMatch, body: SourceBody) -> Response:
    """Keeps a text for later. 422 with every problem, each with its line: what a text may not say
    (`template_tag`, `template_operator`, `template_call`, `template_filter`, …), `unknown_variable`, and what
    fails when it is written (`template_syntax`, `template_undefined`, `template_endless`, …)."""
    check_text(*asked.key, body.source)
    with store.work(actor=asked.by.actor) as work:
        found = lock_template(work, asked.key)
        expected.check(etag(found.version))
        found.save_draft(body.source, asked.by, work.now)
        shape = _shape(work, asked.key)
    return shown(shape, etag(shape.version))


@router.delete(
    f"{ONE}/draft",
    operation_id="drop_template_draft",
    summary="放弃草稿 (drop the draft)",
    response_model=TemplateShape,
)
def drop_template_draft(store: StoreHere, asked: AskedText, expected: IfMatch) -> Response:
    """409 `no_draft` when there is none."""
    with store.work(actor=asked.by.actor) as work:
        found = lock_template(work, asked.key)
        found.require_draft()
        expected.check(etag(found.version))
        found.drop_draft()
        shape = _shape(work, asked.key)
    return shown(shape, etag(shape.version))


@router.post(f"{ONE}/preview", operation_id="preview_template", summary="预览 (preview)")
def preview_template(store: StoreHere, asked: AskedText, body: PreviewBody = PreviewBody()) -> Written:
    """How a text comes out, from an example or from a real message; nothing is kept or sent. 422 as for a
    draft."""
    with store.read() as look:
        source = body.source or _best_source(look, asked.key)
        values = _values(look, asked, body)
    check_text(*asked.key, source, values)
    text = written_from(source, values)
    return Written(title=text.title, body=text.body, values=values)


@router.post(
    f"{ONE}/publish",
    operation_id="publish_template",
    summary="发布草稿 (put the draft in force)",
    response_model=TemplateShape,
)
def publish_template(store: StoreHere, asked: AskedText, expected: IfMatch, once: DoOnce) -> Response:
    """From now on messages are written from the draft; those already written stay as they are."""
    with store.work(actor=asked.by.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        found = lock_template(work, asked.key)
        source = found.require_draft()
        expected.check(etag(found.version))
        check_text(*asked.key, source)  # what may be said may have changed since it was saved
        work.add(found.publish(asked.by, work.now))
        return once.answer(work, _shape(work, asked.key), etag=etag(found.version))


@router.post(
    f"{ONE}/versions/{{number}}/restore",
    operation_id="restore_template",
    summary="恢复旧版本 (an older version again; 0: the shipped text)",
    response_model=TemplateShape,
)
def restore_template(
    store: StoreHere, asked: AskedText, number: Number, expected: IfMatch, once: DoOnce
) -> Response:
    """Puts an older version in force again, as a version of its own; 0 goes back to the shipped text."""
    with store.work(actor=asked.by.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        found = lock_template(work, asked.key)
        expected.check(etag(found.version))
        work.add(_restored(work, asked, found, number))
        return once.answer(work, _shape(work, asked.key), etag=etag(found.version))


def _restored(work: Work, asked: Asked, found: Template, number: int) -> Any:
    if number == 0:
        return found.ship(shipped(*asked.key), asked.by, work.now)
    older = version_of(work, found, number)
    check_text(*asked.key, older.source)
    return found.restore(older, asked.by, work.now)


def _shape(work: Work, key: TemplateKey) -> TemplateShape:
    work.session.flush()
    return template_shape(*find_template(work, key))


def _best_source(look: Look, key: TemplateKey) -> Text:
    """The draft, else what is in force."""
    found, newest = find_template(look, key)
    return found.draft or (newest.source if newest and newest.is_own else shipped(*key))


def _values(look: Look, asked: Asked, body: PreviewBody) -> dict[str, Any]:
    if body.message_id is not None:
        return dict(look.get(Message, body.message_id, seen_by=asked.by).context)
    newest = newest_message(look, asked.key.kind) if body.newest else None
    return masked(newest.context) if newest else example_of(asked.key.kind)
