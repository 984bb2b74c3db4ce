"""While directory cannot be reached, a token that nobody can check is not called a wrong one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import Unavailable
from shared.tokens import KeyRing
from tests.processes.process import wait_until


class Directory:
    """Its keys, when it can be reached."""

    def __init__(self) -> None:
        self.away = True
        public = Ed25519PrivateKey.generate().public_key()
        key = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(public))
        self.jwks = {"keys": [{**key, "kid": "one", "alg": "EdDSA", "use": "sig"}]}

    def keys(self) -> Mapping[str, Any]:
        if self.away:
            raise ConnectionError("directory is away")
        return self.jwks


def test_a_token_is_checked_as_soon_as_directory_is_back() -> None:
    directory = Directory()
    ring = KeyRing(directory.keys)
    for _ in range(3):  # at once, and again before directory is asked anew
        with pytest.raises(Unavailable) as refusal:
            ring.get("one")
        assert refusal.value.code == "sign_in_unavailable"

    directory.away = False
    wait_until(lambda: is_known(ring, "one"), "the keys", patience=5)


def test_known_keys_outlive_a_directory_that_goes_away() -> None:
    directory = Directory()
    directory.away = False
    ring = KeyRing(directory.keys)
    assert ring.get("one") is not None
    assert ring.get("another") is None

    directory.away = True
    assert ring.get("one") is not None


def is_known(ring: KeyRing, key_id: str) -> bool:
    try:
        return ring.get(key_id) is not None
    except Unavailable:
        return False
