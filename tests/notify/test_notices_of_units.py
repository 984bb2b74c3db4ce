"""The proof of a unit holds also what its events do not say is its own."""

from __future__ import annotations

import json
from pathlib import Path

from shared.events.documents import DocumentSubmitted
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted
from tests.notify.office import Office, attention_raised
from tests.notify.test_notices import DOC, export, of

EVENTS = Path(__file__).parent.parent / "contracts" / "events"


def test_what_is_told_first_of_a_document_by_an_event_without_a_unit_is_the_units(office: Office) -> None:
    head = office.person("管理员", office.unit, "unit_administrator")
    submission = json.loads((EVENTS / "document.submitted.1.json").read_text())["data"]["submission"]
    sent = submission | {"doc_id": DOC, "organisation_id": office.unit}
    office.hear(DocumentSubmitted.model_validate({"submission": sent, "round": 1, "revision": 1}))
    office.hear(attention_raised([office.admin], doc_id=DOC))
    (found,) = export(office, head, office.unit, "&format=json").json()
    assert (found["kind"], found["organisation_id"]) == ("case.attention_raised", str(office.unit))
    assert of(office, office.li).json()["items"] == [found]


def test_substitutions_of_a_unit_are_in_its_export(office: Office) -> None:
    head = office.person("管理员", office.unit, "unit_administrator")
    other = office.organisation("小店区第二中学", "140105")
    theirs = office.person("管理员", other, "unit_administrator")
    example = json.loads((EVENTS / "substitution.granted.1.json").read_text())["data"]
    both = {"principal_id": office.wang, "deputy_id": office.zhao}
    granted = SubstitutionGranted.model_validate(example | both | {"organisation_id": office.unit})
    office.hear(granted)
    common = granted.model_dump(include={"substitution_id", "organisation_id", *both})
    office.hear(SubstitutionEnded(**common, version=2, ended_by=office.wang))
    found = export(office, head, office.unit, "&format=json").json()
    assert [one["kind"] for one in found] == ["substitution.granted"] * 2 + ["substitution.ended"] * 2
    assert {one["doc_id"] for one in found} == {None}
    assert export(office, theirs, other, "&format=json").json() == []
    assert export(office, head, office.unit).text.count("代理审核：") == 4, "two inboxes, two mails"
