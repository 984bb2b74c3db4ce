"""Prints figures: a line on the way, and the page docs/figures.md at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from bench.machine import described
from bench.result import Figure

HEAD = ("figure", "ours", "floor", "ratio", 'goal "first"', "reached")


def line(figure: Figure) -> str:
    name, ours, floor, ratio, goal, reached = figure.cells()
    return f"{name:62} {ours:>26} {floor:>26}  ratio {ratio:>6}  goal {goal:>6}  {reached.strip('*')}"


def page(figures: Sequence[Figure], load: Mapping[str, float], rounds: int) -> str:
    rows = "\n".join("| " + " | ".join(figure.cells()) + " |" for figure in figures)
    head = "| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD)
    template = Template((Path(__file__).parent / "page.md").read_text())
    return template.substitute(
        rounds=rounds,
        machine="\n".join(f"- {fact}" for fact in described()),
        load=", ".join(f"{name} {cores:.2f}" for name, cores in load.items()),
        table=f"{head}\n{rows}",
    )
