"""Following the cursor of a list gives every row once, in the order of the list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.district import District

LISTS = [
    ("district_admin", "directory/people"),
    ("district_admin", "directory/organisations"),
    ("admin", "directory/districts?parent=140100"),
    ("handler", "plans/plans"),
    ("handler", "plans/budget-lines"),
    ("district_admin", "approvals/cases"),
    ("district_admin", "approvals/chains"),
    ("head", "approvals/done"),
    ("handler", "notify/messages?tab=all"),
    ("admin", "notify/deliveries"),
]


@pytest.mark.parametrize(("who", "path"), LISTS)
def test_pages_follow_one_another(district: District, who: str, path: str) -> None:
    def read(**asked: Any) -> Any:
        path_only, _, query = path.partition("?")
        asked |= dict([query.split("=")]) if query else {}
        answer = district.ask(who, "GET", path_only, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    whole = [row.get("id") or row.get("code") for row in read(limit=100)["items"]]
    assert len(set(whole)) == len(whole) > 0
    found: list[str] = []
    page = read(limit=1)
    found += [row.get("id") or row.get("code") for row in page["items"]]
    while page["next"] and len(found) <= len(whole):
        page = read(limit=1, cursor=page["next"])
        found += [row.get("id") or row.get("code") for row in page["items"]]
    assert found == whole
