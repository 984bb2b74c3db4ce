"""The links by which the receiver of a letter may decide the to-do that it tells of."""

from __future__ import annotations

from collections.abc import Sequence

from services.notify.channels import Channel
from services.notify.gates import Going
from services.notify.letter import Decision
from services.notify.post import Post
from services.notify.texts import CHINESE
from shared.decision_link import LIFETIME, VERBS, DecisionLink

LABELS = {"agree": ("同意", "Agree"), "disagree": ("不同意", "Disagree")}


def decisions_for(going: Going, locale: str, post: Post) -> Sequence[Decision]:
    """One link for each verb, the same at every try; none where the step allows no decision from a message,
    and none but in e-mail, which alone is addressed to one person."""
    slot, person, message = going.slot, going.person, going.message
    if going.channel is not Channel.EMAIL or slot is None or not slot.decision_etag or person is None:
        return ()
    links = [
        DecisionLink(slot.slot_id, person.person_id, verb, message.created_at + LIFETIME) for verb in VERBS
    ]
    return [
        Decision(
            LABELS[link.verb][0 if locale == CHINESE else 1],
            post.decision_url(link, slot.decision_etag, person.epoch),
        )
        for link in links
    ]
