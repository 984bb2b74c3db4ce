"""Which tokens open no door, at the doors of every service: people's doors and the feeds between services."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from services.directory.signing_key import current_key, jwks
from services.runtime import NAMES
from shared.tokens import AUDIENCE, PERSON_ISSUER, SERVICE_ISSUER, service_token
from tests.contracts.district import District, problem

DOORS = {
    "directory": "directory/me",
    "plans": "plans/plans",
    "approvals": "approvals/todo",
    "notify": "notify/messages",
}
every_service = pytest.mark.parametrize("service", NAMES)


class Forger:
    """Knows everything that a token is made of, and makes it a little otherwise."""

    def __init__(self, district: District) -> None:
        directory = district.world.service("directory")
        with directory.store.read() as look:
            key = current_key(look)
        self.key = key.private_pem
        self.header = {"kid": str(key.id)}
        self.public = next(found for found in jwks(directory)["keys"] if found["kid"] == str(key.id))
        self.service_key = directory.key
        self.person = district.people["handler"]
        self.now: datetime = district.world.clock.now()

    def claims(self, **change: Any) -> dict[str, Any]:
        named = {"iss": PERSON_ISSUER, "aud": AUDIENCE, "sub": self.person.id, "epoch": 1}
        times = {"iat": self.now, "exp": self.now + timedelta(minutes=15)}
        return {**named, **times, "org": self.person.organisation_id, **change}

    def signed(self, **change: Any) -> str:
        return jwt.encode(self.claims(**change), self.key, "EdDSA", self.header)

    def without(self, claim: str) -> str:
        claims = self.claims()
        del claims[claim]
        return jwt.encode(claims, self.key, "EdDSA", self.header)

    def for_a_feed(self, **change: Any) -> str:
        named = {"iss": SERVICE_ISSUER, "aud": AUDIENCE, "sub": "plans"}
        times = {"iat": self.now, "exp": self.now + timedelta(minutes=5)}
        return jwt.encode({**named, **times, **change}, self.service_key, "HS256")

    def public_bytes(self) -> bytes:
        return base64.urlsafe_b64decode(self.public["x"] + "=")


def pem_of(forger: Forger) -> bytes:
    """The public key as text; the library itself refuses it as an HMAC secret, an attacker's would not."""
    key = load_pem_private_key(forger.key.encode() if isinstance(forger.key, str) else forger.key, None)
    return key.public_key().public_bytes_raw()  # type: ignore[union-attr]


FORGED: dict[str, Callable[[Forger], str]] = {
    "expired": lambda by: by.signed(exp=by.now - timedelta(seconds=1)),
    "of the future": lambda by: by.signed(iat=by.now + timedelta(hours=1)),
    "for another audience": lambda by: by.signed(aud="another-system"),
    "for several audiences": lambda by: by.signed(aud=["a", "b"]),
    "of another issuer": lambda by: by.signed(iss="elsewhere"),
    "of the issuer of services": lambda by: by.signed(iss=SERVICE_ISSUER),
    "alg=none": lambda by: jwt.encode(by.claims(), None, "none", by.header),  # type: ignore[arg-type]
    "HS256 with the public key": lambda by: jwt.encode(by.claims(), by.public_bytes(), "HS256", by.header),
    "HS256 with the public key, as read": lambda by: jwt.encode(by.claims(), pem_of(by), "HS256", by.header),
    "HS256 with the key of services": lambda by: jwt.encode(by.claims(), by.service_key, "HS256", by.header),
    "an unknown kid": lambda by: jwt.encode(by.claims(), by.key, "EdDSA", {"kid": "unheard-of"}),
    "no kid": lambda by: jwt.encode(by.claims(), by.key, "EdDSA"),
    "a kid that is no text": lambda by: _with_header(by, {"alg": "EdDSA", "kid": {"a": [1]}}),
    "no expiry": lambda by: by.without("exp"),
    "no person": lambda by: by.without("sub"),
    "no organisation": lambda by: by.without("org"),
    "no epoch": lambda by: by.without("epoch"),
    "an expiry without end": lambda by: by.signed(exp=10**400),
    "an expiry of text": lambda by: by.signed(exp="never"),
    "an epoch of before": lambda by: by.signed(epoch=0),
    "an organisation of others": lambda by: by.signed(org=str(uuid4())),
    "a person of nowhere": lambda by: by.signed(sub=str(uuid4())),
    "a person who is none": lambda by: by.signed(sub="admin' --"),
    "a changed signature": lambda by: by.signed()[:-8] + "AAAAAAAA",
    "no signature": lambda by: by.signed().rpartition(".")[0] + ".",
    "a token of a service": lambda by: by.for_a_feed(),
    "two dots": lambda by: "..",
    "nothing": lambda by: "",
    "a word": lambda by: "token",
    "other bytes": lambda by: "\xff\xfe.\x80.\xe7",
    "a very long one": lambda by: "a." * 5000,
}
FORGED_FOR_FEEDS: dict[str, Callable[[Forger], str]] = {
    "expired": lambda by: by.for_a_feed(exp=by.now - timedelta(seconds=1)),
    "for another audience": lambda by: by.for_a_feed(aud="another-system"),
    "of another issuer": lambda by: by.for_a_feed(iss=PERSON_ISSUER),
    "of nobody": lambda by: by.for_a_feed(sub=None),
    "alg=none": lambda by: jwt.encode({"iss": SERVICE_ISSUER, "aud": AUDIENCE, "sub": "plans"}, None, "none"),  # type: ignore[arg-type]
    "with another key": lambda by: service_token("plans", "k" * 64, by.now),
    "with the public key": lambda by: service_token("plans", by.public["x"], by.now),
    "a token of a person": lambda by: by.signed(),
    "a word": lambda by: "token",
    "other bytes": lambda by: "\xff\xfe",
}


