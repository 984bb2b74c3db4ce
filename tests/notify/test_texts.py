"""The texts: for every kind, in both languages, whatever the values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minijinja import TemplateError

from services.notify.answer import redacted
from services.notify.texts import CHINESE, ENGLISH, FOLDER, written, written_html
from shared.database import new_id
from tests.notify.office import (
    assigned,
    attention_raised,
    method_change,
    recalled,
    revocation,
    slot_opened,
    status_changed,
)

KINDS = {
    "slot.opened": slot_opened(new_id()).model_dump(mode="json")
    | {"document": "采购计划", "document_en": "procurement plan"},
    "case.attention_raised": attention_raised([new_id()]).model_dump(mode="json")
    | {"document": "采购计划", "document_en": "procurement plan"},
    "provider.broken": {
        "name": "办公电脑采购",
        "channel": "电子邮件",
        "channel_en": "email",
        "code": "535",
        "text": "",
    },
    **{
        f"plan.{name}": status_changed(new_id(), "usable").model_dump(mode="json") | {"amount": "1.00"}
        for name in (
            "under_review",
            "usable",
            "returned",
            "returned_by_system",
            "withdrawn",
            "void",
            "closed",
        )
    },
    **{
        f"plan.{name}": told(new_id(), new_id()).model_dump(mode="json") | {"amount": "1.00"}
        for name, told in [
            *(("assigned", assigned), ("assigned_away", assigned)),
            *(("recalled", recalled), ("recalled_back", recalled)),
        ]
    },
    **{
        f"{told(new_id(), status).kind}.{status}": told(new_id(), status).model_dump(mode="json")
        for told, last in ((method_change, "approved"), (revocation, "completed"))
        for status in ("under_review", "withdrawn", "returned", "returned_by_system", last)
    },
}


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_in_both_languages(kind: str, language: str) -> None:
    for context in (KINDS[kind], _everything_said(KINDS[kind])):
        text = written(kind, language, context)
        assert "办公电脑采购" in text.title + text.body
        assert "\n" not in text.title
        assert "{" not in text.title + text.body
        assert "None" not in text.body


def _everything_said(context: dict[str, Any]) -> dict[str, Any]:
    return {name: value or "说明" for name, value in context.items()} | {"name": "办公电脑采购"}


def test_every_text_has_its_twin() -> None:
    names = {path.name.rsplit(".", 2)[0] for path in FOLDER.glob("*.en.txt")}
    assert names == set(KINDS)
    assert {path.name.rsplit(".", 2)[0] for path in FOLDER.glob("*.zh-CN.txt")} == names | {"mail"}


def test_a_value_that_is_missing_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(TemplateError):
        written("slot.opened", CHINESE, {"title": "x"})
    with pytest.raises(TemplateError):
        written("no.such", CHINESE, {})


@given(st.text(max_size=3000))
def test_a_value_stays_where_it_belongs(value: str) -> None:
    text = written("slot.opened", CHINESE, KINDS["slot.opened"] | {"title": value, "number": "{{ 7 * 7 }}"})
    assert len(text.title.splitlines()) == 1
    assert len(text.title) <= 300
    assert "（{{ 7 * 7 }}）" in text.body
    html = written_html("mail", CHINESE, {"title": value, "body": value, "url": f"http://x/{value}"})
    assert html.count("<p ") == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("550 <wang.fang@mail.example.org>: no\r\nsuch user", "550 <w***@mail.example.org>: no such user"),
        ("call +86 138-0013-8000 or 13800138000", "call *** or ***"),
        ("4.7.1 try later", "4.7.1 try later"),
        ("x" * 500, "x" * 300),
    ],
)
def test_an_answer_is_kept_short_and_without_addresses(text: str, shown: str) -> None:
    assert redacted(text) == shown
