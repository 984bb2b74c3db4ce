"""The words of a message: the text that is in force for its kind, or the shipped one when that fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from structlog import get_logger

from services.notify.kinds import UNEDITED
from services.notify.message import Message
from services.notify.template import TITLE_ONLY, Medium, Origin, Template, TemplateVersion
from services.notify.texts import CHINESE, LOCALES, BadText, Text, shipped_source, written, written_from
from shared.jobs import later
from shared.store import Look, Work

log = get_logger(__name__)
TEXT_FAILED = "notify.text_failed"


def shipped(kind: str, medium: Medium, locale: str) -> Text:
    """The source of what is said while nobody has edited it: the inbox's, or its title only."""
    source = shipped_source(kind, locale)
    return Text(source.title, "") if medium in TITLE_ONLY else source


def inbox_words(work: Work, kind: str, context: Mapping[str, Any]) -> dict[str, Text]:
    """What the inbox says, in every language."""
    edited = _edited(work, kind, Medium.INBOX)
    return {
        locale: _tried(work, edited.get(locale), context) or written(kind, locale, context)
        for locale in LOCALES
    }


def channel_words(work: Work, message: Message, medium: Medium, locale: str) -> Text:
    """What a channel says of a message: its own text where there is one, else what the inbox says."""
    version = _edited(work, message.kind, medium).get(locale) if medium is not Medium.INBOX else None
    own = _tried(work, version, message.context)
    if own is not None:
        return own
    title, body = (message.title, message.body) if locale == CHINESE else (message.title_en, message.body_en)
    return Text(title, "" if medium in TITLE_ONLY else body)


def _edited(look: Look, kind: str, medium: Medium) -> dict[str, tuple[Template, TemplateVersion]]:
    """The edited texts of a kind that are in force, by language."""
    if kind in UNEDITED:
        return {}
    rows = (
        select(Template, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .where(Template.kind == kind, Template.medium == medium)
        .where(TemplateVersion.number == Template.published, TemplateVersion.origin != Origin.SHIPPED)
    )
    return {row.Template.locale: (row.Template, row.TemplateVersion) for row in look.session.execute(rows)}


def _tried(
    work: Work, edited: tuple[Template, TemplateVersion] | None, context: Mapping[str, Any]
) -> Text | None:
    """An edited text, written; nothing when there is none, or when it fails: then its administrators hear of
    that, once for each version."""
    if edited is None:
        return None
    template, version = edited
    try:
        text = written_from(version.source, context)
        return text if text.title else None
    except BadText as bad:
        log.warning("text_failed", kind=template.kind, medium=template.medium, error=str(bad))
        if template.failed != version.number:
            work.get(Template, template.id).note_failure(str(bad), work.now)
            later(work, TEXT_FAILED, version_id=str(version.id), line=bad.line, error=bad.what)
        return None
