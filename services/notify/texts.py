"""Texts written from MiniJinja templates: those shipped in `templates/`, and any other source.

The first line of a shipped file is the title, the rest the body; each is a template of its own, so that a
line break in a value never moves text from one to the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from minijinja import Environment, TemplateError

from services.notify.layout import compiled

FOLDER = Path(__file__).parent / "templates"
CHINESE = "zh-CN"
ENGLISH = "en"
LOCALES = (CHINESE, ENGLISH)
TITLE_LENGTH = 300
BODY_LENGTH = 8000
FUEL = 50_000
"""Steps that one rendering may take; a template that an administrator wrote cannot run for ever."""
_CODES = {
    "SyntaxError": "template_syntax",
    "UndefinedError": "template_undefined",
    "OutOfFuel": "template_endless",
}


class Text(NamedTuple):
    """A title of one line, and a body that may have several; written, or the source of one."""

    title: str
    body: str


class BadText(Exception):
    """A source that cannot be written from these values: what is wrong, in which part and line."""

    def __init__(self, part: str, error: TemplateError) -> None:
        self.part = part
        self.code = _CODES.get(error.kind, "template_failed")
        self.line = error.line
        self.what = error.message.partition(" (in <")[0]
        super().__init__(f"{part}, line {self.line}: {self.what}")


def written(kind: str, locale: str, context: Mapping[str, Any]) -> Text:
    """The shipped text of one kind of message. `context` holds plain JSON values only.

    Raises `minijinja.TemplateError` for an unknown kind and for a value that the template needs and the
    context lacks.
    """
    title = _shipped().render_template(f"{kind}.{locale}.title.txt", **context)
    body = _shipped().render_template(f"{kind}.{locale}.body.txt", **context)
    return _trimmed(title, body)


def written_html(name: str, locale: str, context: Mapping[str, Any]) -> str:
    """The HTML twin of a mail; every value is escaped."""
    return _shipped().render_template(f"{name}.{locale}.html", locale=locale, **context)


def written_from(source: Text, context: Mapping[str, Any]) -> Text:
    """The text of any source, from copies of the values that nothing in it can reach through.
    Raises `BadText`."""
    values = json.loads(json.dumps(context))
    return _trimmed(*(_written_part(part, source, values) for part in Text._fields))


def variables_in(source: Text, part: str) -> set[str]:
    """The names that a part of a source takes from the values. Raises `BadText` when it is no template."""
    try:
        return set(_empty().undeclared_variables_in_str(getattr(source, part)))
    except TemplateError as error:
        raise BadText(part, error) from None


def shipped_source(kind: str, locale: str) -> Text:
    """The source of a shipped text. Raises `KeyError` for a kind that there is none of."""
    sources = _sources()
    return Text(sources[f"{kind}.{locale}.title.txt"], sources[f"{kind}.{locale}.body.txt"].rstrip("\n"))


def _written_part(part: str, source: Text, values: dict[str, Any]) -> str:
    try:
        return _empty().render_str(getattr(source, part), **values)
    except TemplateError as error:
        raise BadText(part, error) from None


def _trimmed(title: str, body: str) -> Text:
    return Text(" ".join(title.split())[:TITLE_LENGTH], body.strip()[:BODY_LENGTH])


def _empty() -> Environment:
    return Environment(fuel=FUEL, undefined_behavior="strict")


@cache
def _shipped() -> Environment:
    return Environment(templates=_sources(), fuel=FUEL, undefined_behavior="strict")


@cache
def _sources() -> dict[str, str]:
    sources = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.html")}
    for path in FOLDER.glob("*.mjml"):  # one layout for all languages
        sources |= dict.fromkeys([f"{path.stem}.{locale}.html" for locale in LOCALES], compiled(path))
    for path in FOLDER.glob("*.txt"):
        title, _, body = path.read_text(encoding="utf-8").partition("\n")
        sources |= {f"{path.stem}.title.txt": title, f"{path.stem}.body.txt": body}
    return sources
