"""The texts: for every kind, in both languages, whatever the values."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minijinja import TemplateError

from services.notify.answer import redacted
from services.notify.kinds import EXAMPLES, KINDS, example_of
from services.notify.texts import CHINESE, ENGLISH, FOLDER, LOCALES, written, written_html


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


class Reader(HTMLParser):
    """What a mail program makes of a mail: its elements, and what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += "".join(data.split())


def html_of(locale: str = CHINESE, **values: Any) -> tuple[list[str], str]:
    reader = Reader()
    reader.feed(written_html("mail", locale, {"decisions": []} | values))
    reader.close()
    return reader.tags, reader.text


@pytest.mark.parametrize(
    ("locale", "details", "decide"),
    [(CHINESE, "查看详情", "请勿转发本邮件"), (ENGLISH, "Details", "donotforwardthismail")],
)
def test_the_layout_of_mail_speaks_both_languages(locale: str, details: str, decide: str) -> None:
    values = {"title": "轮到您审核", "body": "第一行\n第二行", "url": "/cases/1", "unsubscribe_url": ""}
    links = [{"url": "/agree", "label": "同意"}, {"url": "/disagree", "label": "不同意"}]
    tags, text = html_of(locale, **values)
    with_links, longer = html_of(locale, **values, decisions=links)
    assert details in text
    assert decide not in text
    assert decide in longer
    assert with_links.count("a") == tags.count("a") + 2 == 3
    page = written_html("mail", locale, values | {"decisions": []})
    assert f'lang="{locale}"' in page
    assert "mj-" not in page.replace("mj-column-per-100", "").replace("mj-outlook-group-fix", "")
    assert "fonts.googleapis" not in page, "a mail fetches nothing from others"


@given(st.text(max_size=3000))
def test_a_value_stays_where_it_belongs(value: str) -> None:
    text = written(
        "slot.opened", CHINESE, example_of("slot.opened") | {"title": value, "number": "{{ 7 * 7 }}"}
    )
    assert len(text.title.splitlines()) == 1
    assert len(text.title) <= 300
    assert "（{{ 7 * 7 }}）" in text.body
    tags, text_shown = html_of(title=value, body=value, url=value, unsubscribe_url=f"/{value}")
    assert tags == html_of(title="x", body="x", url="x", unsubscribe_url="x")[0]
    assert text_shown.count("".join(value.split())) >= 2


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
