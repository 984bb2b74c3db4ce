"""What a browser finds: the first page, where messages lead, and the pages of the APIs, all from here."""

from __future__ import annotations

import re

import pytest

from services.runtime import NAMES
from tests.world import World


def test_the_first_page_says_what_there_is(world: World) -> None:
    page = world.http.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "网页控制台尚未提供" in page.text
    links = re.findall('href="([^"]+)"', page.text)
    assert len(links) == 5
    assert {link: world.http.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize(
    "path", ["/todo", "/substitutions", "/notifications", "/notifications/templates/a/b"]
)
def test_where_messages_lead_there_is_a_page(world: World, path: str) -> None:
    page = world.http.get(path, follow_redirects=False)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_what_is_no_page_is_told_as_ever(world: World) -> None:
    assert world.http.get("/nowhere").json()["code"] == "no_such_route"
    assert world.http.post("/cases/1").json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("service", NAMES)
def test_the_page_of_an_api_needs_no_internet(world: World, service: str) -> None:
    page = world.http.get(f"/api/{service}/docs").text
    wanted = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page)
    addresses = [first or second for first, second in wanted]
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith(f"/api/{service}/"), "from elsewhere"
        assert world.http.get(address).status_code == 200
