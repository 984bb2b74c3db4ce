"""The texts of messages and mails, in Chinese and English, as MiniJinja templates in `templates/`.

The first line of a template is the title, the rest the body; each is a template of its own, so that a line
break in a value never moves text from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from minijinja import Environment

FOLDER = Path(__file__).parent / "templates"
CHINESE = "zh-CN"
ENGLISH = "en"
TITLE_LENGTH = 300
BODY_LENGTH = 8000
FUEL = 50_000
"""Steps that one rendering may take; a template that an administrator wrote cannot run for ever."""


class Text(NamedTuple):
    """A title of one line, and a body that may have several."""

    title: str
    body: str


def written(kind: str, locale: str, context: Mapping[str, Any]) -> Text:
    """The text of one kind of message. `context` holds plain JSON values only.

    Raises `minijinja.TemplateError` for an unknown kind and for a value that the template needs and the
    context lacks.
    """
    title = _environment().render_template(f"{kind}.{locale}.title.txt", **context)
    body = _environment().render_template(f"{kind}.{locale}.body.txt", **context)
    return Text(" ".join(title.split())[:TITLE_LENGTH], body.strip()[:BODY_LENGTH])


def written_html(name: str, locale: str, context: Mapping[str, Any]) -> str:
    """The HTML twin of a mail; every value is escaped."""
    return _environment().render_template(f"{name}.{locale}.html", **context)


@cache
def _environment() -> Environment:
    sources = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.html")}
    for path in FOLDER.glob("*.txt"):
        title, _, body = path.read_text(encoding="utf-8").partition("\n")
        sources |= {f"{path.stem}.title.txt": title, f"{path.stem}.body.txt": body}
    return Environment(templates=sources, fuel=FUEL, undefined_behavior="strict")
