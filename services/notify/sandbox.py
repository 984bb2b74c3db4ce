"""Who may be written to in an installation for trials: nobody but the receivers of a list."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

SANDBOX = "sandbox"


@dataclass(frozen=True)
class Sandbox:
    """Patterns of receivers, `*` for anything; without any there is no sandbox."""

    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, setting: str) -> Sandbox:
        """Reads `*@test.example.org, 13800138000, robot:测试群`."""
        return cls(tuple(part.strip().lower() for part in setting.split(",") if part.strip()))

    def allows(self, receiver: str) -> bool:
        """Whether this address, number, URL or `robot:<its name>` is on the list."""
        if not self.patterns:
            return True
        return any(fnmatchcase(receiver.lower(), pattern) for pattern in self.patterns)