def _with_header(by: Forger, header: dict[str, Any]) -> str:
    plain = jwt.encode(by.claims(), by.key, "EdDSA", by.header)
    _, body, signature = plain.split(".")
    head = base64.urlsafe_b64encode(str(header).replace("'", '"').encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"


@pytest.fixture(scope="session")
def forger(district: District) -> Forger:
    return Forger(district)


def knock(district: District, path: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")}
    return district.ask("", "GET", path, headers=headers)


@every_service
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_opens_no_door_of_people(
    district: District, forger: Forger, service: str, name: str
) -> None:
    refusal = problem(knock(district, DOORS[service], FORGED[name](forger)))
    assert refusal["status"] == 401
    assert refusal["code"] in (
        *("token_invalid", "token_expired", "not_signed_in", "appointment_ended", "person_not_known_yet"),
    )


@every_service
@pytest.mark.parametrize("name", FORGED_FOR_FEEDS)
def test_a_forged_token_opens_no_feed(district: District, forger: Forger, service: str, name: str) -> None:
    answer = knock(district, f"{service}/events", FORGED_FOR_FEEDS[name](forger))
    assert problem(answer)["status"] == 401


@every_service
def test_true_tokens_open_their_own_doors_only(district: District, forger: Forger, service: str) -> None:
    assert knock(district, DOORS[service], forger.signed()).status_code == 200
    assert knock(district, f"{service}/events", forger.for_a_feed()).status_code == 200
    assert knock(district, f"{service}/parked", forger.signed()).status_code == 403
    assert knock(district, f"{service}/parked", forger.for_a_feed()).status_code == 401


@every_service
@pytest.mark.parametrize("scheme", ["Basic YTpi", "bearer", "Token x", "Bearer", "", "\xff"])
def test_another_scheme_is_no_sign_in(district: District, service: str, scheme: str) -> None:
    for path in (DOORS[service], f"{service}/events"):
        headers = {"Authorization": scheme.encode("latin-1")}
        assert problem(district.ask("", "GET", path, headers=headers))["status"] == 401


@every_service
@pytest.mark.parametrize(
    ("query", "status"),
    [("after=-1", 422), ("after=9e9", 422), ("after=4611686018427387903", 409), ("limit=0", 422)],
)
def test_a_position_that_is_none(
    district: District, forger: Forger, service: str, query: str, status: int
) -> None:
    answer = knock(district, f"{service}/events?{query}", forger.for_a_feed())
    assert problem(answer)["status"] == status
