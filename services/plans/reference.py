"""Reference data that ships with the program: methods, forms, fund natures, options, fields and labels."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Term:
    """A code with its labels, and the days between which it may be used (both included)."""

    code: str
    name_zh: str
    name_en: str
    effective_from: date = date.min
    effective_to: date = date.max

    def in_force(self, day: date) -> bool:
        return self.effective_from <= day <= self.effective_to


@dataclass(frozen=True)
class Method(Term):
    """A procurement method: for which kinds and organisation forms, and whether it needs an approval of
    the finance office at or above the open-tender amount (政府采购法 art. 27)."""

    kinds: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    needs_approval: bool = False


@dataclass(frozen=True)
class Option(Term):
    """A value of a choice; a ground for a method names the methods it holds for."""

    methods: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Field:
    """A field of the form, as the console draws it; `options` names a group of choices."""

    name: str
    label_zh: str
    label_en: str
    type: str
    required: bool
    options: str
    help_zh: str
    help_en: str


def read(name: str) -> list[dict[str, str]]:
    """The rows of a data file."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache
def methods() -> dict[str, Method]:
    return {
        row["code"]: Method(
            **_term(row),
            kinds=_codes(row["kinds"]),
            forms=_codes(row["forms"]),
            needs_approval=row["approval_above_open_tender"] == "y",
        )
        for row in read("methods")
    }


@lru_cache
def organisation_forms() -> dict[str, Term]:
    return {row["code"]: Term(**_term(row)) for row in read("organisation_forms")}


@lru_cache
def fund_natures() -> dict[str, Term]:
    return {row["code"]: Term(**_term(row)) for row in read("fund_natures")}


@lru_cache
def options(group: str) -> dict[str, Option]:
    """The values of a choice, by code, in the order they are shown."""
    rows = [row for row in read("options") if row["group"] == group]
    return {row["code"]: Option(**_term(row), methods=_codes(row["method"])) for row in rows}


@lru_cache
def fields(form: str = "fields") -> tuple[Field, ...]:
    """The fields of a form: those of a plan, or of what the data file is named after."""
    texts = [{**row} for row in read(form)]
    return tuple(Field(required=row.pop("required") == "y", **row) for row in texts)


@lru_cache
def field_labels(form: str = "fields") -> dict[str, str]:
    requests = {row["name"]: row["label_zh"] for row in read("request_fields")}
    return {field.name: field.label_zh for field in fields(form)} | requests


@lru_cache
def labels(entity: str) -> dict[str, str]:
    """What people read for each state of an entity: plan, plan_display, assignment."""
    return {row["code"]: row["name_zh"] for row in read("status_terms") if row["entity"] == entity}


@lru_cache
def choice_labels(form: str = "fields") -> dict[str, dict[str, str]]:
    """What people read for the codes of each field that is a choice, of a form and of requests on plans."""
    groups = {field.name: field.options for field in fields(form) if field.options}
    groups |= {row["name"]: row["options"] for row in read("request_fields") if row["options"]}
    return {name: choices(group) for name, group in groups.items()}


def choices(group: str) -> dict[str, str]:
    """Code and label of every value of a field's choice, whichever file holds it."""
    sources: dict[str, Callable[[], Mapping[str, Term]]] = {
        "method": methods,
        "organisation_form": organisation_forms,
        "fund_nature": fund_natures,
    }
    terms = sources[group]() if group in sources else options(group)
    return {code: term.name_zh for code, term in terms.items()}


def _term(row: dict[str, str]) -> dict[str, Any]:
    start, end = row.get("effective_from"), row.get("effective_to")
    return {
        "code": row["code"],
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "effective_from": date.fromisoformat(start) if start else date.min,
        "effective_to": date.fromisoformat(end) if end else date.max,
    }


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split("|")) if text else frozenset()
