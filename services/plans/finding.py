"""What a check says: a problem with the rule, its version and the law that it stands on (依据)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.plans.rule import NATION, Version
from services.plans.topics import TOPICS
from shared.errors import Problem


@dataclass(frozen=True)
class Basis:
    """The rule behind a finding. A rule that the program itself holds has version 0 and no day."""

    rule: str
    rule_label: str
    district_code: str
    version: int
    effective_from: str | None
    source: str
    is_sample: bool
    law: str

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Finding(Problem):
    """A problem, or a warning, with its basis."""

    basis: Basis | None = None

    def to_json(self, english: bool = False) -> dict[str, Any]:
        return {**super().to_json(english), "basis": self.basis and self.basis.to_json()}

    def kept(self) -> dict[str, Any]:
        """The finding as it stays with a round."""
        return {**vars(self), "basis": self.basis and self.basis.to_json()}


def basis_of(version: Version) -> Basis:
    """A version of a district's rule as the basis of what it says."""
    topic = TOPICS[version.topic]
    return Basis(**version.to_json(), rule_label=topic.label, law=topic.law)


def built_in(rule: str, law: str) -> Basis:
    """A rule that no district can change."""
    return Basis(rule, "系统规则", NATION, 0, None, "", is_sample=False, law=law)


def founded(problem: Problem, basis: Basis) -> Finding:
    """The same with its basis."""
    return Finding(problem.code, problem.text, problem.pointer, problem.text_en, basis)
