"""Which tokens open the door, and how keys turn over."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import select

from services.directory.signing_key import SigningKey, current_key, jwks
from shared.people import Role
from shared.tokens import AUDIENCE, PERSON_ISSUER
from tests.directory.bureau import Bureau, code
from tests.lone import TEST_KEY


@pytest.fixture
def claims(bureau: Bureau) -> dict[str, Any]:
    unit = bureau.unit("示例市人民医院")
    person = bureau.someone("li.hua", unit, Role.HANDLER)
    now = bureau.clock.now()
    times = {"iat": now, "exp": now + timedelta(minutes=15)}
    named = {"iss": PERSON_ISSUER, "aud": AUDIENCE, "sub": str(person), "org": str(unit), "epoch": 1}
    return {**named, **times}


def ask(bureau: Bureau, token: str) -> Any:
    return bureau.http.get("me", headers={"Authorization": f"Bearer {token}"})


def signed(bureau: Bureau, claims: dict[str, Any]) -> str:
    with bureau.store.read() as look:
        key = current_key(look)
    return jwt.encode(claims, key.private_pem, "EdDSA", {"kid": str(key.id)})


def test_the_published_keys_are_public_and_two(bureau: Bureau) -> None:
    answer = bureau.http.get("jwks")
    assert answer.headers["cache-control"] == "public, max-age=60"
    keys = answer.json()["keys"]
    assert len(keys) == 2
    for key in keys:
        assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
        assert "d" not in key


def test_a_token_of_ours_is_accepted(bureau: Bureau, claims: dict[str, Any]) -> None:
    assert ask(bureau, signed(bureau, claims)).status_code == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"aud": "another-system"}, "token_invalid"),
        ({"iss": "elsewhere"}, "token_invalid"),
        ({"epoch": 0}, "token_invalid"),
        ({"epoch": "many"}, "token_invalid"),
        ({"sub": "0190b0a2-0000-7000-8000-000000000001"}, "token_invalid"),
        ({"sub": "somebody"}, "token_invalid"),
        ({"org": None}, "token_invalid"),
        ({"org": "0190b0a2-0000-7000-8000-000000000001"}, "appointment_ended"),
        ({"exp": 1_700_000_000}, "token_expired"),
        ({"iat": 2_000_000_000, "exp": 2_000_000_900}, "token_invalid"),
    ],
)
def test_other_claims_are_refused(
    bureau: Bureau, claims: dict[str, Any], change: dict[str, Any], expected: str
) -> None:
    answer = ask(bureau, signed(bureau, {**claims, **change}))
    assert (answer.status_code, code(answer)) == (401, expected)


def test_forged_signatures_are_refused(bureau: Bureau, claims: dict[str, Any]) -> None:
    (key, _) = jwks(bureau.here)["keys"]
    header = {"kid": key["kid"]}
    content = {**claims, "iat": int(claims["iat"].timestamp()), "exp": int(claims["exp"].timestamp())}
    with_public_key = jwt.encode(content, base64.urlsafe_b64decode(key["x"] + "="), "HS256", header)
    head, body, _ = signed(bureau, claims).split(".")
    changed = base64.urlsafe_b64encode(json.dumps({**content, "epoch": 9}).encode()).decode().rstrip("=")
    forged = [
        jwt.encode(content, None, "none", header),  # type: ignore[arg-type]
        with_public_key,
        jwt.encode(content, TEST_KEY, "EdDSA", header),
        jwt.encode(content, TEST_KEY, "EdDSA", {"kid": "unheard-of"}),
        f"{head}.{changed}.{signed(bureau, claims).split('.')[2]}",
        f"{head}.{body}.",
        "not-a-token",
    ]
    assert [(ask(bureau, token).status_code, code(ask(bureau, token))) for token in forged] == [
        (401, "token_invalid")
    ] * len(forged)


def test_without_a_token_nobody_is_signed_in(bureau: Bureau) -> None:
    answer = bureau.http.get("me")
    assert (answer.status_code, code(answer)) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_keys_turn_over_without_anybody_noticing(bureau: Bureau, claims: dict[str, Any]) -> None:
    def states() -> dict[str, str]:
        with bureau.store.read() as look:
            return {key.state: str(key.id) for key in look.all(select(SigningKey))}

    first = states()
    assert set(first) == {"current", "next"}
    bureau.clock.move(days=30)
    bureau.renew("li.hua")
    old = bureau.tokens["li.hua"]
    bureau.run_ticks()
    assert states() == {"previous": first["current"], "current": first["next"]}
    bureau.renew("li.hua")
    assert jwt.get_unverified_header(bureau.tokens["li.hua"])["kid"] == first["next"]
    assert [ask(bureau, token).status_code for token in (old, bureau.tokens["li.hua"])] == [200, 200]
    bureau.clock.move(hours=1)
    bureau.run_ticks()
    bureau.run_ticks()
    last = states()
    assert last["current"] == first["next"]
    assert last["next"] not in first.values()
    assert len(jwks(bureau.here)["keys"]) == 2
