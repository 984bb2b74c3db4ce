"""The texts: for every kind, in both languages, whatever the values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minijinja import TemplateError

from services.notify.answer import redacted
from services.notify.kinds import EXAMPLES, KINDS, example_of
from services.notify.texts import CHINESE, FOLDER, LOCALES, written, written_html


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_in_both_languages(kind: str, language: str) -> None:
    for context in (example_of(kind), _everything_said(example_of(kind))):
        text = written(kind, language, context)
        assert text.title
        assert text.body
        assert "\n" not in text.title
        assert "{" not in text.title + text.body
        assert "None" not in text.body


def _everything_said(context: dict[str, Any]) -> dict[str, Any]:
    return {name: value or "说明" for name, value in context.items()}


def test_every_text_has_its_twin_and_every_kind_its_texts() -> None:
    for locale in LOCALES:
        names = {path.name.removesuffix(f".{locale}.txt") for path in FOLDER.glob(f"*.{locale}.txt")}
        assert names == set(KINDS) | {"mail"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_a_whole_event_as_it_is_published(kind: str) -> None:
    event, data = KINDS[kind].event, json.loads((EXAMPLES / f"{kind}.json").read_text())
    if event is not None:
        assert event.model_validate(data).model_dump(mode="json").items() >= data.items()
    assert example_of(kind).items() >= data.items()


def test_no_example_lies_about() -> None:
    assert {path.stem for path in Path(EXAMPLES).iterdir()} == set(KINDS)


def test_a_value_that_is_missing_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(TemplateError):
        written("slot.opened", CHINESE, {"title": "x"})
    with pytest.raises(TemplateError):
        written("no.such", CHINESE, {})


@given(st.text(max_size=3000))
def test_a_value_stays_where_it_belongs(value: str) -> None:
    text = written(
        "slot.opened", CHINESE, example_of("slot.opened") | {"title": value, "number": "{{ 7 * 7 }}"}
    )
    assert len(text.title.splitlines()) == 1
    assert len(text.title) <= 300
    assert "（{{ 7 * 7 }}）" in text.body
    values = {"title": value, "body": value, "url": "/", "unsubscribe_url": value}
    html = written_html("mail", CHINESE, values)
    assert html.count("<p ") == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("550 <wang.fang@mail.example.org>: no\r\nsuch user", "550 <w***@mail.example.org>: no such user"),
        ("call +86 138-0013-8000 or 13800138000", "call *** or ***"),
        ("13800138000invalid mobile number, 号码8613800138000", "***invalid mobile number, 号码***"),
        ("4.7.1 try later", "4.7.1 try later"),
        ("x" * 500, "x" * 300),
    ],
)
def test_an_answer_is_kept_short_and_without_addresses(text: str, shown: str) -> None:
    assert redacted(text) == shown
