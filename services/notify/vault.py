"""Keeps the secrets of providers and webhooks: sealed in the database, absent from answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"notify: secrets of providers and webhooks"


class Unsealable(Exception):
    """Sealed with another SERVICE_KEY, or damaged: the secrets have to be entered again."""


class Vault:
    """Seals and opens secrets with a key of its own, derived from SERVICE_KEY."""

    def __init__(self, key: str) -> None:
        derived = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, secrets: Mapping[str, str]) -> str:
        """Empty for no secrets at all."""
        kept = {name: value for name, value in secrets.items() if value}
        return self._fernet.encrypt(json.dumps(kept).encode()).decode() if kept else ""

    def salvage(self, sealed: str) -> dict[str, str]:
        """What was sealed; nothing when it cannot be opened any more."""
        try:
            return self.open(sealed)
        except Unsealable:
            return {}

    def open(self, sealed: str) -> dict[str, str]:
        """What was sealed. Raises `Unsealable`."""
        if not sealed:
            return {}
        try:
            opened: dict[str, str] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise Unsealable from None
        return opened
