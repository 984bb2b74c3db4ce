"""Looks an edited text over before it is kept: what it says, the values it uses, and how it comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.notify.kinds import example_of
from services.notify.template import LONGEST, TITLE_ONLY, Medium
from services.notify.template_language import check_language
from services.notify.texts import BadText, Text, variables_in, written_from
from shared.errors import Problem, invalid


def check_text(
    kind: str, medium: Medium, locale: str, source: Text, values: Mapping[str, Any] | None = None
) -> None:
    """Raises `Invalid` with every problem of a text; `values` are tried beside those of the example."""
    if problems := problems_of(kind, medium, source, values):
        raise invalid(problems)


def problems_of(
    kind: str, medium: Medium, source: Text, values: Mapping[str, Any] | None = None
) -> list[Problem]:
    """Everything that is wrong with a text for this kind; each problem points at `/title` or `/body`."""
    said = [check_language(getattr(source, part), f"/{part}") for part in Text._fields]
    if any(said):
        return [problem for problem in said if problem]
    return [*_unknown_values(kind, source)] or [*_trials(medium, source, _variants(kind, values))]


def _unknown_values(kind: str, source: Text) -> Iterator[Problem]:
    known = example_of(kind).keys()
    for part in Text._fields:
        try:
            unknown = sorted(variables_in(source, part) - known)
        except BadText as bad:
            yield _problem(bad)
            continue
        for name in unknown:
            text, english = f"没有名为 {name} 的变量", f"there is no variable {name}"
            yield Problem("unknown_variable", text, f"/{part}", english)


def _trials(medium: Medium, source: Text, variants: list[dict[str, Any]]) -> Iterator[Problem]:
    """Writes it from every variant of the values."""
    try:
        texts = [written_from(source, values) for values in variants]
    except BadText as bad:
        yield _problem(bad)
        return
    for part, written in texts[0]._asdict().items():
        if not written and not (part == "body" and medium in TITLE_ONLY):
            yield Problem("template_empty", "没有内容", f"/{part}", "there is nothing in it")
    most = LONGEST.get(medium)
    if most is not None and (bytes_ := len("".join(texts[0]).encode())) > most:
        text = f"用示例写出后有 {bytes_} 字节，最多 {most} 字节（一个汉字 3 字节）"
        yield Problem("template_too_long", text, "/body", f"{bytes_} bytes with the example, {most} at most")


def _variants(kind: str, values: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The example, one where everything is said and one where nothing is."""
    example = example_of(kind)
    all_said = {name: "说明" if value in ("", None) else value for name, value in example.items()}
    # figures and lists stay: they are never left out
    nothing_said = {name: "" if isinstance(value, str) else value for name, value in example.items()}
    return [example, all_said, nothing_said, *([dict(values)] if values is not None else [])]


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values made unrecognisable: as long, as empty and as many, but nobody's."""
    return {name: _masked(value) for name, value in values.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(_mask(character) for character in value)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return masked(value) if isinstance(value, dict) else value


def _mask(character: str) -> str:
    if character.isdigit():
        return "0"
    if not character.isalpha():
        return character
    return "x" if character.isascii() else "某"


def _problem(bad: BadText) -> Problem:
    return Problem(bad.code, f"第 {bad.line} 行：{bad.what}", f"/{bad.part}", f"line {bad.line}: {bad.what}")
