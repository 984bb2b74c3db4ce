"""Deciding from a message: whether a link still stands for a decision, and making it as the API would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.approvals.deciding import Decision
from services.approvals.filing import situation, take_by_slot
from services.approvals.in_force import policy_at
from services.approvals.settling import settle
from services.approvals.slot_schemas import AgreeBody
from services.approvals.verbs import Situation, why_not
from shared.decision_link import Verb, read_unchecked, token_hash
from shared.errors import NotFound, Unauthorised
from shared.people import PersonCopy, find_caller
from shared.store import Look, Work
from shared.tokens import Claims


@dataclass(frozen=True)
class Offer:
    """Somebody before a slot that he may decide in one way, by the link of which `link` is the hash."""

    at: Situation
    verb: Verb
    link: str
    expires_at: datetime


def offered(look: Look, token: str, key: str) -> Offer | None:
    """What a link offers; in a work the case is locked. Nothing when it is none of ours, has expired, or slot
    or person have changed since it was made; nor when the person may not decide any more, or not in this way.
    """
    link = read_unchecked(token)
    if link is None or link.expires_at <= look.now:
        return None
    try:
        file, slot = take_by_slot(look, link.slot_id, None)
        person = look.session.get(PersonCopy, link.person_id)
        if person is None or slot.holder_unit_id is None:
            return None
        if not link.is_signed(token, slot.etag, person.epoch, key):
            return None
        # holder and deputy are both of the unit that the slot is held in
        caller = find_caller(look, Claims(person.person_id, slot.holder_unit_id, person.epoch))
    except (NotFound, Unauthorised):
        return None
    at = situation(look, file, slot, caller)
    if at.step is None or not at.step.by_message or not policy_at(look, file.case.district_path).by_message:
        return None
    if why_not(link.verb, at) is not None:
        return None
    return Offer(at, link.verb, token_hash(token), link.expires_at)


def decide(work: Work, offer: Offer, said: AgreeBody) -> None:
    """Decides as the offer says. Raises `Invalid` as `deciding.agree` and `deciding.disagree` do."""
    picks = said.picks if offer.verb == "agree" else ()
    settle(work, offer.at, offer.verb, Decision(offer.at.actor, said.opinion, picks, link=offer.link))
