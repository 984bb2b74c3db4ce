"""All chapters of the guide over HTTP, with the states that it names at their ends."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.demo.imports import Everything
from services.demo.play import trade_system
from tests.flows.county import County, pages


def test_every_chapter_ends_as_the_guide_says(county: County) -> None:
    world, lines = county.world, list[str]()
    chapters = Everything(county.sample, 2026, lines.append, world.settle)
    ends = chapters.play_all(trade_system(county.api, county.admin, county.sample.district))
    world.settle()
    assert ends == {
        "采购计划": "可使用",
        "采购方式变更": "审核通过",
        "采购计划撤销": "审核完成",
        "进口产品核准": "已审核",
        "进口产品采购计划": "可使用",
    }
    changed = county.told(county.people["colleague"], "门诊信息化终端采购")
    assert changed[-2:] == ["method_change.approved", "plan.closed"]
    revoked = county.told(county.handler, "办公家具采购（品目有误）")
    assert revoked == ["plan.under_review", "plan.usable", "revocation.under_review", "revocation.completed"]
    sent = [
        one for person in county.people.values() for one in pages(person, "/api/notify/messages", tab="all")
    ]
    paths = {urlsplit(message["link"]).path for message in sent}
    assert {path.split("/")[1] for path in paths} == {"cases", "plans", "requests", "import-approvals"}
    assert {world.http.get(path).status_code for path in paths} == {200}
