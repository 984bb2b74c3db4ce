"""Tells those who look after the texts that one of them has failed."""

from __future__ import annotations

from uuid import UUID

from services.notify.administrators import administrators
from services.notify.kinds import KINDS
from services.notify.notice import Notice, Occasion, tell
from services.notify.template import MEDIUM_LABELS, Medium, Template, TemplateVersion
from shared.store import Work

KIND = "template.failed"


def tell_who_looks_after_texts(work: Work, version_id: UUID, line: int | None, error: str) -> None:
    """Once for each version that failed, however many messages it failed for."""
    version = work.get(TemplateVersion, version_id)
    template = work.session.get_one(Template, version.template_id)
    label = f"{KINDS[template.kind].label} · {MEDIUM_LABELS[Medium(template.medium)]} · {template.locale}"
    context = {
        "template_label": label,
        "kind": template.kind,
        "medium": template.medium,
        "locale": template.locale,
        "version": version.number,
        "line": line or 0,
        "error": error,
    }
    occasion = Occasion(version.id, KIND, f"template/{template.id}", work.now)
    path = f"/notifications/templates/{template.kind}/{template.medium}/{template.locale}"
    for person_id in administrators(work):
        tell(work, person_id, Notice(KIND, context, path, occasion=occasion))
