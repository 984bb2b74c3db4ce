"""The page behind a link that decides: plain, without script, Chinese first, every value escaped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from minijinja import Environment
from pydantic import ValidationError

from services.approvals.by_message import Offer
from services.approvals.case import CASE_LABELS, CaseState
from services.approvals.quorum import closes
from services.approvals.since import since_decided
from services.approvals.slot_views import since_shape
from services.approvals.views import next_of
from shared.clock import SHANGHAI
from shared.money import format_yuan
from shared.store import Look

FOLDER = Path(__file__).parent / "templates"
FUEL = 200_000
VERB_LABELS = {"agree": ("同意", "Agree"), "disagree": ("不同意", "Disagree")}
TEXTS = {"string_too_long": "意见过长，最多 500 字 (at most 500 characters)"}


@dataclass(frozen=True)
class Filled:
    """What was sent with the page and could not be done: shown again, with what is wrong."""

    problems: Sequence[str] = ()
    opinion: str = ""
    picks: Collection[str] = ()


def offer_page(look: Look, offer: Offer, case_url: str, filled: Filled) -> str:
    """What is to be decided and what that will do, with the form that does it."""
    at = offer.at
    slot, agrees = at.slot, offer.verb == "agree"
    closing = agrees and closes(at.file.step, at.file.step_slots, slot)
    after = next_of(look, at.file, at.caller) if closing else None
    since = since_decided(look, at.file).get(slot.id)
    return _page(
        state="offer",
        verb=VERB_LABELS[offer.verb],
        agrees=agrees,
        title=slot.title,
        number=slot.number,
        organisation=slot.organisation_name,
        applicant=slot.applicant_name,
        amount=format_yuan(slot.amount_fen) if slot.amount_fen is not None else "",
        step=slot.step_name,
        person=at.caller.name,
        for_whom="" if at.holds else slot.holder_name,
        closing=closing,
        since=since_shape(since, at.file.round.labels).model_dump(mode="json") if since else None,
        next_step=after.name if after else "",
        candidates=[one.model_dump(mode="json") for one in after.candidates]
        if after and after.asks_pick
        else [],
        until=f"{offer.expires_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        case_url=case_url,
        problems=list(filled.problems),
        opinion=filled.opinion,
        picks=list(filled.picks),
    )


def done_page(offer: Offer, case_url: str) -> str:
    """What the decision led to."""
    case = offer.at.file.case
    return _page(
        state="done",
        verb=VERB_LABELS[offer.verb],
        title=offer.at.slot.title,
        case_state=CASE_LABELS[CaseState(case.state)],
        case_url=case_url,
    )


def dead_page() -> str:
    """The one answer to every link that decides nothing, whatever the reason."""
    return _page(state="dead")


def busy_page() -> str:
    """Too many requests."""
    return _page(state="busy")


def problems_of(invalid: ValidationError) -> list[str]:
    """What is wrong with what was filled in, in words."""
    return [TEXTS.get(error["type"], "填写有误 (not valid)") for error in invalid.errors()]


def _page(**values: object) -> str:
    return _environment().render_template("decide.html", **values)


@cache
def _environment() -> Environment:
    sources = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.html")}
    return Environment(templates=sources, fuel=FUEL)
