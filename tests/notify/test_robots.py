"""Robots of units in their groups: spoken to as the providers' documents say, judged by what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from services.notify.channels import Channel
from services.notify.contact import Account
from services.notify.provider import Provider
from shared.people import Role
from tests.notify import fakes
from tests.notify.fakes import KEY, SECRET, Fake, fake
from tests.notify.office import Office, slot_opened

PATHS = {
    "wecom": "/cgi-bin/webhook/send",
    "dingtalk": "/robot/send",
    "feishu": "/open-apis/bot/v2/hook",
}
every_robot = pytest.mark.parametrize("name", PATHS)


@pytest.fixture
def group(name: str, office: Office) -> Iterator[Fake]:
    """The provider `name`, on whose channel everybody is told of everything."""
    office.goes_by(Channel(name))
    office.reaches_this_machine()
    with fake(getattr(fakes, name)) as made:
        yield made


def registered(office: Office, group: Fake, name: str, **more: Any) -> dict[str, Any]:
    """The robot of the unit, entered by its administrator."""
    boss = office.person("周主任", office.unit, Role.UNIT_ADMINISTRATOR)
    secrets = more.pop("secrets", {"key": KEY, "secret": SECRET})
    settings = {"address": group.url + PATHS[name]}
    return office.provider(f"{name}_robot", settings, channel=name, secrets=secrets, by=boss, **more)


def told(office: Office, person: UUID, **more: Any) -> tuple[str, str]:
    """Tells somebody of a to-do; state and code of the delivery."""
    office.hear(slot_opened(person, **more))
    office.run_jobs()
    delivery = [found for found in office.deliveries() if found.person_id == person][-1]
    return delivery.state, delivery.code


@every_robot
def test_the_robot_of_the_unit_speaks_in_its_group(office: Office, group: Fake, name: str) -> None:
    registered(office, group, name)
    assert told(office, office.wang) == ("accepted", "")
    text = str(group.texts[0])
    assert "王芳：轮到您审核：办公电脑采购" in text
    assert "/cases/" in text
    assert "部门负责人" not in text, "the text itself is the person's own"
    assert [(a.provider, a.outcome, a.code) for a in office.attempts()] == [
        (f"{name}_robot", "accepted", "0")
    ]


@every_robot
def test_a_person_is_mentioned_only_when_he_has_said_by_what(office: Office, group: Fake, name: str) -> None:
    registered(office, group, name)
    office.has_address(office.wang, "wang@example.org", phone="13800138000")
    told(office, office.wang)
    assert "13800138000" not in str(group.texts[0])
    assert office.put(office.wang, f"contacts/{name}", {"address": "13800138001"}).status_code == 200
    told(office, office.wang)
    assert "13800138001" in str(group.texts[1])
    office.put(office.wang, f"contacts/{name}", {"address": "wang.fang"})
    told(office, office.wang)
    assert "wang.fang" in str(group.texts[2])
    office.delete(office.wang, f"contacts/{name}")
    told(office, office.wang)
    assert "wang.fang" not in str(group.texts[3])


@every_robot
def test_a_wrong_secret_is_ours_to_repair_although_the_answer_is_200(
    office: Office, group: Fake, name: str
) -> None:
    wrong = {"key": "another-key"} if name == "wecom" else {"key": KEY, "secret": "wrong"}
    robot = registered(office, group, name, secrets=wrong)
    boss = office.person("吴主任", office.unit, Role.UNIT_ADMINISTRATOR)
    assert told(office, office.wang) == ("held", "provider_broken")
    assert office.get(boss, f"providers/{robot['id']}").json()["status"] == "broken"
    (message,) = office.messages(boss)
    assert message["kind"] == "provider.broken"
    assert office.messages(office.admin) == [], "a unit's robot is its administrator's"


TOO_FAST = {
    "wecom": {"errcode": 45009, "errmsg": "api freq out of limit"},
    "dingtalk": {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
    "feishu": {"code": 11232, "msg": "frequency limited psm"},
}
REFUSED = {
    "wecom": {"errcode": 40058, "errmsg": "invalid argument"},
    "dingtalk": {"errcode": 430102, "errmsg": "illegal text"},
    "feishu": {"code": 9499, "msg": "Bad Request"},
}


@every_robot
def test_what_a_robots_answer_means(office: Office, group: Fake, name: str) -> None:
    registered(office, group, name)
    group.answers += [TOO_FAST[name], REFUSED[name], (502, b"<html>bad gateway</html>"), fakes.hang_up]
    assert told(office, office.wang)[0] == "queued"
    later = office.deliveries()[0].next_try_at
    assert later is not None
    assert (later - office.clock.now()).total_seconds() >= 60
    assert told(office, office.wang)[0] == "failed"
    assert told(office, office.wang) == ("queued", "502")
    assert told(office, office.wang) == ("queued", "broken_off")
    assert [a.outcome for a in office.attempts()] == ["retry", "failed", "unknown", "unknown"]


@pytest.mark.parametrize("name", ["wecom"])
@pytest.mark.parametrize("verdict", [False, True, None, "0", 0.0])
def test_what_is_no_verdict_is_no_success(office: Office, group: Fake, name: str, verdict: Any) -> None:
    registered(office, group, name)
    group.answers.append({"errcode": verdict})
    assert told(office, office.wang) == ("held", "provider_broken")
    assert [(a.outcome, a.code) for a in office.attempts()] == [("config_error", "http_200")]


@every_robot
def test_a_unit_without_a_robot_hears_nothing_and_no_other_unit_does(
    office: Office, group: Fake, name: str
) -> None:
    registered(office, group, name)
    elsewhere = office.organisation("阳曲县第一中学", "140105")
    office.goes_by(Channel(name), unit=elsewhere)
    stranger = office.person("孙立", elsewhere, "reviewer")
    told(office, stranger)
    assert group.heard == []
    # where nothing keeps what would go out, it is suppressed
    with office.store.work() as work:
        work.execute(update(Provider).where(Provider.kind == "kept").values(active=False))
    assert told(office, stranger) == ("suppressed", "no_robot")
    assert group.heard == []


@pytest.mark.parametrize("name", ["dingtalk"])
def test_no_more_letters_go_to_a_robot_than_it_takes(office: Office, group: Fake, name: str) -> None:
    registered(office, group, name)
    for _ in range(20):
        office.hear(slot_opened(office.wang))
    office.run_jobs()
    assert len(group.heard) == 18
    held = [d for d in office.deliveries() if d.state == "held"]
    assert {(d.code, d.tries, d.attempts) for d in held} == {("limit_provider", 0, 0)}
    office.clock.move(seconds=59)
    office.run_jobs()
    assert len(group.heard) == 18
    office.clock.move(seconds=1)
    office.run_jobs()
    assert len(group.heard) == 20
    assert {d.state for d in office.deliveries()} == {"accepted"}


@pytest.mark.parametrize("name", ["dingtalk"])
def test_a_robot_leads_nowhere_inside(office: Office, group: Fake, name: str) -> None:
    """What a unit's administrator enters must not become a way into the network of the servers."""
    office.here.settings = office.here.settings.model_copy(update={"private_networks": ""})
    registered(office, group, name)
    assert told(office, office.wang) == ("held", "provider_broken")
    assert [a.code for a in office.attempts()] == ["address_not_allowed"]
    assert group.heard == []


