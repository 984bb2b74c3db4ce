"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CANNOT_CONNECT = "连接不上 (cannot connect)"


@dataclass(frozen=True)
class Finding:
    """One thing to know: an error has to be changed, a warning considered, a hint is only said."""

    level: Literal["error", "warning", "hint"]
    about: str
    text: str


def error(about: str, said: str) -> Finding:
    return Finding("error", about, said)


def warning(about: str, said: str) -> Finding:
    return Finding("warning", about, said)


def first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
