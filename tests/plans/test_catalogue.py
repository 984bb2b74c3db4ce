"""The catalogue of procurement items: imported whole, all or nothing."""

from __future__ import annotations

from uuid import UUID

from httpx2 import Response

from tests.plans.town import Town


def test_the_whole_catalogue_is_imported_all_or_nothing(town: Town) -> None:
    text = "品目编码,品目名称,可选\nA,货物,否\nA99000000,其他货物,是\n"

    def load(data: str, who: UUID, preview: str = "false") -> Response:
        files = {"file": ("catalogue.csv", data.encode("gbk"), "text/csv")}
        return town.ask(who, "POST", f"catalogue/imports?preview={preview}", files=files)

    assert load(text, town.du).status_code == 403
    broken = load(text + "A99000000,又一次,是\nX,错,也许\n", town.platform).json()
    assert {problem["code"] for problem in broken["problems"]} == {
        "code_repeated",
        "catalogue_code_malformed",
        "not_a_flag",
    }
    assert town.do(town.lin, "GET", "catalogue?q=其他货物") == []
    assert load(text, town.platform).json()["created"] == 2
    (found,) = town.do(town.lin, "GET", "catalogue?q=A99")
    assert (found["name_zh"], found["parent_code"], found["kind"]) == ("其他货物", "A", "goods")
    (old,) = town.do(town.lin, "GET", "catalogue?q=A02010108")
    assert old["selectable"] is False
