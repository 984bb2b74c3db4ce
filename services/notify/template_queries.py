"""Finds edited texts: those that are stored, and those that nobody has touched yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from services.notify.kinds import KINDS, UNEDITED
from services.notify.message import Message
from services.notify.template import Medium, Template, TemplateVersion
from services.notify.texts import LOCALES
from shared.database import new_id
from shared.errors import NotFound
from shared.store import Look, Work

Found = tuple[Template, TemplateVersion | None]
"""A text with its newest version."""


class TemplateKey(NamedTuple):
    """Which text: of a kind, for a medium, in a language."""

    kind: str
    medium: Medium
    locale: str


def all_keys(kind: str = "") -> list[TemplateKey]:
    """Every text there is, or those of one kind."""
    return [
        TemplateKey(name, medium, locale)
        for name in KINDS
        if name not in UNEDITED and kind in ("", name)
        for medium in Medium
        for locale in LOCALES
    ]


def check_key(key: TemplateKey) -> TemplateKey:
    """The key itself. Raises `NotFound` (`no_such_template`)."""
    if key.kind in KINDS and key.kind not in UNEDITED:
        return key
    raise NotFound("no_such_template", f"没有名为 {key.kind} 的通知模板", f"there is no text {key.kind}")


def find_templates(look: Look, keys: Sequence[TemplateKey]) -> list[Found]:
    """The texts with these keys, in their order."""
    rows = look.session.execute(_with_newest())
    stored = {TemplateKey(row[0].kind, row[0].medium, row[0].locale): (row[0], row[1]) for row in rows}
    return [stored.get(key) or (Template.unedited(*key), None) for key in keys]


def find_template(look: Look, key: TemplateKey) -> Found:
    row = look.session.execute(_with_newest().where(*_is(key))).first()
    return (row[0], row[1]) if row else (Template.unedited(*key), None)


def lock_template(work: Work, key: TemplateKey) -> Template:
    """The row of a text, made at first use, that nobody else changes until this work ends."""
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    untouched = {"version": 0, "published": 0, "draft_by": "", "failed": 0, "failed_text": ""}
    row = {"id": new_id(), **key._asdict(), **untouched}
    work.execute(insert(Template).values(**row).on_conflict_do_nothing())
    (found,) = work.lock_all(select(Template).where(*_is(key)))
    return found


def versions_of(look: Look, template: Template) -> list[TemplateVersion]:
    """Its versions, newest first."""
    wanted = select(TemplateVersion).where(TemplateVersion.template_id == template.id)
    return look.all(wanted.order_by(TemplateVersion.number.desc()))


def version_of(look: Look, template: Template, number: int) -> TemplateVersion:
    """Raises `NotFound` (`no_such_version`)."""
    wanted = select(TemplateVersion).where(TemplateVersion.template_id == template.id)
    found = look.first(wanted.where(TemplateVersion.number == number))
    if found is None:
        raise NotFound("no_such_version", f"没有第 {number} 版", f"there is no version {number}")
    return found


def newest_message(look: Look, kind: str) -> Message | None:
    return look.first(select(Message).where(Message.kind == kind).order_by(Message.id.desc()))


def _with_newest() -> Select[Template, TemplateVersion]:
    newest = (TemplateVersion.template_id == Template.id) & (TemplateVersion.number == Template.published)
    return select(Template, TemplateVersion).outerjoin(TemplateVersion, newest)


def _is(key: TemplateKey) -> tuple[ColumnElement[bool], ...]:
    return Template.kind == key.kind, Template.medium == key.medium, Template.locale == key.locale
