"""A reviewer decides from the e-mail about his turn, and the plan follows."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from services.demo.client import Person
from shared.decision_link import PATH
from tests.flows.county import County


def links(county: County, name: str) -> dict[str, str]:
    """Where the newest mail about a plan leads to, by verb."""
    files = sorted((county.world.settings.data_dir / "mail").glob("*.eml"))
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    about = [one for one in mails if isinstance(one, EmailMessage) and name in str(one["Subject"])]
    texts = [part.get_content() for one in about if (part := one.get_body(("plain",))) is not None]
    with_links = [text for text in texts if PATH in text]
    return dict(re.findall(rf"(同意|不同意)：http://127\.0\.0\.1:8000({PATH}[\w-]+)", with_links[-1]))


def held(county: County, plan_id: str, who: Person) -> str:
    """The status of the plan, once nothing of it waits for somebody."""
    county.world.settle()
    assert county.todo(who, plan_id) == []
    status: str = county.plan(plan_id)["status"]
    return status


def test_a_plan_is_reviewed_by_mail_alone(county: County) -> None:
    http = county.world.http
    plan_id = county.submitted()
    name = county.plan(plan_id)["name"]
    mailed = links(county, name)
    page = http.get(mailed["同意"])
    assert (page.status_code, name in page.text) == (200, True)
    assert held(county, plan_id, county.supervisor) == "under_review", "looking decides nothing"
    assert len(county.todo(county.head, plan_id)) == 1

    assert http.post(mailed["同意"], data={"opinion": "同意"}).status_code == 200
    assert held(county, plan_id, county.head) == "under_review"
    for verb in ("同意", "不同意"):
        assert http.get(mailed[verb]).status_code == 404
        assert http.post(mailed[verb], data={"opinion": "再来"}).status_code == 404
    last = links(county, name)
    assert last != mailed
    assert http.post(last["同意"]).status_code == 200
    assert held(county, plan_id, county.supervisor) == "usable"
    assert [one["channel"] for one in county.case(plan_id)["timeline"]] == ["", "message", "message"]
    assert county.told(county.handler, name)[-1] == "plan.usable"


def test_a_plan_is_sent_back_by_mail(county: County) -> None:
    plan_id = county.submitted()
    mailed = links(county, county.plan(plan_id)["name"])
    assert county.world.http.post(mailed["不同意"], data={"opinion": ""}).status_code == 422
    assert county.world.http.post(mailed["不同意"], data={"opinion": "请补充"}).status_code == 200
    assert held(county, plan_id, county.head) == "returned"
    assert county.plan(plan_id)["returned"]["reason"] == "请补充"


def test_a_deactivated_reviewer_decides_nothing_by_an_old_mail(county: County) -> None:
    unit = county.head.organisation_id
    chief = county.hire(unit, "钱进", "reviewer", "部门负责人", email="chief@example.org")
    path = f"/api/directory/people/{chief.id}"
    county.world.settle()
    plan_id = county.draft()
    county.submit(plan_id, [chief])
    county.world.settle()
    mailed = links(county, county.plan(plan_id)["name"])
    assert county.world.http.get(mailed["同意"]).status_code == 200
    county.district_admin.get(path)
    county.district_admin.post(f"{path}/deactivate", {}, etag=county.district_admin.etags[path])
    county.world.settle()
    assert county.world.http.get(mailed["同意"]).status_code == 404
    assert county.world.http.post(mailed["同意"]).status_code == 404
