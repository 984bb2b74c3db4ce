"""Preferences: a person's own, and those that a unit sets for its people."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.notify.following import FOLLOW
from services.notify.moments.todo import plan_anew
from services.notify.preference_schemas import (
    PreferencesBody,
    PreferencesShape,
    UnitPreferencesBody,
    UnitPreferencesShape,
    preferences_shape,
    problems_in,
    unit_preferences_shape,
)
from services.notify.preferences import Owner, Preferences
from services.notify.reach import served
from services.notify.waking import wake_quiet
from services.notify.wishes import lock_preferences, of_unit, units_of, wishes_of
from shared.errors import invalid
from shared.http import IfMatch, SignedIn, StoreHere, etag, shown
from shared.jobs import later
from shared.people import Role
from shared.store import Look

router = APIRouter(prefix="/preferences", tags=["preferences"])


@router.get(
    "",
    operation_id="get_preferences",
    summary="我的接收偏好 (my preferences)",
    response_model=PreferencesShape,
)
def get_preferences(store: StoreHere, caller: SignedIn) -> Response:
    """What holds for the caller on each channel for each kind of message, and where that comes from: his own
    choice, his unit's, or the system's."""
    with store.read() as look:
        wishes = wishes_of(look, caller.person_id)
        own = wishes.own or Preferences.none(caller.person_id, Owner.PERSON, look.now)
        channels = served(look, units_of(caller.person_id, look.today))
    return shown(preferences_shape(own, wishes, channels), etag(own.version))


@router.put(
    "",
    operation_id="save_preferences",
    summary="保存我的接收偏好 (save my preferences)",
    response_model=PreferencesShape,
)
def save_preferences(
    store: StoreHere, caller: SignedIn, expected: IfMatch, body: PreferencesBody
) -> Response:
    """Replaces all choices of the caller. What is held for quiet time goes by the new ones at once; what is
    collected leaves when it was to. 422 `mandatory_needs_channel` when nothing outside the inbox would
    be left for a kind that is mandatory, `unknown_topic`, `chosen_twice`."""
    with store.work(actor=caller.actor) as work:
        own = lock_preferences(work, caller.person_id, Owner.PERSON)
        expected.check(etag(own.version))
        own.locale, own.timing = body.locale, body.timing.kept
        own.choose(body.chosen, work.now)
        wishes = wishes_of(work, caller.person_id)
        if problems := problems_in(body.chosen, wishes):
            raise invalid(problems)
        plan_anew(work, caller.person_id)
        wake_quiet(work, caller.person_id)
        channels = served(work, units_of(caller.person_id, work.today))
    return shown(preferences_shape(own, wishes, channels), etag(own.version))


@router.get(
    "/unit",
    operation_id="get_unit_preferences",
    summary="本单位的默认设置 (what the unit sets for its people)",
    response_model=UnitPreferencesShape,
)
def get_unit_preferences(store: StoreHere, caller: SignedIn) -> Response:
    """For the unit's administrator."""
    caller.require(Role.UNIT_ADMINISTRATOR)
    with store.read() as look:
        unit = _of_unit(look, caller.organisation_id)
        channels = served(look, [caller.organisation_id])
    return shown(unit_preferences_shape(unit, of_unit(unit), channels), etag(unit.version))


@router.put(
    "/unit",
    operation_id="save_unit_preferences",
    summary="保存本单位的默认设置 (save them)",
    response_model=UnitPreferencesShape,
)
def save_unit_preferences(
    store: StoreHere, caller: SignedIn, expected: IfMatch, body: UnitPreferencesBody
) -> Response:
    """Replaces what the unit sets for its people; each of them may choose otherwise for himself. What is held
    for the quiet time of the others, and their planned to-do digests, go by it a moment later."""
    caller.require(Role.UNIT_ADMINISTRATOR)
    with store.work(actor=caller.actor) as work:
        unit = lock_preferences(work, caller.organisation_id, Owner.UNIT)
        expected.check(etag(unit.version))
        unit.locale, unit.timing = body.locale, body.timing.kept
        unit.inbox_suffices = body.inbox_suffices
        unit.choose(body.chosen, work.now)
        wishes = of_unit(unit)
        if problems := problems_in(body.chosen, wishes):
            raise invalid(problems)
        later(work, FOLLOW, organisation_id=str(caller.organisation_id))
        channels = served(work, [caller.organisation_id])
    return shown(unit_preferences_shape(unit, wishes, channels), etag(unit.version))


def _of_unit(look: Look, organisation_id: UUID) -> Preferences:
    found = look.find(Preferences, organisation_id)
    return found or Preferences.none(organisation_id, Owner.UNIT, look.now)
