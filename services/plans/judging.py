"""How checks judge a document: what each stands on, whether it warns or refuses, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.plans.finding import Basis, Finding, basis_of, built_in, founded
from services.plans.rule import Version
from services.plans.topics import Content, Topic
from shared.errors import Problem


class Applied(Protocol):
    """The rules that a document is judged by, as far as its checks need them."""

    def get(self, kind: type[Content]) -> Content:
        """What the version in force says on a topic."""

    def version(self, topic: str) -> Version:
        """The version in force on a topic."""

    @property
    def applied(self) -> list[Version]:
        """Every version that the document is judged by."""


@dataclass(frozen=True)
class Check:
    """A check: `rule` is the topic that a district sets, or the law where no district can change anything.

    `level` is block or warn; without one the rule itself says which, or that the check is off.
    """

    find: Callable[..., Iterable[Problem]]
    rule: type[Topic] | str
    level: str = "block"

    def level_under(self, rules: Applied) -> str:
        if self.level or isinstance(self.rule, str):
            return self.level
        return str(rules.get(self.rule).enforcement)  # type: ignore[attr-defined]

    def basis(self, rules: Applied) -> Basis:
        if isinstance(self.rule, str):
            return built_in(self.find.__name__, self.rule)
        return basis_of(rules.version(self.rule.topic))


@dataclass
class Verdict:
    """What stands in the way of a submission, and what people should know before it."""

    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def to_json(self, rules: Applied) -> dict[str, Any]:
        """What is kept with a round: the versions that judged it, and the warnings that they gave."""
        versions = [basis_of(version).to_json() for version in rules.applied]
        return {"versions": versions, "warnings": [warning.kept() for warning in self.warnings]}


def apply(checks: Iterable[Check], rules: Applied, *about: Any) -> Verdict:
    """Goes through checks, which are given what they are about."""
    verdict = Verdict()
    for check in checks:
        level = check.level_under(rules)
        if level == "off":
            continue
        found = [founded(problem, check.basis(rules)) for problem in check.find(*about)]
        (verdict.problems if level == "block" else verdict.warnings).extend(found)
    return verdict