@pytest.mark.parametrize("name", ["dingtalk"])
def test_only_its_own_administrator_keeps_a_robot(office: Office, group: Fake, name: str) -> None:
    robot = registered(office, group, name)
    assert robot["organisation_id"] == str(office.unit)
    elsewhere = office.organisation("阳曲县第一中学", "140105")
    other = office.person("孙立", elsewhere, Role.UNIT_ADMINISTRATOR)
    asked = office.http.get(f"providers/{robot['id']}", headers=office.as_(other, elsewhere))
    assert asked.status_code == 404
    assert office.get(office.admin, f"providers/{robot['id']}").status_code == 200


@every_robot
@pytest.mark.parametrize("address", ["all", "@all", "@ALL"])
def test_nobody_has_the_whole_group_mentioned(office: Office, group: Fake, name: str, address: str) -> None:
    registered(office, group, name)
    office.put(office.wang, f"contacts/{name}", {"address": "wang.fang"})
    refused = office.put(office.wang, f"contacts/{name}", {"address": address})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "everybody")
    with office.store.work() as work:  # as it may stand there from before
        work.execute(update(Account).values(address=address))
    assert told(office, office.wang) == ("accepted", "")
    assert "all" not in str(group.texts[0]).lower()


@every_robot
def test_a_long_text_is_cut_and_its_link_stays(office: Office, group: Fake, name: str) -> None:
    registered(office, group, name)
    words = {"title": "{{ title }}", "body": "事由：{{ applicant_name }}"}
    url = "templates/slot.opened/chat/zh-CN"
    saved = office.put(office.admin, f"{url}/draft", words, If_Match='"v0"')
    assert office.post(office.admin, f"{url}/publish", If_Match=saved.headers["etag"]).is_success
    office.put(office.wang, f"contacts/{name}", {"address": "wang.fang"})
    assert told(office, office.wang, applicant_name="<李明" * 2700) == ("accepted", "")
    (heard,) = group.heard
    text = str(heard.json.get("content") or heard.json["text"]["content"])
    assert len(heard.body) < {"wecom": 2400, "dingtalk": 20_000, "feishu": 20_000}[name]
    assert "…" in text
    assert "/cases/" in text
    assert "\ufffd" not in text


@pytest.mark.parametrize("address", ["", "a b", "<at>", "张三", "x" * 65, "a/b"])
def test_what_is_nobodys_address_is_refused(office: Office, address: str) -> None:
    answer = office.put(office.wang, "contacts/dingtalk", {"address": address})
    assert answer.status_code == 422


def test_a_persons_own_addresses_are_seen_by_him_alone(office: Office) -> None:
    office.has_address(office.wang, "wang@example.org", phone="13800138000")
    office.put(office.wang, "contacts/feishu", {"address": "ou_123"})
    mine = {entry["channel"]: entry for entry in office.get(office.wang, "contacts").json()}
    assert (mine["email"]["address"], mine["email"]["editable"]) == ("wang@example.org", False)
    assert (mine["sms"]["address"], mine["feishu"]["address"]) == ("13800138000", "ou_123")
    theirs = office.get(office.zhao, "contacts").json()
    assert {entry["address"] for entry in theirs} == {""}
    assert office.put(office.wang, "contacts/email", {"address": "x"}).json()["code"] == "not_editable"
    office.delete(office.wang, "contacts/feishu")
    assert office.delete(office.wang, "contacts/feishu").status_code == 204
