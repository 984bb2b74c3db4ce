"""The catalogue of procurement items: imported whole, all or nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from httpx2 import Response

from tests.plans.town import Town

HEADER = "品目编码,品目名称,可选\n"
TEXT = HEADER + "A,货物,否\nA99000000,其他货物,是\n"


def load(town: Town, text: str, who: UUID | None = None, **asked: Any) -> Response:
    """Sends a catalogue to be kept; `key` is the request's Idempotency-Key."""
    key = {"Idempotency-Key": asked.pop("key")} if "key" in asked else {}
    query = "&".join(f"{name}={value}" for name, value in {"preview": "false", **asked}.items())
    files = {"file": ("catalogue.csv", text.encode("gbk"), "text/csv")}
    return town.ask(who or town.platform, "POST", f"catalogue/imports?{query}", files=files, headers=key)


def selectable(town: Town, code: str) -> bool:
    return bool(town.do(town.lin, "GET", f"catalogue?q={code}")[0]["selectable"])


def test_the_whole_catalogue_is_imported_all_or_nothing(town: Town) -> None:
    assert load(town, TEXT, town.du).status_code == 403
    broken = TEXT + "A99000000,又一次,是\nX,错,也许\n"
    wrong = {"code_repeated", "catalogue_code_malformed", "not_a_flag"}
    assert {one["code"] for one in load(town, broken, preview="true").json()["problems"]} == wrong
    refused = load(town, broken)
    assert (refused.status_code, {one["code"] for one in refused.json()["errors"]}) == (422, wrong)
    assert town.do(town.lin, "GET", "catalogue?q=其他货物") == []

    number = load(town, TEXT, preview="true").json()["deselected"]
    done = load(town, TEXT, deselecting=number).json()
    assert (done["rows"], done["deselected"]) == (2, number)
    (found,) = town.do(town.lin, "GET", "catalogue?q=A99")
    assert (found["name_zh"], found["parent_code"], found["kind"]) == ("其他货物", "A", "goods")
    assert selectable(town, "A02010108") is False


def test_whoever_deselects_codes_says_how_many(town: Town) -> None:
    seen = load(town, TEXT, preview="true").json()
    assert (seen["preview"], seen["rows"], len(seen["deselected_codes"])) == (True, 2, 20)
    assert seen["deselected"] > 20
    for number in (0, seen["deselected"] - 1):
        refused = load(town, TEXT, deselecting=number)
        assert (refused.status_code, refused.json()["code"]) == (409, "deselection_unconfirmed")
        assert refused.json()["deselected"] == seen["deselected"]
    assert selectable(town, "A02010108") is True
    assert load(town, TEXT, deselecting=-1).status_code == 422


def test_the_same_request_twice_is_one_import(town: Town) -> None:
    number = load(town, TEXT, preview="true").json()["deselected"]
    first, again = (load(town, TEXT, deselecting=number, key="once") for _ in range(2))
    assert (first.status_code, again.json()) == (200, first.json())
    other = load(town, TEXT, deselecting=0, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert load(town, TEXT).json()["deselected"] == 0  # sent anew it changes nothing


def test_a_catalogue_without_codes_is_refused(town: Town) -> None:
    for preview in ("true", "false"):
        refused = load(town, HEADER, preview=preview)
        assert refused.status_code == 422
        assert [one["code"] for one in refused.json()["errors"]] == ["csv_empty"]
    assert selectable(town, "A02010108") is True
