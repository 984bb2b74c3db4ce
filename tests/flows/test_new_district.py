"""The API alone is enough to run a district: all that a new one needs is made over HTTP, and a plan goes
through its chains."""

from __future__ import annotations

from typing import Any

from services.demo.client import Api, Person
from services.demo.play import administrator
from services.demo.sample import fictional_uscc
from tests.world import World

DISTRICT = "140893"
PASSWORD = "A-new-district-1"


class Founding:
    """A platform administrator and what he and those after him set up; nothing but requests."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hired = 0
        self.api = Api(world.http, pause=world.settle)
        self.root = administrator(self.api, world.settings.data_dir / "first-admin")

    def organisation(self, by: Person, name: str, kind: str, **more: Any) -> str:
        body = {"uscc": fictional_uscc(), "name": name, "kind": kind, "district_code": DISTRICT, **more}
        made: str = by.post("/api/directory/organisations", body)["id"]
        self.world.settle()
        return made

    def person(self, by: Person, name: str, organisation: str, role: str, position: str = "科员") -> Person:
        """Hired by somebody, and signed in with the password that he was given."""
        self.hired += 1
        login = f"founded.{self.hired}"
        appointment = {"organisation_id": organisation, "role": role, "positions": [position]}
        body = {
            "login": login,
            "name": name,
            "password": PASSWORD,
            "must_change_password": False,
            "appointments": [appointment],
        }
        by.post("/api/directory/people", body)
        self.world.settle()
        return self.api.sign_in(login, PASSWORD)

    def publish(self, by: Person, level: str, steps: list[dict[str, Any]], **more: Any) -> str:
        body = {"level": level, "doc_type": "plan", "name": "采购计划审核", "steps": steps, **more}
        chain: str = by.post("/api/approvals/chains", body)["id"]
        path = f"/api/approvals/chains/{chain}"
        by.get(path)
        assert by.post(f"{path}/lint")["problems"] == []
        by.post(f"{path}/publish", etag=by.etags[path])
        self.world.settle()
        return chain


def step(key: str, name: str, position: str, hours: int, **more: Any) -> dict[str, Any]:
    where = more.pop("where", {"in": "own_unit"})
    selector = {"role": "reviewer", "position": position, **where}
    return {"key": key, "name": name, "selector": selector, "budget_hours": hours, **more}


def test_a_district_is_founded_and_run_over_http_alone(world: World) -> None:
    here = Founding(world)
    body = {"code": DISTRICT, "name": "新设区", "level": "county", "parent_code": "140800"}
    here.root.post("/api/directory/districts", body)
    world.settle()

    # the district: its finance office, its administrator, its floor and its chain
    office = here.organisation(here.root, "新设区财政局", "finance")
    boss = here.person(here.root, "区管员", office, "district_administrator")
    money = here.person(boss, "预算员", office, "finance")
    keeper = here.person(boss, "监管员", office, "reviewer", "采购监管")
    floor = {"min_steps": 1, "required": [{"role": "reviewer", "position": "分管领导"}], "max_step_hours": 16}
    path = f"/api/approvals/districts/{DISTRICT}/floors/plan"
    boss.get(path)
    boss.post(path, {"rules": floor}, etag=boss.etags[path])

    # a unit with its people, who keep their own chain and opinions
    bureau = here.organisation(boss, "新设区教育局", "supervising")
    school = here.organisation(boss, "新设区第一中学", "purchaser", superior_id=bureau)
    keeper_of_unit = here.person(boss, "校管员", school, "unit_administrator")
    handler = here.person(keeper_of_unit, "经办人", school, "handler", "采购")
    head = here.person(keeper_of_unit, "部门负责人甲", school, "reviewer", "部门负责人")
    leader = here.person(keeper_of_unit, "分管领导乙丙", school, "reviewer", "分管领导")
    unit = here.publish(
        keeper_of_unit,
        "unit",
        [
            step("head", "部门负责人审核", "部门负责人", 8, pick="submitter"),
            step("leader", "分管领导审核", "分管领导", 8),
        ],
    )
    finance_step = step(
        "finance", "财政部门审核", "采购监管", 16, where={"in": "district_body", "kind": "finance"}
    )
    here.publish(boss, "district", [finance_step], district_code=DISTRICT)
    keeper_of_unit.post("/api/approvals/opinions", {"scope": "unit", "kind": "agree", "text": "同意"})

    # money, a plan, its review
    line = money.post(
        "/api/plans/budget-lines",
        {
            "organisation_id": school,
            "fiscal_year": 2026,
            "project_code": "0001",
            "project_name": "教学设备",
            "amount": "100000.00",
            "fund_nature": "general",
        },
    )
    plan = handler.post("/api/plans/plans", form(line["id"]))["id"]
    address = f"/api/plans/plans/{plan}"
    asked = handler.get(f"{address}/submission")["submission"]
    seen = handler.post("/api/approvals/preview", asked)
    assert [one["name"] for one in seen["route"]] == ["部门负责人审核", "分管领导审核", "财政部门审核"]
    assert ([one["name"] for one in seen["candidates"]], seen["problems"]) == (["部门负责人甲"], [])
    handler.get(address)
    handler.post(f"{address}/submit", {"picks": [head.id]}, etag=handler.etags[address])
    world.settle()
    for reviewer in (head, leader, keeper):
        (slot,) = reviewer.get("/api/approvals/todo")["items"]
        assert slot["doc_id"] == plan
        world.clock.move(minutes=4)  # a token lives for fifteen
        decided = reviewer.post(
            f"/api/approvals/slots/{slot['id']}/agree", {"opinion": "同意"}, etag=slot["etag"]
        )
        world.settle()
    assert decided["case_state"] == "approved"
    assert handler.get(address)["status"] == "usable"
    case = handler.get(f"/api/approvals/documents/plan/{plan}/case")
    assert (case["history_intact"], case["state"]) == (True, "approved")

    # what those who look after it see
    assert boss.get("/api/approvals/statistics")["outcomes"]["approved"] == 1
    assert keeper_of_unit.get("/api/approvals/statistics")["bottleneck"] is not None
    assert boss.get("/api/approvals/drift", minutes=0)["items"] == []
    assert [(one["text"], one["use_count"]) for one in head.get("/api/approvals/opinions")] == [("同意", 2)]
    tried = keeper_of_unit.post(f"/api/approvals/chains/{unit}/replay", {})
    assert (tried["looked_at"], tried["changed"]) == (1, 0)


def form(line: str) -> dict[str, Any]:
    return {
        "fiscal_year": 2026,
        "name": "教学一体机",
        "kind": "goods",
        "organisation_form": "central_agency",
        "method": "open_tender",
        "implementation_form": "101",
        "leader": "校长",
        "contact_name": "经办人",
        "contact_phone": "0359-0000000",
        "purpose": "更新设备",
        "expected_month": "2026-12",
        "items": [
            {
                "catalogue_code": "A02021003",
                "name": "一体机",
                "unit": "台",
                "quantity": "2",
                "unit_price": "20000.00",
            }
        ],
        "allocations": [{"budget_line_id": line, "amount": "40000.00"}],
    }
