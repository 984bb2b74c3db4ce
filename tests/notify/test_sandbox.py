"""Trials: what would go out is kept and shown, and nobody outside the list is written to."""

from __future__ import annotations

import pytest

from services.notify.channels import Channel
from services.notify.sandbox import Sandbox
from shared.people import Role
from tests.notify.fakes import KEY, SECRET, dingtalk, fake
from tests.notify.office import ADDRESS, Office, slot_opened
from tests.notify.post_office import Replies, post_office


def test_what_has_no_provider_is_kept_and_shown(office: Office) -> None:
    channels = (Channel.SMS, Channel.DINGTALK)
    office.goes_by(*channels)
    office.has_address(office.wang, ADDRESS, phone="13800138000")
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    assert {(d.state, d.channel) for d in office.deliveries()} == {("accepted", name) for name in channels}
    mine = office.get(office.wang, "deliveries/kept").json()["items"]
    by_channel = {item["channel"]: item for item in mine}
    assert by_channel["sms"]["to"] == "13800138000"
    assert by_channel["dingtalk"]["title"] == "轮到您审核：办公电脑采购"
    assert office.get(office.zhao, "deliveries/kept").json()["items"] == []
    assert len(office.get(office.admin, "deliveries/kept").json()["items"]) == 2


@pytest.mark.postgres
def test_only_an_embedded_installation_keeps_what_would_go_out(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> None:
    office = Office(tmp_path_factory.mktemp("office"), postgres_url)
    office.goes_by(Channel.SMS)
    office.has_address(office.wang, ADDRESS, phone="13800138000")
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    assert [(d.state, d.code) for d in office.deliveries()] == [("failed", "no_provider")]
    office.close()


def test_nobody_outside_the_list_is_written_to(any_office: Office) -> None:
    office, replies = any_office, Replies()
    changed = {"sandbox_receivers": "*@TEST.example.org, zhao@example.org"}
    office.here.settings = office.here.settings.model_copy(update=changed)
    for person, address in (
        (office.wang, ADDRESS),
        (office.zhao, "zhao@example.org"),
        (office.li, "li@test.example.org"),
    ):
        office.has_address(person, address)
        office.hear(slot_opened(person))
    with post_office(replies) as server:
        made = office.smtp(server, priority=1)
        office.run_jobs()
        assert [(d.state, d.code) for d in office.deliveries()] == [
            ("suppressed", "sandbox"),
            ("accepted", ""),
            ("accepted", ""),
        ]
        answer = office.post(office.admin, f"providers/{made['id']}/try", {"to": ADDRESS})
        assert (answer.status_code, answer.json()["code"]) == (409, "sandbox")
    assert len(replies.taken) == 2


def test_a_robot_is_on_the_list_by_its_name(office: Office) -> None:
    office.goes_by(Channel.DINGTALK)
    boss = office.person("周主任", office.unit, Role.UNIT_ADMINISTRATOR)
    with fake(dingtalk) as group:
        office.reaches_this_machine()
        office.provider(
            "dingtalk_robot",
            {"address": f"{group.url}/robot/send"},
            channel="dingtalk",
            secrets={"key": KEY, "secret": SECRET},
            by=boss,
        )
        for listed in ("robot:another", "robot:dingtalk_*"):
            changed = {"sandbox_receivers": listed}
            office.here.settings = office.here.settings.model_copy(update=changed)
            office.hear(slot_opened(office.wang))
            office.run_jobs()
    assert [d.state for d in office.deliveries()] == ["suppressed", "accepted"]
    assert len(group.heard) == 1


def test_an_empty_list_is_no_sandbox() -> None:
    assert Sandbox.of(" , ").allows("anybody@example.org")
    assert not Sandbox.of("a@b").allows("anybody@example.org")
