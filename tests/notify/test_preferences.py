"""What a person and his unit choose: what holds, where it comes from, and what may not be chosen."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels import Channel
from services.notify.kinds import KINDS, Group, Kind
from services.notify.preferences import ALL, Choice, Mode, Owner, Preferences
from services.notify.wishes import Wishes
from shared.database import new_id
from shared.events.directory import Appointment, PersonChanged
from tests.lone import MORNING
from tests.notify.choosing import runs_until_quiet, save
from tests.notify.office import ADDRESS, Office, slot_opened, status_changed


def holds(office: Office, person_id: UUID, kind: str, channel: str) -> tuple[str, str, str]:
    """What holds for a person, where it comes from, and for which topic it was chosen."""
    found = office.get(person_id, "preferences").json()
    (line,) = (line for line in found["kinds"] if line["kind"] == kind)
    (on,) = (on for on in line["channels"] if on["channel"] == channel)
    return on["mode"], on["source"], on["topic"]


@pytest.fixture
def chief(office: Office) -> UUID:
    return office.person("安管理", office.unit, "unit_administrator")


def test_what_holds_says_where_it_comes_from(office: Office, chief: UUID) -> None:
    assert holds(office, office.wang, "plan.usable", "email") == ("now", "system", "")
    assert holds(office, office.wang, "plan.usable", "sms") == ("off", "system", "")
    assert holds(office, office.wang, "plan.withdrawn", "email") == ("off", "system", "")
    unit = save(office, chief, ("outcome", "sms", "now"), ("*", "wecom", "now"), path="preferences/unit")
    assert unit.status_code == 200
    assert holds(office, office.wang, "plan.usable", "sms") == ("now", "unit", "outcome")
    assert holds(office, office.wang, "slot.opened", "wecom") == ("now", "unit", "*")
    own = save(office, office.wang, ("*", "sms", "off"), ("plan.usable", "email", "off"), locale="en")
    assert (own.json()["locale"], own.json()["own_locale"]) == ({"value": "en", "source": "person"}, "en")
    assert holds(office, office.wang, "plan.usable", "sms") == ("off", "person", "*")
    assert holds(office, office.wang, "plan.usable", "email") == ("off", "person", "plan.usable")
    assert holds(office, office.wang, "plan.void", "email") == ("now", "system", "")
    assert holds(office, office.zhao, "plan.usable", "sms") == ("now", "unit", "outcome")


def test_a_message_goes_out_as_was_chosen_and_the_inbox_has_every_one(any_office: Office) -> None:
    office = any_office
    office.has_address(office.li, "li@example.org")
    save(office, office.li, ("plan.usable", "email", "off"), ("plan.void", "sms", "now"))
    for status in ("usable", "void"):
        office.hear(status_changed(office.li, status))
    void, usable = office.messages(office.li)
    found = {d.message_id: set[str]() for d in office.deliveries()}
    for delivery in office.deliveries():
        found[delivery.message_id].add(f"{delivery.channel} {delivery.state} {delivery.code}".strip())
    assert found[UUID(usable["id"])] == {"email suppressed preference"}
    assert found[UUID(void["id"])] == {"email queued", "sms queued"}
    told = [event.data["channels"] for event in office.published("message.created")]
    assert told == [[], ["email", "sms"]]
    (unwanted,) = office.outcomes()
    assert (unwanted.type, unwanted.data["label"]) == (
        "delivery.suppressed",
        "电子邮件未发送（本人选择不接收）",
    )
    office.run_jobs()
    assert [mail["Subject"] for mail in office.mails()] == ["【采购计划】采购计划已作废：办公电脑采购"]


def test_the_language_of_mail_is_the_persons(office: Office, chief: UUID) -> None:
    office.has_address(office.wang, ADDRESS)
    save(office, chief, path="preferences/unit", locale="en")
    office.hear(slot_opened(office.wang))
    save(office, office.wang, locale="zh-CN")
    office.hear(slot_opened(office.wang))
    save(office, office.wang)
    office.run_jobs()
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    subjects = sorted(str(mail["Subject"]) for mail in office.mails())
    assert subjects == ["[Procurement plans] Your turn to review: 办公电脑采购"] * 3
    plain = office.mails()[0].get_body(("plain",))
    assert plain is not None
    assert "Details: http" in plain.get_content()


def test_what_is_mandatory_changes_its_channel_and_is_never_switched_off(office: Office) -> None:
    silent = save(office, office.wang, ("*", "email", "off"))
    assert (silent.status_code, silent.json()["code"]) == (422, "invalid")
    said = {error["code"] for error in silent.json()["errors"]}
    assert said == {"mandatory_needs_channel"}
    assert any("“轮到您审核”为必收通知" in error["detail"] for error in silent.json()["errors"])
    assert office.get(office.wang, "preferences").json()["version"] == 0
    assert save(office, office.wang, ("*", "email", "off"), ("*", "sms", "now")).status_code == 200


def test_what_is_mandatory_goes_the_usual_way_when_the_chosen_one_leads_nowhere(office: Office) -> None:
    """He has a mail address and chose SMS, but there is no phone number of his."""
    office.has_address(office.wang, ADDRESS)
    save(office, office.wang, ("*", "email", "off"), ("*", "sms", "now"))
    office.hear(slot_opened(office.wang))
    office.hear(status_changed(office.wang, "usable"))
    runs_until_quiet(office)
    (mail,) = office.mails()
    assert "轮到您审核" in mail["Subject"]


def test_a_unit_may_let_the_inbox_suffice(office: Office, chief: UUID) -> None:
    assert save(office, office.wang, ("*", "email", "off")).status_code == 422
    refused = save(office, chief, ("*", "email", "off"), path="preferences/unit")
    assert refused.status_code == 422
    allowed = save(office, chief, ("*", "email", "off"), path="preferences/unit", inbox_suffices=True)
    assert allowed.json()["inbox_suffices"] is True
    office.hear(slot_opened(office.wang))
    assert office.deliveries() == []
    assert save(office, office.wang, ("*", "email", "off")).status_code == 200
    office.hear(slot_opened(office.wang))
    assert [(d.state, d.code) for d in office.deliveries()] == [("suppressed", "preference")]


def test_of_two_units_both_have_to_say_that_the_inbox_suffices(office: Office, chief: UUID) -> None:
    other = office.organisation("小店区第二中学", "140105")
    theirs = office.person("陈管理", other, "unit_administrator")
    both = [Appointment(organisation_id=unit, role="reviewer") for unit in (office.unit, other)]
    office.hear(
        PersonChanged(
            person_id=office.wang, version=2, name="王芳", active=True, epoch=1, appointments=[*both, both[0]]
        )
    )
    save(office, chief, ("*", "email", "off"), path="preferences/unit", inbox_suffices=True)
    assert save(office, office.wang, ("*", "email", "off")).status_code == 422
    body = {"choices": [], "inbox_suffices": True}
    headers = office.as_(theirs, other, If_Match='"v0"')
    assert office.http.put("preferences/unit", json=body, headers=headers).status_code == 200
    assert save(office, office.wang, ("*", "email", "off")).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (
            {"choices": [{"topic": "x", "channel": "sms", "mode": "now"}]},
            "unknown_topic",
            "/choices/0/topic",
        ),
        ({"choices": [{"topic": "*", "channel": "sms", "mode": "now"}] * 2}, "chosen_twice", "/choices/1"),
        ({"choices": [{"topic": "*", "channel": "fax", "mode": "now"}]}, "enum", "/choices/0/channel"),
        ({"choices": [{"topic": "*", "channel": "sms", "mode": "never"}]}, "enum", "/choices/0/mode"),
        ({"locale": "fr"}, "literal_error", "/locale"),
        ({"inbox_suffices": True}, "extra_forbidden", "/inbox_suffices"),
        ({"choices": [{"topic": "*", "channel": "sms", "mode": "now"}] * 501}, "too_long", "/choices"),
        (
            {"choices": [{"topic": "digest.collected", "channel": "sms", "mode": "off"}]},
            "unknown_topic",
            "/choices/0/topic",
        ),
    ],
)
def test_what_is_wrong_with_choices_is_said(
    office: Office, body: dict[str, Any], code: str, pointer: str
) -> None:
    headers = office.as_(office.wang, office.unit, If_Match='"v0"')
    answer = office.http.put("preferences", json=body, headers=headers)
    assert answer.status_code == 422
    assert (code, pointer) in [(item["code"], item["pointer"]) for item in answer.json()["errors"]]


def test_preferences_are_ones_own_and_the_units_are_its_administrators(office: Office, chief: UUID) -> None:
    for method in ("GET", "PUT"):
        headers = office.as_(office.wang, office.unit, If_Match='"v0"')
        answer = office.http.request(method, "preferences/unit", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_required")
        for path in ("preferences", "preferences/unit"):
            nobody = office.http.request(method, path, json={}, headers={"If-Match": '"v0"'})
            assert nobody.status_code == 401
    other = office.organisation("小店区第二中学", "140105")
    theirs = office.person("陈管理", other, "unit_administrator")
    headers = office.as_(theirs, other, If_Match='"v0"')
    saved = office.http.put(
        "preferences/unit",
        json={"choices": [{"topic": "*", "channel": "sms", "mode": "now"}]},
        headers=headers,
    )
    assert saved.status_code == 200
    assert holds(office, office.wang, "plan.usable", "sms") == ("off", "system", "")


def test_an_older_version_is_not_written_over_a_newer_one(office: Office) -> None:
    assert save(office, office.wang, locale="en").status_code == 200
    headers = office.as_(office.wang, office.unit, If_Match='"v0"')
    stale = office.http.put("preferences", json={}, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert office.http.put("preferences", json={}, headers=office.as_(office.wang, office.unit)).json()[
        "code"
    ] == ("if_match_required")


@pytest.mark.postgres
def test_of_many_first_choices_at_once_one_is_kept(postgres_office: Office) -> None:
    office = postgres_office
    answers: list[int] = []

    def choose() -> None:
        headers = office.as_(office.wang, office.unit, If_Match='"v0"')
        answers.append(office.http.put("preferences", json={"locale": "en"}, headers=headers).status_code)

    threads = [threading.Thread(target=choose) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, *[412] * 5]


CHOICES = st.lists(
    st.builds(
        Choice, st.sampled_from([ALL, *Group, *KINDS]), st.sampled_from(list(Channel)), st.sampled_from(Mode)
    ),
    max_size=8,
    unique_by=lambda choice: choice[:2],
)


def row(owner: Owner, choices: list[Choice]) -> Preferences:
    made = Preferences.none(new_id(), owner, MORNING)
    made.choose(choices, MORNING)
    return made


def unless_urgent(mode: Mode, kind: Kind) -> Mode:
    """What is urgent is not collected, nor is a letter that lists others."""
    return Mode.NOW if mode is Mode.DIGEST and (kind.urgent or kind.letter) else mode


@given(CHOICES, st.lists(CHOICES, max_size=2))
def test_the_nearest_choice_holds_and_of_several_units_the_more_insistent(
    own: list[Choice], units: list[list[Choice]]
) -> None:
    wishes = Wishes(row(Owner.PERSON, own), [row(Owner.UNIT, choices) for choices in units], len(units))
    for kind in KINDS.values():
        for channel in Channel:
            found = wishes.about(kind, channel)
            topics = (kind.name, kind.group, ALL)
            mine = [c for t in topics for c in own if (c.topic, c.channel) == (t, channel)]
            if mine:
                assert (found.mode, found.source) == (unless_urgent(mine[0].mode, kind), "person")
                continue
            nearest = [
                next((c for t in topics for c in choices if (c.topic, c.channel) == (t, channel)), None)
                for choices in units
            ]
            modes = {c.mode for c in nearest if c}
            if modes:
                most = max(modes, key=list(Mode).index)
                assert (found.mode, found.source) == (unless_urgent(most, kind), "unit")
            else:
                assert (found.mode is Mode.NOW) == (channel in kind.channels)
