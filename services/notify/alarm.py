"""Keeps the breakers of providers, and tells administrators once when one has opened."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from services.notify.answer import Answer, Outcome, redacted
from services.notify.channels import CHANNEL_LABELS, Channel
from services.notify.notice import Notice, Occasion, tell
from services.notify.provider import Provider
from shared.database import new_id
from shared.people import AppointmentCopy, PersonCopy, Role
from shared.store import Look, Work

KIND = "provider.broken"


def note_health(work: Work, seen: Provider, answer: Answer) -> None:
    """Opens or closes the breaker of a provider after an answer to what was sent when it was `seen` so."""
    if answer.outcome is Outcome.CONFIG_ERROR:
        provider = work.get(Provider, seen.id)
        # a configuration that was changed meanwhile is not the one that failed
        if provider.version == seen.version and provider.fail(answer.code, redacted(answer.text), work.now):
            _tell_administrators(work, provider)
    elif seen.is_broken and answer.outcome in (Outcome.ACCEPTED, Outcome.FAILED):
        work.get(Provider, seen.id).mend()


def _tell_administrators(work: Work, provider: Provider) -> None:
    channel = Channel(provider.channel)
    context = {
        "name": provider.name,
        "channel": CHANNEL_LABELS[channel],
        "channel_en": channel.value,
        "code": provider.broken_code,
        "text": provider.broken_text,
    }
    occasion = Occasion(new_id(), KIND, f"provider/{provider.id}", work.now)
    notice = Notice(
        KIND, context, "/notifications/providers", by_mail=channel != Channel.EMAIL, occasion=occasion
    )
    for person_id in work.all(_who_looks_after(work, provider)):
        tell(work, person_id, notice)


def _who_looks_after(look: Look, provider: Provider) -> Select[UUID]:
    """The unit's administrators for its robot, else those of the platform."""
    holds = AppointmentCopy.role == Role.PLATFORM_ADMINISTRATOR
    if provider.organisation_id is not None:
        holds = (AppointmentCopy.role == Role.UNIT_ADMINISTRATOR) & (
            AppointmentCopy.organisation_id == provider.organisation_id
        )
    people = select(PersonCopy.person_id).join(
        AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id
    )
    wanted = people.where(holds, AppointmentCopy.on(look.today), PersonCopy.active)
    return wanted.distinct().order_by(PersonCopy.person_id)
