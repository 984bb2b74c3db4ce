"""What was measured: rounds of ours and of the floor, their medians, and the ratio that a goal speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Goal:
    """The column "first": a limit for ours divided by the floor, or for ours alone where there is none."""

    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"

    def reached(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Figure:
    """One row of the table. Without a `floor` the goal speaks of ours alone; without a `goal` none is set."""

    name: str
    unit: str
    goal: Goal | None
    ours: Sequence[float]
    floor: Sequence[float] = ()

    @property
    def value(self) -> float:
        """What the goal speaks of: the ratio of the medians, or the median of ours without a floor."""
        return median(self.ours) / median(self.floor) if self.floor else median(self.ours)

    def cells(self) -> list[str]:
        ratio, floor = (f"{self.value:.2f}", told(self.floor)) if self.floor else ("–", "–")
        verdict = "–" if self.goal is None else "yes" if self.goal.reached(self.value) else "**no**"
        return [f"{self.name}, {self.unit}", told(self.ours), floor, ratio, str(self.goal or "–"), verdict]


def told(values: Sequence[float]) -> str:
    """Median, then the range in brackets."""
    if len(values) == 1:
        return short(values[0])
    return f"{short(median(values))} ({short(min(values))}–{short(max(values))})"


def short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; `share` is between 0 and 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def interleaved(rounds: int, *ways: Callable[[], float]) -> list[list[float]]:
    """Measures each way once per round, every other round in reverse: a drift of the machine hits all."""
    found: list[list[float]] = [[] for _ in ways]
    for number in range(rounds):
        order = list(zip(ways, found, strict=True))
        for way, values in order if number % 2 == 0 else order[::-1]:
            values.append(way())
    return found
