"""What a provider answers to a try, and what that means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

ANSWER_LENGTH, CODE_LENGTH, REFERENCE_LENGTH = 300, 40, 100
_ADDRESS = re.compile(r"([\w.+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)*)")
_PHONE = re.compile(r"(?<![\w.-])\+?(?:\d[ -]?){7,}\d(?![\w.-])|(?<!\d)(?:86)?1[3-9]\d{9}(?!\d)")


class Outcome(StrEnum):
    """The provider took it, may take it later, or never will; or its answer was lost on the way.

    `config_error` is ours to repair (wrong password, wrong signature): another try is worth nothing until
    somebody has. After `unknown` the letter may be on its way or not, so at most one more try is made.
    """

    ACCEPTED = "accepted"
    RETRY = "retry"
    CONFIG_ERROR = "config_error"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """A provider's answer to one try; `code` is stable (an SMTP reply code or a name of ours).

    `reference` is what the provider calls the letter, `after` how long it asked us to wait. `asked` is false
    where the provider had no part in it, so that it says nothing about the provider. Code and reference are
    cut to what can be kept, whatever a provider calls things.
    """

    outcome: Outcome
    code: str
    text: str = ""
    reference: str = ""
    after: timedelta | None = None
    asked: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", kept(self.code, CODE_LENGTH))
        object.__setattr__(self, "reference", kept(self.reference, REFERENCE_LENGTH))


def unsendable(code: str, text: str = "") -> Answer:
    """Our own answer to what is shown to no provider, because none could take it."""
    return Answer(Outcome.FAILED, code, text, asked=False)


def kept(name: str, length: int) -> str:
    """What somebody else calls a thing, as a database can hold it: printable, and not too long."""
    return "".join(c for c in name if c.isprintable())[:length]


def redacted(text: str) -> str:
    """A provider's answer on one line, short, and without anybody's address or phone number."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _PHONE.sub("***", _ADDRESS.sub(r"\1***@\2", line))[:ANSWER_LENGTH]
