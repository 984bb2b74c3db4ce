"""Keeps the breakers of providers, and tells administrators once when one has opened."""

from __future__ import annotations

from services.notify.administrators import administrators
from services.notify.answer import Answer, Outcome, redacted
from services.notify.channels import CHANNEL_LABELS, Channel
from services.notify.notice import Notice, Occasion, tell
from services.notify.provider import Provider
from shared.database import new_id
from shared.store import Work

KIND = "provider.broken"


def note_health(work: Work, seen: Provider, answer: Answer) -> None:
    """Opens or closes the breaker of a provider after an answer to what was sent when it was `seen` so.
    What was shown to nobody says nothing: another letter may probe."""
    if answer.outcome is Outcome.CONFIG_ERROR:
        provider = work.get(Provider, seen.id)
        # a configuration that was changed meanwhile is not the one that failed
        if provider.version == seen.version and provider.fail(answer.code, redacted(answer.text), work.now):
            _tell_administrators(work, provider)
    elif seen.is_broken and not answer.asked:
        work.get(Provider, seen.id).give_back_probe(work.now)
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
    notice = Notice(KIND, context, "/notifications/providers", not_by=frozenset({channel}), occasion=occasion)
    # a unit looks after its own robot
    for person_id in administrators(work, *filter(None, [provider.organisation_id])):
        tell(work, person_id, notice)
