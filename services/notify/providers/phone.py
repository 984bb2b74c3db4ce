"""Phone numbers as SMS providers want them."""

from __future__ import annotations

import re

_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_ABROAD = re.compile(r"\+[1-9]\d{6,14}")


class NoMobile(ValueError):
    """Not a number that an SMS can be sent to."""


def mobile(number: str) -> str:
    """Eleven digits for a mobile of the mainland, `+` and digits for others. Raises `NoMobile`."""
    plain = re.sub(r"[\s()-]", "", number)
    if found := _MOBILE.fullmatch(plain):
        return found[1]
    if _ABROAD.fullmatch(plain):
        return plain
    raise NoMobile
