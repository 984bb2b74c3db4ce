"""Layouts of e-mails: written as MJML, compiled to HTML that mail programs of all kinds show alike."""

from __future__ import annotations

from pathlib import Path

from mrml import RenderOptions, to_html

NO_FONTS: dict[str, str] = {}
"""Whoever opens a mail asks no server of others for fonts."""


def compiled(path: Path) -> str:
    """The HTML of a layout, with its template tags as they stand. Raises OSError for what is no MJML."""
    return to_html(path.read_text(encoding="utf-8"), render_options=RenderOptions(fonts=NO_FONTS)).content
