"""Tells those who look after the texts that one of them has failed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from services.notify.kinds import KINDS
from services.notify.notice import Notice, Occasion, tell
from services.notify.template import MEDIUM_LABELS, Medium, Template, TemplateVersion
from shared.people import AppointmentCopy, PersonCopy, Role
from shared.store import Look, Work

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
    for person_id in work.all(_administrators(work)):
        tell(work, person_id, Notice(KIND, context, path, occasion=occasion))


def _administrators(look: Look) -> Select[UUID]:
    return (
        select(PersonCopy.person_id)
        .join(AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id)
        .where(AppointmentCopy.role == Role.PLATFORM_ADMINISTRATOR, AppointmentCopy.on(look.today))
        .where(PersonCopy.active)
        .distinct()
        .order_by(PersonCopy.person_id)
    )
