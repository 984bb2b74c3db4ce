"""The page of invariants is complete, and every test that it names is there and speaks of its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROWS = re.findall(r"(?m)^\| (\d+) \| .* \| (.*) \|$", (ROOT / "docs" / "invariants.md").read_text())


def test_no_number_is_left_out() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 23))


@pytest.mark.parametrize(("number", "held_by"), ROWS)
def test_each_is_held_by_a_test_that_names_it(number: str, held_by: str) -> None:
    files = [ROOT / name for name in re.findall(r"`([^`]+)`", held_by)]
    assert files
    assert [file.name for file in files if not file.exists()] == []
    spoken = re.compile(rf"(?i)invariants?[ _](\d+(, | and |_and_))*{number}(?!\d)")
    assert any(spoken.search(file.read_text()) for file in files), f"nobody names {number}"
